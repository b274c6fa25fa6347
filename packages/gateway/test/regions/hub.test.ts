/** Who watches what: one watch for each region whatever the watchers, each at its own pace. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { IsthmusError } from '@isthmus/schema';
import { eventually } from '../../../../test/support/eventually.ts';
import type { Problem } from '../../src/index.ts';
import { RegionHub } from '../../src/regions/hub.ts';
import type { RowVersion } from '../../src/regions/row-version.ts';
import { type ServedRegion, servedRegions } from '../../src/regions/served-region.ts';
import type { Receiver } from '../../src/regions/subscription.ts';
import type { FakeRegion } from '../support/fake-region.ts';
import { fakeRegions, quote } from '../support/regions.ts';

interface Table {
  readonly region: FakeRegion;
  readonly served: ServedRegion;
}

function marketTable(): Table {
  const { market, options } = fakeRegions();
  const served = servedRegions(options.services, {}).find(({ name }) => name === 'feed.market');
  assert.ok(served !== undefined);
  return { region: market, served };
}

class Listener implements Receiver {
  isReady = true;
  readonly seen: unknown[] = [];
  readonly skipped: number[] = [];
  readonly problems: Problem[] = [];
  /** How many it takes before it is not ready any more. */
  room = Number.POSITIVE_INFINITY;

  value(version: RowVersion, skipped: number): void {
    const { value } = JSON.parse(String(version.message(skipped, true)));
    this.seen.push(`${value.symbol}${value.bid}`);
    this.skipped.push(skipped);
    this.isReady = --this.room > 0;
  }

  live(isLive: boolean): void {
    this.seen.push(isLive);
  }

  problem(problem: Problem): void {
    this.problems.push(problem);
  }
}

const hubOf = (maxWatchers = 100, heartbeatMs?: number) => new RegionHub({ maxWatchers, heartbeatMs });

test('each watcher has its own rate; a faster one makes the region be watched faster', async () => {
  const { region, served } = marketTable();
  const hub = hubOf();
  region.set(quote('A', 0));
  const slow = new Listener();
  const quick = new Listener();
  const first = hub.watch(served, undefined, slow, { maxRate: 5 });
  const second = hub.watch(served, undefined, quick, { maxRate: 500 });
  assert.deepEqual(
    region.watches.map(({ maxRate }) => maxRate),
    [10, 1000],
  );
  await eventually('the value that there is', () => slow.seen.length === 1 && quick.seen.length === 1);
  assert.equal(region.watching, 1);
  const begin = performance.now();
  for (let bid = 1; bid <= 40; bid++) {
    region.set(quote('A', bid));
    await delay(10);
  }
  await eventually('the newest, of both', () => slow.seen.at(-1) === 'A40' && quick.seen.at(-1) === 'A40');
  // However long that took: five a second, the one that there was, the last, and one as timers are early at times.
  const seconds = (performance.now() - begin) / 1000;
  assert.ok(slow.seen.length <= 3 + 5 * seconds, `${slow.seen.length} in ${seconds} s`);
  assert.ok(quick.seen.length > slow.seen.length, `${quick.seen.length} and ${slow.seen.length}`);
  for (const { seen, skipped } of [slow, quick]) {
    assert.equal(skipped.reduce((sum, count) => sum + count, 0) + seen.length, 41);
  }
  first.stop();
  second.stop();
  await eventually('the watch ends', () => region.watching === 0);
  assert.deepEqual(hub.counts, { watches: 0, feeds: 0, connections: 0 });
});

test('who is not ready is given what is new once it is, each row once, and holds up nobody', async () => {
  const { region, served } = marketTable();
  const hub = hubOf();
  const busy = new Listener();
  busy.room = 2;
  const free = new Listener();
  const options = { maxRate: 1000 };
  const subscription = hub.watch(served, undefined, busy, options);
  const other = hub.watch(served, undefined, free, options);
  for (const symbol of ['A', 'B', 'C']) region.set(quote(symbol, 1));
  await eventually('all rows', () => free.seen.length === 3);
  assert.deepEqual(busy.seen, ['A1', 'B1']);
  for (let bid = 2; bid <= 5; bid++) {
    region.set(quote('A', bid));
    await eventually('each of them', () => free.seen.at(-1) === `A${bid}`);
  }
  assert.equal(busy.seen.length, 2);
  busy.room = 10;
  busy.isReady = true;
  subscription.resume();
  await eventually('the rest', () => busy.seen.length === 4);
  assert.deepEqual(busy.seen, ['A1', 'B1', 'C1', 'A5']);
  assert.deepEqual(busy.skipped, [0, 0, 0, 3]);
  subscription.resume();
  await delay(10);
  assert.equal(busy.seen.length, 4);
  subscription.stop();
  other.stop();
});

