import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Client, connect } from '@isthmus/core';
import { telemetry } from '../telemetry.schema.ts';

const folder = fileURLToPath(new URL('..', import.meta.url));
const hasNanopb =
  spawnSync('protoc-gen-nanopb', ['--version']).error === undefined &&
  spawnSync(process.env.CC ?? 'cc', ['-E', '-include', 'pb_decode.h', '-x', 'c', '/dev/null']).status === 0;
const skip = hasNanopb ? false : 'nanopb is not installed (Debian: apt-get install nanopb libnanopb-dev)';

const hour = 3_600_000_000_000n;
const eight = BigInt(Date.UTC(2026, 10, 22, 8)) * 1_000_000n;

describe('the telemetry service', { skip }, () => {
  const cleanups: (() => Promise<unknown>)[] = [];
  let client: Client<typeof telemetry>;

  before(async () => {
    execFileSync('make', ['-s'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
    const temporary = await mkdtemp(join(tmpdir(), 'isthmus-telemetry-'));
    cleanups.push(() => rm(temporary, { recursive: true }));
    const path = join(temporary, '1.sock');
    const service = spawn(join(folder, 'build/telemetry'), { env: { ISTHMUS_SOCKET: path }, stdio: 'inherit' });
    cleanups.push(async () => {
      const exit = once(service, 'exit');
      service.kill('SIGTERM');
      assert.deepEqual(await exit, [0, null], 'the service ends well');
    });
    client = await connect(telemetry, { path, connectTimeoutMs: 60_000 });
    cleanups.push(() => client.$close());
  });
  after(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
  });

  const readings = [
    { takenAt: eight, celsius: 4.5 },
    { takenAt: eight + hour, celsius: 6.25, quality: 'doubtful' },
    { takenAt: eight + 2n * hour, celsius: 99, quality: 'bad' },
  ] as const;
  const summary = {
    sensor: 'röof',
    used: 2,
    lowest: 4.5,
    highest: 6.25,
    mean: 5.375,
    latest: eight + hour,
  };

  it('sums up, and TypeScript sees nothing of protobuf', async () => {
    assert.deepEqual(await client.summarize({ sensor: 'röof', readings }), summary);
    assert.deepEqual(client.summarize.sync({ sensor: 'röof', readings }, { timeoutMs: 60_000 }), summary);
    assert.equal(
      JSON.stringify(
        await client.summarize.json({
          sensor: 'roof',
          readings: [{ takenAt: '2026-11-22T08:00:00Z', celsius: -1.5 }],
        }),
      ),
      '{"sensor":"roof","used":1,"lowest":-1.5,"highest":-1.5,"mean":-1.5,"latest":"2026-11-22T08:00:00Z"}',
    );
  });

  it('tells what is not there from what is 0', async () => {
    const nothing = { lowest: undefined, highest: undefined, mean: undefined, latest: undefined };
    assert.deepEqual(await client.summarize({ sensor: '', readings: [] }), { sensor: '', used: 0, ...nothing });
    const zero = { lowest: 0, highest: 0, mean: 0, latest: 0n };
    const atZero = [{ takenAt: 0n, celsius: 0, quality: 77 }];
    assert.deepEqual(await client.summarize({ sensor: '', readings: atZero }), { sensor: '', used: 1, ...zero });
  });

  it('takes as many readings as there are', async () => {
    const many = Array.from({ length: 10_000 }, (_, index) => ({ takenAt: BigInt(index), celsius: index % 100 }));
    const { used, mean, latest } = await client.summarize({ sensor: 'x'.repeat(64), readings: many });
    assert.deepEqual([used, mean, latest], [10_000, 49.5, 9999n]);
  });

  it('refuses with its own reason', async () => {
    const backwards = [readings[1], readings[0]];
    await assert.rejects(client.summarize({ sensor: 'roof', readings: backwards }), {
      code: 'HANDLER_REFUSED',
      handlerError: 'timeRunsBackwards',
      detail: 'reading 1 is older than the one before it: put them in the order of time',
    });
  });

  it('is sent nothing that does not fit the schema, and says of bytes that are no message that they are none', async () => {
    const cold = [{ takenAt: 0n, celsius: -300 }];
    await assert.rejects(client.summarize({ sensor: 'roof', readings: cold }), {
      code: 'INVALID_INPUT',
      fields: [{ pointer: '/readings/0/celsius', message: 'must be a finite number of at least -273.15' }],
    });
    await assert.rejects(client.summarize.raw(new Uint8Array([0x0a, 0xff])), { code: 'MALFORMED_MESSAGE' });
  });
});
