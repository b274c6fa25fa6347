/** The same values, from TypeScript to C and from C to C, through one schema. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Client, connect } from '@isthmus/core';
import { type Codec, codecOf, type Memory } from '@isthmus/schema';
import fc from 'fast-check';
import { compileService } from '../support/compile.ts';
import { eventually } from '../support/eventually.ts';
import type { Instance } from '../support/instance.ts';
import { Everything, Kinds, probe } from '../support/probe.schema.ts';
import { everything, kinds, startProbe } from '../support/probe.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { anyKinds, anything } from './everything.ts';

const codec = codecOf(Everything);
const kindsCodec = codecOf(Kinds);
const folder = new TemporaryFolder();
let instance: Instance;
let client: Client<typeof probe>;
before(async () => {
  instance = await startProbe(folder.join('a.sock'), '--threads', '2');
  client = await connect(probe, { path: instance.socket });
});
after(async () => {
  await client.$close();
  await instance[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

function memoryOf(bytes: Uint8Array): Memory {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}

/** Its bytes, in memory that was not zero before. */
function messageOf<Value>(of: Codec<unknown, Value>, value: Value): Uint8Array {
  const size = of.encode(value, memoryOf(new Uint8Array(0)), 0);
  const bytes = new Uint8Array(size).fill(0xff);
  of.encode(value, memoryOf(bytes), 0);
  return bytes;
}

const bytesOf = (value: Everything): Uint8Array => messageOf(codec, value);

function runClient(input: Uint8Array, ...args: readonly string[]) {
  const program = compileService(probe, readFileSync(join(import.meta.dirname, 'client.c'), 'utf8'));
  return spawnSync(program, [instance.socket, ...args], { input, timeout: 60_000, maxBuffer: 2 ** 26 });
}

describe('a value of every type', () => {
  it('comes back from C to TypeScript as it went, in every form and bit for bit', async () => {
    await fc.assert(
      fc.asyncProperty(anything, async (value) => {
        const bytes = bytesOf(value);
        const [reply, json, raw] = await Promise.all([
          client.echo(value),
          client.echo.json(codec.decodeJson(memoryOf(bytes), 0, bytes.length)),
          client.echo.raw(bytes),
        ]);
        // deepEqual of assert/strict tells -0 from 0.
        assert.deepEqual(reply, codec.decode(memoryOf(bytes), 0, bytes.length));
        assert.deepEqual(json, codec.decodeJson(memoryOf(bytes), 0, bytes.length));
        assert.deepEqual(Buffer.from(raw), Buffer.from(bytes));
        assert.deepEqual(client.echo.sync(value), reply);
        assert.deepEqual({ ...reply, single: 0 }, { ...value, single: 0 });
        assert.equal(reply.single, Math.fround(value.single));
      }),
      { numRuns: 400 },
    );
  });

  it('comes back from C to C as it went, bit for bit', () => {
    const values = [everything, ...fc.sample(anything, 500)];
    const input = Buffer.concat(values.map(bytesOf));
    const { status, stdout, stderr } = runClient(input);
    assert.equal(status, 0, stderr.toString());
    assert.equal(stdout.length, input.length);
    for (const [i, value] of values.entries()) {
      const bytes = stdout.subarray(i * codec.size, (i + 1) * codec.size);
      assert.deepEqual(Buffer.from(bytes), input.subarray(i * codec.size, (i + 1) * codec.size));
      const sent = bytesOf(value);
      assert.deepEqual(codec.decode(memoryOf(bytes), 0, bytes.length), codec.decode(memoryOf(sent), 0, sent.length));
    }
  });
});