test('what is left of a beat is given as soon as there is room; what is new waits for the next one', async () => {
  const { region, served } = marketTable();
  const hub = hubOf();
  const listener = new Listener();
  listener.room = 2;
  for (const symbol of ['A', 'B', 'C', 'D']) region.set(quote(symbol, 1));
  const quick = new Listener();
  const other = hub.watch(served, undefined, quick, { maxRate: 1000 });
  await eventually('all rows', () => quick.seen.length === 4);
  const subscription = hub.watch(served, undefined, listener, { maxRate: 0.01 });
  await eventually('some of them', () => listener.seen.length === 2);
  region.set(quote('D', 2));
  await eventually('the new one', () => quick.seen.at(-1) === 'D2');
  listener.room = 10;
  listener.isReady = true;
  subscription.resume();
  assert.deepEqual(listener.seen, ['A1', 'B1', 'C1']);
  subscription.stop();
  other.stop();
});

test('of an owner that has started anew only what it wrote is there for whoever comes', async () => {
  const { region, served } = marketTable();
  const hub = hubOf();
  const first = new Listener();
  const one = hub.watch(served, undefined, first, { maxRate: 1000 });
  for (const symbol of ['A', 'B']) region.set(quote(symbol, 1));
  await eventually('both rows', () => first.seen.length === 2);
  region.epoch += 1n;
  region.set(quote('B', 2));
  await eventually('the new one', () => first.seen.length === 3);
  const late = new Listener();
  const two = hub.watch(served, undefined, late, { maxRate: 1000 });
  await eventually('what there is', () => late.seen.length > 0);
  region.set(quote('A', 3));
  await eventually('what is new', () => late.seen.at(-1) === 'A3' && first.seen.at(-1) === 'A3');
  assert.deepEqual(late.seen, ['B2', 'A3']);
  assert.deepEqual(first.seen, ['A1', 'B1', 'B2', 'A3']);
  one.stop();
  two.stop();
});

test('what comes while a region begins to be watched faster is counted', async () => {
  const { region, served } = marketTable();
  const hub = hubOf();
  const slow = new Listener();
  region.set(quote('A', 1));
  const one = hub.watch(served, undefined, slow, { maxRate: 10 });
  await eventually('the value that there is', () => slow.seen.length === 1);
  for (let bid = 2; bid <= 6; bid++) region.set(quote('A', bid));
  const two = hub.watch(served, undefined, new Listener(), { maxRate: 1000 });
  await eventually('the newest', () => slow.seen.at(-1) === 'A6');
  assert.deepEqual(slow.skipped, [0, 4]);
  one.stop();
  two.stop();
});

test('who comes later is given what there is, without another look at the region', async () => {
  const { region, served } = marketTable();
  const hub = hubOf();
  const first = new Listener();
  const one = hub.watch(served, undefined, first, { maxRate: 10 });
  for (const symbol of ['A', 'B']) region.set(quote(symbol, 1));
  await eventually('both rows', () => first.seen.length === 2);
  const late = new Listener();
  const two = hub.watch(served, undefined, late, { maxRate: 0.01 });
  await eventually('at once, whatever its rate', () => late.seen.length === 2);
  assert.equal(region.watches.length, 1);
  const row = new Listener();
  const three = hub.watch(served, 'B', row, { maxRate: 10 });
  await eventually('a row has a watch of its own', () => row.seen.length === 1);
  assert.equal(region.watches.length, 2);
  for (const subscription of [one, two, three]) subscription.stop();
});

test('who stops within a beat hears no more', async () => {
  const { region, served } = marketTable();
  const hub = hubOf();
  const listener = new Listener();
  for (const symbol of ['A', 'B', 'C']) region.set(quote(symbol, 1));
  const subscription = hub.watch(served, undefined, listener, { maxRate: 10 });
  const value = listener.value.bind(listener);
  listener.value = (version, skipped) => {
    value(version, skipped);
    subscription.stop();
    listener.isReady = false;
  };
  await eventually('the watch ends', () => region.watching === 0);
  assert.equal(listener.seen.length, 1);
  assert.equal(hub.counts.watches, 0);
});

