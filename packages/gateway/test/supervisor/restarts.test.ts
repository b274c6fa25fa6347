import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../../../test/support/eventually.ts';
import { type Death, Restarts, type RestartsOptions } from '../../src/supervisor/restarts.ts';

type Line = readonly [level: string, message: string, fields: Readonly<Record<string, unknown>>];

function restartsOf(options: Partial<RestartsOptions> = {}) {
  const lines: Line[] = [];
  const write = (level: string) => (fields: object, message: string) => {
    lines.push([level, message, Object.fromEntries(Object.entries(fields))]);
  };
  const log = { info: write('info'), warn: write('warn'), error: write('error') };
  const restarts = new Restarts({
    ...{ what: 'worker', fields: { worker: 3 }, log, backoff: { baseMs: 1, maxMs: 1, stableMs: 60_000 } },
    ...options,
  });
  return { restarts, lines };
}

const failed = { code: 1, signal: null };

/** A process that dies `times` times, each at once; the restarts that followed. */
async function die(restarts: Restarts, times: number, death?: Death): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    const { promise, resolve } = Promise.withResolvers<void>();
    restarts.begin();
    restarts.afterDeath(restarts.end(failed), resolve, death);
    await promise;
  }
}

test('each death is followed by a start, and the log tells of them by their number', async () => {
  const { restarts, lines } = restartsOf({ lastWords: () => ['no such device'] });
  assert.deepEqual([restarts.count, restarts.crashLoop, restarts.lastExit], [0, false, undefined]);
  await die(restarts, 14);
  assert.deepEqual([restarts.count, restarts.crashLoop], [14, true]);
  assert.equal(restarts.lastExit?.code, 1);
  const told = lines.map(([level, message]) => `${level} ${message}`);
  const loop = 'error worker is in a crash loop: it died again soon after its start';
  const again = 'info worker died again';
  const first = ['warn worker died', 'warn worker died', again, loop];
  assert.deepEqual(told, [...first, ...Array(10).fill(again), loop, again]);
  const [, , fields] = lines.find(([level]) => level === 'error') ?? assert.fail();
  assert.deepEqual([fields.worker, fields.deaths, fields.lastStderr], [3, 3, ['no such device']]);
});

test('a crash loop is over once it has run for long enough', async () => {
  const { restarts, lines } = restartsOf({ backoff: { baseMs: 1, maxMs: 1, stableMs: 1000 } });
  await die(restarts, 3);
  restarts.begin();
  restarts.watch();
  await eventually('it is over', () => !restarts.crashLoop);
  assert.deepEqual(lines.at(-1)?.slice(0, 2), ['info', 'worker runs again: its crash loop is over']);
});

test('who runs for long, and never does what it is for, is in a crash loop too', async () => {
  const { restarts } = restartsOf({ backoff: { baseMs: 1, maxMs: 1, stableMs: 0 } });
  await die(restarts, 3);
  assert.equal(restarts.crashLoop, false, 'each run was long enough');
  await die(restarts, 3, { healthyMs: -1 });
  assert.equal(restarts.crashLoop, true);
});

test('nothing is started once that was cancelled', async () => {
  const { restarts } = restartsOf();
  restarts.begin();
  restarts.afterDeath(restarts.end(failed), () => assert.fail('started'));
  restarts.cancel();
  await sleep(20);
  assert.equal(restarts.count, 0);
});

test('what could not even be started is tried again', async () => {
  const { restarts } = restartsOf();
  const { promise, resolve } = Promise.withResolvers<void>();
  restarts.afterFailure(resolve);
  await promise;
  assert.equal(restarts.count, 1);
});
