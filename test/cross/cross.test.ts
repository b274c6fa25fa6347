/** The same values, from TypeScript to C and from C to C, through one schema. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Client, connect } from '@isthmus/core';
import { codecOf, type Memory } from '@isthmus/schema';
import fc from 'fast-check';
import { compileService } from '../support/compile.ts';
import type { Instance } from '../support/instance.ts';
import { Everything, probe } from '../support/probe.schema.ts';
import { everything, startProbe } from '../support/probe.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { anything } from './everything.ts';

const codec = codecOf(Everything);
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

function bytesOf(value: Everything): Uint8Array {
  const bytes = new Uint8Array(codec.size).fill(0xff);
  codec.encode(value, memoryOf(bytes), 0);
  return bytes;
}

function runClient(input: Uint8Array, ...args: readonly string[]) {
  const program = compileService(probe, readFileSync(join(import.meta.dirname, 'client.c'), 'utf8'));
  return spawnSync(program, [instance.socket, ...args], { input, timeout: 20_000, maxBuffer: 2 ** 26 });
}

describe('a value of every type', () => {
  it('comes back from C to TypeScript as it went, in every form and bit for bit', async () => {
    await fc.assert(
      fc.asyncProperty(anything, async (value) => {
        const bytes = bytesOf(value);
        const [reply, json, raw] = await Promise.all([
          client.echo(value),
          client.echo.json(codec.decodeJson(memoryOf(bytes), 0)),
          client.echo.raw(bytes),
        ]);
        // deepEqual of assert/strict tells -0 from 0.
        assert.deepEqual(reply, codec.decode(memoryOf(bytes), 0));
        assert.deepEqual(json, codec.decodeJson(memoryOf(bytes), 0));
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
      assert.deepEqual(codec.decode(memoryOf(bytes), 0), codec.decode(memoryOf(bytesOf(value)), 0));
    }
  });
});

describe('a client in C', () => {
  it('makes calls without input or output, and gets the errors that a client in TypeScript gets', () => {
    const { status, stdout, stderr } = runClient(new Uint8Array(0), 'others');
    assert.equal(status, 0, stderr.toString());
    assert.deepEqual(stdout.toString().trim().split('\n'), [
      'ping 0',
      'add 0',
      'total 0 5',
      'refuse 1 refused with 2, tödlich',
      'sleep DEADLINE_EXCEEDED',
      'badSize HANDLER_FAULT',
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