test('an error that does not pass ends every watch of the region, and a new one begins anew', async () => {
  const { region, served } = marketTable();
  const hub = hubOf();
  const listeners = [new Listener(), new Listener()];
  for (const listener of listeners) hub.watch(served, undefined, listener, { maxRate: 10 });
  region.failWatches(new IsthmusError('UNKNOWN_REGION'));
  await eventually('both ended', () => hub.counts.watches === 0);
  for (const { problems } of listeners)
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['UNKNOWN_REGION'],
    );
  region.failure = undefined;
  region.set(quote('A', 1));
  const again = new Listener();
  const subscription = hub.watch(served, undefined, again, { maxRate: 10 });
  await eventually('it works again', () => again.seen.length === 1);
  subscription.stop();
});

test('a mistake of a client is told as an internal error', async () => {
  const { region, served } = marketTable();
  const hub = hubOf();
  const listener = new Listener();
  region.watch = () => {
    throw new TypeError('a bug with a secret in it');
  };
  hub.watch(served, undefined, listener, { maxRate: 10 });
  await eventually('a problem', () => listener.problems.length === 1);
  assert.equal(listener.problems[0]?.code, 'INTERNAL');
  assert.doesNotMatch(JSON.stringify(listener.problems), /secret/);
});

test('an owner that was never there, and comes before anything is written', async () => {
  const { region, served } = marketTable();
  const hub = hubOf(100, 10);
  const connection = { heartbeat: () => {}, end: () => {} };
  hub.enter(connection);
  region.isLive = false;
  const listener = new Listener();
  const subscription = hub.watch(served, undefined, listener, { maxRate: 1000 });
  await eventually('that it is not there', () => listener.seen.length === 1);
  region.isLive = true;
  await eventually('that it is', () => listener.seen.length === 2);
  assert.deepEqual(listener.seen, [false, true]);
  subscription.stop();
  hub.leave(connection);
});

test('what an owner wrote last, and told nobody of, comes with the news that it has gone', async () => {
  const { region, served } = marketTable();
  const hub = hubOf();
  const listener = new Listener();
  const subscription = hub.watch(served, undefined, listener, { maxRate: 1000 });
  region.set(quote('A', 1));
  await eventually('a value', () => listener.seen.length === 1);
  region.isLive = false;
  region.set(quote('A', 2));
  await eventually('the last one, and that it has gone', () => listener.seen.length === 3);
  assert.deepEqual(listener.seen, ['A1', false, 'A2']);
  subscription.stop();
});

test('who comes after an owner has gone without a word is told so at once', async () => {
  const { region, served } = marketTable();
  const hub = hubOf();
  const first = new Listener();
  const one = hub.watch(served, undefined, first, { maxRate: 1000 });
  region.isLive = false;
  const late = new Listener();
  const two = hub.watch(served, undefined, late, { maxRate: 1000 });
  await eventually('both know', () => late.seen.length === 1 && first.seen.length === 1);
  assert.deepEqual([first.seen, late.seen], [[false], [false]]);
  one.stop();
  two.stop();
});

test('connections have heartbeats while there are any, and end with the hub', async () => {
  const hub = hubOf(2, 5);
  let beats = 0;
  let ends = 0;
  const connection = {
    heartbeat: () => beats++,
    end: () => {
      ends++;
      hub.leave(connection);
    },
  };
  hub.enter(connection);
  await eventually('heartbeats', () => beats > 2);
  hub.close();
  const last = beats;
  await delay(20);
  assert.deepEqual([beats, ends, hub.counts.connections], [last, 1, 0]);
});

test('bounds', () => {
  const { served } = marketTable();
  const hub = hubOf(1);
  const connection = { heartbeat: () => {}, end: () => {} };
  hub.enter(connection);
  assert.throws(() => hub.enter({ ...connection }), { code: 'TOO_MANY_WATCHERS' });
  assert.throws(() => hub.requireRoom(), { code: 'TOO_MANY_WATCHERS' });
  const subscription = hub.watch(served, 'A', new Listener(), { maxRate: 10 });
  assert.throws(() => hub.watch(served, 'B', new Listener(), { maxRate: 10 }), { code: 'TOO_MANY_WATCHERS' });
  subscription.stop();
  subscription.stop();
  hub.leave(connection);
  hub.requireRoom();
  assert.deepEqual(hub.counts, { watches: 0, feeds: 0, connections: 0 });
});
