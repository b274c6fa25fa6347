import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atTime } from '../../src/auth/expiry.ts';

const dayMs = 24 * 60 * 60 * 1000;

test('ends at the time, also where it is further away than a timer reaches', (t) => {
  t.mock.timers.enable({ apis: ['Date', 'setTimeout'], now: 0 });
  for (const time of [1, 60_000, 30 * dayMs, 100 * dayMs]) {
    let ended = 0;
    const begun = Date.now();
    atTime(begun + time, () => ended++);
    for (let day = 0; day < Math.floor((time - 1) / dayMs); day++) t.mock.timers.tick(dayMs);
    t.mock.timers.tick(begun + time - 1 - Date.now());
    assert.equal(ended, 0, `${time}`);
    t.mock.timers.tick(2);
    assert.equal(ended, 1, `${time}`);
  }
});

test('a time that has passed ends soon, and not within the call', (t) => {
  t.mock.timers.enable({ apis: ['Date', 'setTimeout'], now: 1000 });
  let ended = 0;
  atTime(5, () => ended++);
  assert.equal(ended, 0);
  t.mock.timers.tick(1);
  assert.equal(ended, 1);
});

test('never, and called off', (t) => {
  t.mock.timers.enable({ apis: ['Date', 'setTimeout'], now: 0 });
  atTime(Infinity, () => assert.fail('it ended'))();
  const callOff = atTime(60 * dayMs, () => assert.fail('it ended'));
  for (let day = 0; day < 40; day++) t.mock.timers.tick(dayMs);
  callOff();
  for (let day = 0; day < 40; day++) t.mock.timers.tick(dayMs);
});
