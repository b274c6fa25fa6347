import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Count, RateWindows } from '../../src/auth/windows.ts';

const one: Count = { of: 'requests', name: 'panel', windowMs: 1000, add: true };

test('a window begins with the first that is counted, and ends after its time', () => {
  let now = 5000;
  const windows = new RateWindows(() => now);
  assert.deepEqual(windows.count(one), { count: 1, leftMs: 1000 });
  now += 400;
  assert.deepEqual(windows.count(one), { count: 2, leftMs: 600 });
  now += 600;
  assert.deepEqual(windows.count(one), { count: 1, leftMs: 1000 });
});

test('looking counts nothing and begins nothing', () => {
  let now = 0;
  const windows = new RateWindows(() => now);
  const look = { ...one, add: false };
  assert.deepEqual(windows.count(look), { count: 0, leftMs: 0 });
  windows.count(one);
  now = 300;
  assert.deepEqual(windows.count(look), { count: 1, leftMs: 700 });
  assert.deepEqual(windows.count(one), { count: 2, leftMs: 700 });
});

test('requests and failures of one name are counted each for themselves', () => {
  const windows = new RateWindows(() => 0);
  windows.count(one);
  assert.equal(windows.count({ ...one, of: 'failures' }).count, 1);
});

test('memory is bounded: whoever was not seen for longest makes room', () => {
  const windows = new RateWindows(() => 0);
  for (let index = 0; index < 5000; index += 1) windows.count({ ...one, name: `caller ${index}` });
  // Seen again, and so not the oldest any more.
  assert.equal(windows.count({ ...one, name: 'caller 0' }).count, 2);
  windows.count({ ...one, name: 'one more' });
  assert.equal(windows.count({ ...one, name: 'caller 0' }).count, 3);
  assert.equal(windows.count({ ...one, name: 'caller 1', add: false }).count, 0);
});

test('in no window are more counted than were sent in its time', () => {
  const steps = fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.nat({ max: 500 })), { maxLength: 60 });
  fc.assert(
    fc.property(steps, (events) => {
      let now = 0;
      const windows = new RateWindows(() => now);
      const sent: { readonly name: string; readonly time: number }[] = [];
      for (const [name, pauseMs] of events) {
        now += pauseMs;
        sent.push({ name, time: now });
        const { count, leftMs } = windows.count({ ...one, name });
        const begunAt = now + leftMs - one.windowMs;
        assert.ok(leftMs > 0 && begunAt <= now);
        assert.equal(count, sent.filter((event) => event.name === name && event.time >= begunAt).length);
      }
    }),
  );
});
