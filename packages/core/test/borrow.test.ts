/** Replies that are lent where they lie: over every way to read replies, and past the end of the lending. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { connect } from '@isthmus/core';
import fc from 'fast-check';
import { type Kinds, probe } from '../../../test/support/probe.schema.ts';
import { kinds } from '../../../test/support/probe.ts';
import { runScript } from '../../native/test/support/script.ts';
import { failsWith, outcomeOf, ProbeBridge, type ProbeClient } from './support/probe-client.ts';

const rings = { requestRingBytes: 2 ** 22, replyRingBytes: 2 ** 22 };

/** Every field of a view, read. */
function fieldsOf(view: Kinds): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const name in view) fields[name] = Reflect.get(view, name);
  return fields;
}

for (const copyReplies of [false, true]) {
  describe(`a borrowed reply${copyReplies ? ' of a client that copies replies' : ''}`, () => {
    let bridge: ProbeBridge;
    let client: ProbeClient;

    before(async () => {
      bridge = await ProbeBridge.start({ ...rings, copyReplies });
      client = bridge.client;
    });
    after(() => bridge[Symbol.asyncDispose]());

    it('has what the call answers, as a view or as bytes', async () => {
      const { points, shape, ...plain } = await client.kinds.borrow(kinds, fieldsOf);
      const { points: _, shape: __, ...expected } = kinds;
      // Bytes that are tails are no longer there; those of the fixed part are copies.
      assert.deepEqual(plain, { ...expected, content: new Uint8Array(0) });
      const inside = await client.kinds.borrow(kinds, ({ points, shape, content }) => [
        points.map(({ name, tags }) => ({ name, tags })),
        shape.kind,
        content.slice(),
      ]);
      assert.deepEqual(inside, [kinds.points.map(({ name, tags }) => ({ name, tags })), 'circle', kinds.content]);
      assert.equal(await client.ping.borrow(undefined, (reply) => reply), undefined);
      assert.equal(await client.fill.borrow({ bytes: 0 }, (reply) => reply.length), 0);
    });

    it('has the bytes of any size', async () => {
      const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
      const property = fc.asyncProperty(fc.uint8Array({ maxLength: 300_000, size: 'max' }), async (bytes) => {
        assert.equal(await client.flip.borrow(bytes, digest), digest(bytes.toReversed()));
      });
      await fc.assert(property, { numRuns: 20, examples: [[new Uint8Array(1 << 20).fill(3)]] });
    });

    it('is over once the function has returned', async () => {
      const [view, content, bytes] = await client.kinds.borrow(kinds, (reply) => [reply, reply.content, reply.digest]);
      for (const name of Object.keys(kinds)) {
        assert.throws(() => Reflect.get(view, name), failsWith('INVALID_ARGUMENT', /borrowed reply/), name);
      }
      assert.throws(() => JSON.stringify(view), failsWith('INVALID_ARGUMENT', /borrowed reply/));
      assert.equal(content.length, 0);
      assert.throws(() => content.slice(), TypeError);
      assert.deepEqual(bytes, kinds.digest);
      assert.equal((await client.flip.borrow(Buffer.of(1, 2), (reply) => reply)).length, 0);
    });

    it('is not lent where the call fails, nor tried again where the function does', async () => {
      let lent = 0;
      const mine = new Error('mine');
      await assert.rejects(
        client.refuse.borrow({ code: 1 }, () => {
          lent += 1;
        }),
        failsWith('HANDLER_REFUSED'),
      );
      assert.equal(lent, 0);
      const failing = client.kinds.borrow(kinds, (): never => {
        lent += 1;
        throw mine;
      });
      await assert.rejects(failing, (error) => error === mine);
      assert.equal(lent, 1);
      const nothing = client.kinds.borrow(kinds, JSON.parse('null'));
      await assert.rejects(nothing, failsWith('INVALID_ARGUMENT', /kinds\.borrow needs a function/));
    });

    it('lets the function make calls, but none that wait', async () => {
      const calls: Promise<unknown>[] = [];
      const refused = await client.flip.borrow(Buffer.of(1, 2, 3), (reply) => {
        calls.push(
          client.flip(reply),
          client.flip.borrow(reply, (bytes) => bytes.join()),
        );
        assert.throws(() => client.ping.sync(undefined), failsWith('INVALID_ARGUMENT', /while replies are read/));
        return reply.join();
      });
      assert.equal(refused, '3,2,1');
      assert.deepEqual(await Promise.all(calls), [Uint8Array.of(1, 2, 3), '1,2,3']);
    });

    it('may be one of many that lie in one batch, some of them after a synchronous call', async () => {
      const many = (): Promise<string[]> =>
        Promise.all(Array.from({ length: 500 }, (_, i) => client.flip.borrow(Buffer.of(i, i >> 8), String)));
      const expected = Array.from({ length: 500 }, (_, i) => `${i >> 8},${i & 255}`);
      assert.deepEqual(await many(), expected);
      const behind = many();
      client.ping.sync(undefined);
      assert.deepEqual(await behind, expected);
    });

    it('lets the function close its client', async () => {
      const other = await connect(probe, { path: bridge.instance.socket, copyReplies });
      const first = other.flip.borrow(Buffer.of(7), (reply) => {
        void other.$close();
        return reply[0];
      });
      // Answered after it, so that it is still in flight, or behind it in the batch.
      const held = outcomeOf(other.sleep({ microseconds: 1000, tag: 1 }));
      assert.equal(await first, 7);
      assert.equal(await held, 'CLOSED');
      await assert.rejects(other.flip.borrow(Buffer.of(7), String), failsWith('CLOSED'));
    });
  });
}

describe('a borrowed reply whose memory was transferred', () => {
  it('stays readable for as long as somebody has it, its client closed or not', async () => {
    await using bridge = await ProbeBridge.start();
    const script = `const client = await connect(probe, { path: socket });
      const taken = await client.flip.borrow(Buffer.alloc(5000, 9), (reply) => reply.buffer.transfer());
      await client.$close();
      await sleep(50);
      let sum = 0;
      for (const byte of new Uint8Array(taken)) sum += byte;
      console.log(taken.byteLength, sum);`;
    const { code, signal, stdout, stderr } = await runScript(bridge.instance.socket, script);
    assert.deepEqual({ code, signal, stdout, stderr }, { code: 0, signal: null, stdout: '5000 45000\n', stderr: '' });
  });
});
