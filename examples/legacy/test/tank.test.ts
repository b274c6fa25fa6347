import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type AttachedRegion, attach } from '@isthmus/core';
import type { Infer, InferInput } from '@isthmus/schema';
import { eventually } from '../../../test/support/eventually.ts';
import { Tank } from '../generated/tank.structs.ts';

const folder = fileURLToPath(new URL('..', import.meta.url));
const isthmus = fileURLToPath(new URL('../../../packages/cli/src/main.ts', import.meta.url));

describe('the tank', () => {
  // Of its own, beside a tank that somebody tries the example with.
  const key = randomInt(1, 2 ** 31);
  const cleanups: (() => Promise<unknown>)[] = [];
  let tank: AttachedRegion<Infer<typeof Tank>, InferInput<typeof Tank>>;

  before(async () => {
    execFileSync('make', ['-s'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
    const program = spawn(join(folder, 'build/tank'), [`${key}`], { stdio: 'inherit' });
    cleanups.push(async () => {
      const exit = once(program, 'exit');
      program.kill('SIGTERM');
      assert.deepEqual(await exit, [0, null], 'the program ends well');
    });
    const guard = { systemVSemaphore: { key, number: 0 } };
    tank = await attach(Tank, { systemV: { key }, guard, writable: true, timeoutMs: 2000, lazy: true });
    cleanups.push(() => tank.detach());
    while (!(await tank.read().catch(() => undefined))) await sleep(5);
  });
  after(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
    await assert.rejects(attach(Tank, { systemV: { key } }), { code: 'SEGMENT_MISSING' }, 'nothing is left');
  });

  it('is laid out as its header says', () => {
    const { status, stderr } = spawnSync(
      process.execPath,
      [isthmus, 'schema', 'from-c', '--check', 'generated/tank.structs.ts'],
      {
        cwd: folder,
        encoding: 'utf8',
      },
    );
    assert.equal(status, 0, stderr);
  });

  it('is read in one piece', async () => {
    const { value } = await tank.read();
    assert.equal(value.tag, 'TK-101');
    assert.ok(value.level >= 2 && value.level <= 4, `${value.level} m`);
    assert.ok(value.updated > 1_700_000_000n);
    assert.equal(value.setpoint, 4);
    const { cycles } = value;
    await eventually('it goes on', async () => (await tank.get('cycles')) > cycles);
  });

  it('obeys a set point that is written from outside', async () => {
    // On its way it may not be seen: who is held up for long sees only where it comes to.
    for (const setpoint of [3.5, 2.5]) {
      await tank.set('setpoint', setpoint);
      for await (const { value } of tank.watch()) {
        if (Math.abs(value.level - setpoint) < 1e-3 && value.state === 0) break;
      }
    }
    await tank.set('setpoint', 99);
    for await (const { value } of tank.watch()) if (value.state === 3) break;
    await tank.set('setpoint', 2.5);
    for await (const { value } of tank.watch()) if (value.state !== 3) break;
  });
});
