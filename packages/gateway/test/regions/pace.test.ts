import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Pace } from '../../src/regions/pace.ts';

function counter() {
  const beats: number[] = [];
  return { beats, beat: () => void beats.push(performance.now()) };
}

test('the first beat comes with the end of the turn, the next after the interval, and none without news', async () => {
  const pace = new Pace(40);
  const member = counter();
  const other = counter();
  pace.add(member);
  pace.add(other);
  pace.wake();
  pace.wake();
  assert.equal(member.beats.length, 0);
  await delay(0);
  await delay(0);
  assert.equal(member.beats.length, 1);
  pace.wake();
  await delay(100);
  assert.equal(member.beats.length, 2);
  const [first = 0, second = 0] = member.beats;
  assert.ok(second - first >= 38, `${second - first} ms`);
  assert.equal(other.beats.length, 2);
  await delay(50);
  assert.equal(member.beats.length, 2);
});

test('who has left has no beat, and an empty pace no timer', async () => {
  const pace = new Pace(1);
  const member = counter();
  pace.add(member);
  pace.wake();
  pace.delete(member);
  assert.ok(pace.isEmpty);
  pace.wake();
  await delay(20);
  assert.equal(member.beats.length, 0);
  // Not held up by the beat that was called off.
  pace.add(member);
  pace.wake();
  await delay(20);
  assert.equal(member.beats.length, 1);
});
