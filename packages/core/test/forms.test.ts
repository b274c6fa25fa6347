/** Every form of calls with tails, codecs, many replies or none, over every way to wait and to read replies. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { WaitMode } from '@isthmus/core';
import { codecOf } from '@isthmus/schema';
import { eventually } from '../../../test/support/eventually.ts';
import { Kinds } from '../../../test/support/probe.schema.ts';
import { kinds } from '../../../test/support/probe.ts';
import { memoryOf } from '../src/memory.ts';
import { failsWith, ProbeBridge, type ProbeClient } from './support/probe-client.ts';

const codec = codecOf(Kinds);
const memory = memoryOf(new ArrayBuffer(4096));
const bytes = new Uint8Array(memory.bytes.subarray(0, codec.encode(kinds, memory, 0)));
const json = codec.decodeJson(memory, 0, bytes.length);
const jsonText = JSON.stringify(json);
const points = kinds.points;

const variants = (['adaptive', 'block', 'spin'] satisfies WaitMode[]).flatMap((wait) => [
  { wait, copyReplies: false },
  { wait, copyReplies: true },
]);

for (const { wait, copyReplies } of variants) {
  describe(`a client that waits by ${wait}${copyReplies ? ' and copies replies' : ''}`, () => {
    let bridge: ProbeBridge;
    let client: ProbeClient;

    before(async () => {
      bridge = await ProbeBridge.start({ wait, copyReplies }, '--wait', wait, '--threads', '2');
      client = bridge.client;
    });
    after(() => bridge[Symbol.asyncDispose]());

    it('brings tails within tails there and back, in every form', async () => {
      assert.deepEqual(await client.kinds(kinds), kinds);
      assert.deepEqual(client.kinds.sync(kinds), kinds);
      assert.deepEqual(await client.kinds.json(json), json);
      assert.equal(await client.kinds.jsonText(json), jsonText);
      assert.deepEqual(await client.kinds.raw(bytes), bytes);
      assert.deepEqual(await client.reverse({ points }), { points: points.toReversed() });
      const { maybe: _, remark: __, ...without } = kinds;
      assert.deepEqual(await client.kinds(without), { ...kinds, maybe: undefined, remark: undefined });
    });

    it('gives a view that stays as it is when the memory it came in is used again', async () => {
      const view = await client.kinds.view(kinds);
      for (let i = 0; i < 40; i++) {
        await Promise.all(
          Array.from({ length: 100 }, () => client.kinds({ ...kinds, title: 'another one', price: '1' })),
        );
      }
      assert.equal(view.title, kinds.title);
      assert.equal(view.price, kinds.price);
      assert.equal(view.points[0]?.tags[2], kinds.points[0]?.tags[2]);
      assert.deepEqual(view.content, kinds.content);
    });

    it('names the bad fields of an input with tails, and sends nothing', async () => {
      const bad = { ...kinds, points: [points[0], { ...points[1], name: 5 }] };
      const refusal = { code: 'INVALID_INPUT', fields: [{ pointer: '/points/1/name', message: 'must be text' }] };
      // @ts-expect-error: JavaScript callers have no types.
      await assert.rejects(client.kinds(bad), ({ code, fields }) => {
        assert.deepEqual([code, fields[0].pointer], ['INVALID_INPUT', refusal.fields[0]?.pointer]);
        return true;
      });
      assert.equal(client.$instances[0]?.inFlight, 0);
    });

    it('calls methods whose structs are written by other codecs', async () => {
      for (const name of ['protobuf', 'msgpack', 'json'] as const) {
        const method = client[name];
        assert.deepEqual(await method(kinds), kinds, name);
        assert.deepEqual(method.sync(kinds), kinds, name);
        assert.deepEqual(await method.json(json), json, name);
        assert.equal(await method.jsonText(json), jsonText, name);
        assert.equal((await method.view(kinds)).title, kinds.title, name);
        const anything = new Uint8Array([1, 2, 3]);
        assert.deepEqual(await method.raw(anything), anything, name);
      }
      const text = new TextDecoder().decode(await client.json.raw(Buffer.from(jsonText)));
      assert.deepEqual(JSON.parse(text), json);
    });

    it('brings bytes without any form', async () => {
      const input = new Uint8Array([1, 2, 3]);
      const flipped = new Uint8Array([3, 2, 1]);
      assert.deepEqual(await client.flip(input), flipped);
      assert.deepEqual(client.flip.sync(input), flipped);
      assert.deepEqual(await client.flip.raw(input), flipped);
      assert.deepEqual(await client.flip.view(input), flipped);
      assert.equal(await client.flip.json('AQID'), 'AwIB');
      assert.equal(await client.flip.jsonText('AQID'), '"AwIB"');
      assert.deepEqual(await client.flip(new Uint8Array(0)), new Uint8Array(0));
    });

    it('waits on the spot for a reply of any size, and makes the call once', async () => {
      const before = (await client.total()).value;
      const sizes = [0, 4096, 4097, 500_000, 10, 100_000];
      for (const size of sizes) {
        const reply = client.fill.sync({ bytes: size });
        assert.ok(reply.length === size && reply.every((byte) => byte === 7));
      }
      const executed = sizes.reduce((sum, size) => sum + size, 0);
      assert.equal((await client.total()).value, before + BigInt(executed));
      assert.throws(() => client.fill.sync({ bytes: 600_000 }), failsWith('REPLY_TOO_LARGE'));
      await assert.rejects(client.fill({ bytes: 600_000 }), failsWith('REPLY_TOO_LARGE'));
    });

    it('gets a reply that another thread gives later', async () => {
      const replies = await Promise.all(
        [20_000, 10_000, 0].map((microseconds, tag) => client.later({ microseconds, tag })),
      );
      assert.deepEqual(
        replies.map(({ tag }) => tag),
        [0, 1, 2],
      );
      assert.equal(client.later.sync({ microseconds: 5000, tag: 4 }).tag, 4);
    });

    it('gets many replies, in every form', async () => {
      const input = { count: 5, textBytes: 3, tag: 9 };
      const rows = Array.from({ length: 5 }, (_, number) => ({
        number,
        tag: 9,
        pid: bridge.instance.pid,
        name: 'xxx',
      }));
      assert.deepEqual(await Array.fromAsync(client.burst(input)), rows);
      assert.deepEqual(await Array.fromAsync(client.burst.json(input)), rows);
      assert.deepEqual(
        await Array.fromAsync(client.burst.jsonText(input)),
        rows.map((row) => JSON.stringify(row)),
      );
      const views = await Array.fromAsync(client.burst.view(input));
      assert.deepEqual(
        views.map(({ number, name }) => [number, name]),
        rows.map(({ number, name }) => [number, name]),
      );
      const request = new Uint8Array(28);
      request[0] = 2;
      const raw = await Array.fromAsync(client.burst.raw(request));
      assert.deepEqual(
        raw.map((row) => [row.length, row[0]]),
        [
          [20, 0],
          [20, 1],
        ],
      );
      assert.deepEqual(await Array.fromAsync(client.burst({ count: 0 })), []);
    });

    it('gets many replies of bytes, of nothing, and of another codec', async () => {
      const input = Buffer.from(Array.from({ length: 3500 }, (_, i) => i % 251));
      const pieces = await Array.fromAsync(client.pieces(input));
      assert.deepEqual(
        pieces.map(({ length }) => length),
        [1000, 1000, 1000, 500],
      );
      assert.ok(Buffer.concat(pieces).equals(input));
      const nothings = await Array.fromAsync(client.nothings());
      assert.ok(nothings.length === 10_000 && nothings.every((value) => value === undefined));
      assert.deepEqual(await Array.fromAsync(client.thrice({ points })), new Array(3).fill({ points }));
    });

    it('sends one-way calls, each executed once', async () => {
      const before = (await client.total()).value;
      const outcomes = await Promise.all([
        client.note({ value: 1n }),
        client.note.json({ value: '10' }),
        client.note.raw(new Uint8Array([100, 0, 0, 0, 0, 0, 0, 0])),
        client.remark({ text: 'x'.repeat(1000) }),
      ]);
      assert.deepEqual(outcomes, [undefined, undefined, undefined, undefined]);
      await eventually('them to be executed', async () => (await client.total()).value === before + 1111n);
      await assert.rejects(client.note.json({ value: 'x' }), failsWith('INVALID_INPUT'));
      assert.equal(client.$instances[0]?.inFlight, 0);
      assert.equal((await client.total()).value, before + 1111n);
    });
  });
}