describe('a value with tails within tails', () => {
  it('comes back from C to TypeScript as it went, in every form and bit for bit', async () => {
    await fc.assert(
      fc.asyncProperty(anyKinds, async (value) => {
        const bytes = messageOf(kindsCodec, value);
        const json = kindsCodec.decodeJson(memoryOf(bytes), 0, bytes.length);
        const [reply, jsonReply, jsonText, raw, reversed] = await Promise.all([
          client.kinds(value),
          client.kinds.json(json),
          client.kinds.jsonText(json),
          client.kinds.raw(bytes),
          client.reverse({ points: value.points }),
        ]);
        assert.deepEqual(reply, kindsCodec.decode(memoryOf(bytes), 0, bytes.length));
        assert.deepEqual(jsonReply, json);
        assert.equal(jsonText, JSON.stringify(json));
        assert.deepEqual(raw, bytes);
        assert.deepEqual(client.kinds.sync(value), reply);
        // Each point was taken apart and put together again in C.
        assert.deepEqual(reversed.points, reply.points.toReversed());
        for (const method of [client.protobuf, client.msgpack]) assert.deepEqual(await method(value), reply);
        // JSON does not tell -0 from 0.
        assert.equal(await client.json.jsonText(json), jsonText);
      }),
      { numRuns: 150 },
    );
  });

  it('comes back from C to C as it went, bit for bit', () => {
    const messages = [kinds, ...fc.sample(anyKinds, 200)].map((value) => Buffer.from(messageOf(kindsCodec, value)));
    // Each with its length before it.
    const input = Buffer.concat(messages.flatMap((message) => [lengthOf(message), message]));
    const { status, stdout, stderr } = runClient(input, 'kinds');
    assert.equal(status, 0, stderr.toString());
    assert.ok(stdout.equals(input));
  });

  it('whose tails are not as they should be is refused by the instance', async () => {
    const bytes = messageOf(kindsCodec, kinds);
    const { fields } = Kinds.layout;
    const offset = fields.find(({ name }) => name === 'points')?.offset ?? 0;
    for (const [at, value] of [
      [offset, bytes.length],
      [offset, 0xffff_fff8],
      [offset + 4, 0x7fff_ffff],
      [offset, 8],
    ] as const) {
      const bad = bytes.slice();
      memoryOf(bad).view.setUint32(at, value, true);
      await assert.rejects(client.kinds.raw(bad), { code: 'MALFORMED_MESSAGE' });
      const { status, stderr } = runClient(Buffer.concat([lengthOf(bad), bad]), 'kinds');
      assert.equal(status, 1);
      assert.match(stderr.toString(), /^kinds: MALFORMED_MESSAGE .*points/);
    }
  });
});

describe('many replies, and none', () => {
  it('reach a client in C as they reach one in TypeScript', async () => {
    const rows = await Array.fromAsync(client.burst({ count: 300, textBytes: 7, tag: 3 }));
    const before = await client.total();
    const { status, stdout, stderr } = runClient(new Uint8Array(0), 'replies');
    assert.equal(status, 0, stderr.toString());
    assert.deepEqual(stdout.toString().trim().split('\n'), [
      ...rows.map(({ number, tag, name }) => `row ${number} ${tag} ${name}`),
      'burst 0 ',
      'stopped after 5: 77 ',
      'burst 2 failed after 2 rows',
      'note 0',
    ]);
    await eventually('the one-way call', async () => (await client.total()).value === before.value + 9n);
  });
});

function lengthOf(message: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(message.length);
  return length;
}

describe('a client in C', () => {
  it('makes calls without input or output, and gets the errors that a client in TypeScript gets', async () => {
    const { value: before } = await client.total();
    const { status, stdout, stderr } = runClient(new Uint8Array(0), 'others');
    assert.equal(status, 0, stderr.toString());
    assert.deepEqual(stdout.toString().trim().split('\n'), [
      'ping 0',
      'add 0',
      `total 0 ${before + 5n}`,
      'refuse 1 refused with 2, tödlich',
      'sleep DEADLINE_EXCEEDED',
      'badSize MALFORMED_MESSAGE',
      'badEnum HANDLER_FAULT',
      'echo INVALID_INPUT field /bounded must be a whole number from -5 to 5',
    ]);
  });

  it('is told by the instance what TypeScript would have found before sending', async () => {
    const bytes = bytesOf(everything);
    const { fields } = Everything.layout;
    const offset = fields.find(({ name }) => name === 'colour')?.offset;
    assert.ok(offset !== undefined);
    memoryOf(bytes).view.setUint32(offset, 3, true);
    await assert.rejects(client.echo.raw(bytes), { code: 'INVALID_INPUT' });
    const { status, stderr } = runClient(bytes);
    assert.equal(status, 1);
    assert.match(stderr.toString(), /^echo: INVALID_INPUT .*\/colour/);
  });
});
