/** Regions as server-sent events. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type ErrorCode, errors, IsthmusError, struct, text, u32 } from '@isthmus/schema';
import { eventually } from '../../../../test/support/eventually.ts';
import { type EventReader, openEvents } from '../support/events.ts';
import { FakeRegion } from '../support/fake-region.ts';
import { problemIn, startGateway } from '../support/gateway.ts';
import { goodBoiler, goodLimits, quote, type RegionGateway, startRegions } from '../support/regions.ts';

let served: RegionGateway;
beforeEach(async () => {
  served = await startRegions();
});
afterEach(() => served[Symbol.asyncDispose]());

const open = (path: string, headers: Record<string, string> = {}): Promise<EventReader> =>
  openEvents(`${served.url}/v1/regions${path}`, headers);

const Page = struct('Page', { number: u32(), body: text(60_000) });
const limits = (low: number) => ({ ...goodLimits, low });
const bids = (events: readonly { data: unknown }[]) => events.map(({ data }) => Reflect.get(Object(data), 'bid'));

test('the value that there is, and each newer one', async () => {
  served.limits.set(limits(1));
  using events = await open('/feed.limits/watch?max-rate=1000');
  assert.equal(events.response.headers['content-type'], 'text/event-stream; charset=utf-8');
  assert.equal(events.response.headers['cache-control'], 'no-store');
  assert.equal(events.response.headers['x-content-type-options'], 'nosniff');
  assert.deepEqual(await events.next(), { type: 'message', id: '1f00d-1', data: limits(1) });
  served.limits.set(limits(2));
  assert.deepEqual(await events.next(), { type: 'message', id: '1f00d-2', data: limits(2) });
  assert.equal(events.blocks[0], 'retry: 1000');
});

test('a region that nobody has written yet, and a row', async () => {
  using empty = await open('/feed.limits/watch');
  using row = await open('/feed.market/AAPL/watch');
  using query = await open('/feed.market/watch?key=AAPL');
  served.limits.set(limits(3));
  served.market.set(quote('MSFT', 1));
  served.market.set(quote('AAPL', 2));
  assert.deepEqual((await empty.next())?.data, limits(3));
  assert.deepEqual((await row.next())?.data, quote('AAPL', 2));
  assert.deepEqual((await query.next())?.data, quote('AAPL', 2));
});

test('a table: every row, then the ones that change', async () => {
  served.market.set(quote('A', 1));
  served.market.set(quote('B', 2));
  using events = await open('/feed.market/watch?max-rate=1000');
  assert.deepEqual(bids(await events.take(2)), [1, 2]);
  served.market.set(quote('A', 3));
  assert.deepEqual((await events.next())?.data, quote('A', 3));
  served.market.set(quote('C', 4));
  assert.deepEqual((await events.next())?.data, quote('C', 4));
});

test('Last-Event-ID: nothing that is known already', async () => {
  served.limits.set(limits(1));
  served.limits.set(limits(2));
  using known = await open('/feed.limits/watch', { 'last-event-id': '1f00d-2' });
  using older = await open('/feed.limits/watch', { 'last-event-id': '1f00d-1' });
  using other = await open('/feed.limits/watch', { 'last-event-id': 'abc-2' });
  using noTag = await open('/feed.limits/watch', { 'last-event-id': 'x' });
  for (const reader of [older, other, noTag]) assert.equal((await reader.next())?.id, '1f00d-2');
  served.limits.set(limits(3));
  assert.equal((await known.next())?.id, '1f00d-3');
});

test('the rate is bounded, and the newest is never lost', async () => {
  served.limits.set(limits(0));
  using events = await open('/feed.limits/watch?max-rate=20');
  await events.next();
  const begin = performance.now();
  for (let low = 1; low <= 100; low++) {
    served.limits.set(limits(low));
    await delay(2);
  }
  const seen: unknown[] = [];
  while (Reflect.get(Object(seen.at(-1)), 'low') !== 100) seen.push((await events.next())?.data);
  const seconds = (performance.now() - begin) / 1000;
  assert.ok(seen.length > 1 && seen.length <= seconds * 20 + 2, `${seen.length} events in ${seconds} s`);
});

test('one watch of the region serves all, and ends with the last of them', async () => {
  served.limits.set(limits(1));
  {
    using first = await open('/feed.limits/watch');
    using second = await open('/feed.limits/watch');
    await Promise.all([first.next(), second.next()]);
    assert.equal(served.limits.watching, 1);
    assert.equal(served.limits.watches.length, 1);
    assert.equal(served.limits.watches[0]?.maxRate, 10);
  }
  await eventually('the watch ends', () => served.limits.watching === 0);
});

test('the owner goes and comes back', async () => {
  served.limits.set(limits(1));
  using events = await open('/feed.limits/watch?max-rate=1000');
  await events.next();
  served.limits.setLive(false);
  assert.deepEqual(await events.next(), { type: 'live', id: undefined, data: { live: false } });
  using late = await open('/feed.limits/watch');
  assert.deepEqual(
    (await late.take(2)).map(({ type }) => type),
    ['live', 'message'],
  );
  served.limits.epoch = 0xabcn;
  served.limits.isLive = true;
  served.limits.set(limits(2));
  assert.deepEqual(
    (await events.take(2)).map(({ type, id }) => [type, id]),
    [
      ['live', undefined],
      ['message', 'abc-2'],
    ],
  );
});

test('an error that passes is told once, and what there is afterwards', async () => {
  served.boiler.set(goodBoiler);
  using events = await open('/boiler/watch?max-rate=1000');
  await events.next();
  served.boiler.failWatches(new IsthmusError('SEGMENT_MISSING', { detail: 'its program has ended' }));
  const problem = await events.next();
  assert.equal(problem?.type, 'problem');
  assert.equal(Reflect.get(Object(problem?.data), 'code'), 'SEGMENT_MISSING');
  await delay(1100);
  assert.ok(served.boiler.watches.length > 1, 'it was tried again');
  served.boiler.failure = undefined;
  assert.deepEqual((await events.next())?.data, goodBoiler);
  assert.equal(events.blocks.filter((block) => block.startsWith('event: problem')).length, 1);
});

test('a watch that ends by itself leaves its place to another', async () => {
  await using few = await startRegions({ maxWatchers: 1 });
  const url = `${few.url}/v1/regions/boiler/watch`;
  few.boiler.set(goodBoiler);
  for (let round = 0; round < 3; round++) {
    using events = await openEvents(url);
    await events.next();
    few.boiler.failWatches(new IsthmusError('SEGMENT_TOO_SMALL'));
    await events.next();
    assert.equal(await events.next(), undefined);
    few.boiler.failure = undefined;
  }
  using only = await openEvents(url);
  assert.equal(only.response.statusCode, 200);
  assert.equal((await fetch(url)).status, 429);
});

test('an error that does not pass ends it', async () => {
  served.boiler.set(goodBoiler);
  using events = await open('/boiler/watch?max-rate=1000');
  await events.next();
  served.boiler.failWatches(new IsthmusError('SEGMENT_TOO_SMALL', { detail: '4 bytes' }));
  assert.equal(Reflect.get(Object((await events.next())?.data), 'code'), 'SEGMENT_TOO_SMALL');
  assert.equal(await events.next(), undefined);
});

test('bytes that are not a value are an event of their own; the next value comes', async () => {
  served.market.set(quote('AAPL', 1));
  using events = await open('/feed.market/AAPL/watch?max-rate=1000');
  await events.next();
  const bytes = new Uint8Array(served.market.struct.layout.size).fill(0xff);
  bytes.set(new TextEncoder().encode('AAPL\0\0\0\0\0'));
  served.market.setBytes(bytes);
  const problem = await events.next();
  assert.deepEqual([problem?.type, problem?.id], ['problem', '1f00d-2']);
  assert.equal(Reflect.get(Object(problem?.data), 'code'), 'HANDLER_FAULT');
  served.market.set(quote('AAPL', 2));
  assert.deepEqual((await events.next())?.data, quote('AAPL', 2));
});

test('who does not read delays nobody, is passed over, and is given the newest', async () => {
  const page = new FakeRegion(Page, { isAttached: true });
  await using gateway = await startGateway({}, { services: {}, regions: { page: { region: page } } });
  const url = `${gateway.url}/v1/regions/page/watch?max-rate=1000`;
  const body = 'x'.repeat(60_000);
  page.set({ number: 0, body });
  using slow = await openEvents(url);
  using quick = await openEvents(url);
  await Promise.all([slow.next(), quick.next()]);
  slow.response.pause();
  // Three times what the sockets of both ends hold.
  const last = 500;
  for (let number = 1; number <= last; number++) {
    page.set({ number, body });
    const event = await quick.next();
    assert.equal(Reflect.get(Object(event?.data), 'number'), number);
  }
  slow.response.resume();
  const seen: number[] = [];
  while (seen.at(-1) !== last) seen.push(Number(Reflect.get(Object((await slow.next())?.data), 'number')));
  assert.ok(seen.length < last / 2, `${seen.length} events`);
  assert.deepEqual(
    seen,
    seen.toSorted((a, b) => a - b),
  );
});

test('HEAD tells the type and nothing more', async () => {
  const response = await fetch(`${served.url}/v1/regions/feed.limits/watch`, { method: 'HEAD' });
  assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  assert.equal(served.limits.watching, 0);
});

test('one log line for each watch, when it ends', async () => {
  {
    using events = await open('/feed.limits/watch');
    served.limits.set(limits(1));
    await events.next();
  }
  const lines = () => served.log.filter(({ http }) => http === 'GET /v1/regions/feed.limits/watch');
  await eventually('a line', () => lines().length > 0);
  assert.deepEqual(
    lines().map(({ status }) => status),
    [200],
  );
});

test('refused before anything is sent', async () => {
  const refusals: [string, ErrorCode][] = [
    ['/nope/watch', 'UNKNOWN_REGION'],
    ['/feed.slots/x/watch', 'INVALID_ARGUMENT'],
    ['/feed.limits/watch?rate=1', 'INVALID_ARGUMENT'],
    ['/feed.limits/watch?key=1', 'INVALID_ARGUMENT'],
    ...['0', '-1', '1001', 'x', '1e2', ''].map((rate): [string, ErrorCode] => [
      `/feed.limits/watch?max-rate=${rate}`,
      'INVALID_ARGUMENT',
    ]),
  ];
  for (const [path, code] of refusals) {
    const response = await fetch(`${served.url}/v1/regions${path}`);
    assert.equal(response.status, errors[code].http, path);
    assert.equal((await problemIn(response)).code, code);
  }
});

test('no more watchers than http.maxWatchers', async () => {
  await using few = await startRegions({ maxWatchers: 2 });
  const url = `${few.url}/v1/regions/feed.limits/watch`;
  {
    using _first = await openEvents(url);
    using _second = await openEvents(url);
    const third = await fetch(url);
    assert.equal(third.status, 429);
    assert.equal(third.headers.get('retry-after'), '1');
    assert.equal((await problemIn(third)).code, 'TOO_MANY_WATCHERS');
  }
  await eventually('both have left', () => few.limits.watching === 0);
  using again = await openEvents(url);
  assert.equal(again.response.statusCode, 200);
});

test('a gateway that closes ends watches at once, and says why', async () => {
  using events = await open('/feed.limits/watch');
  const begin = performance.now();
  await served.gateway.close({ timeoutMs: 60_000 });
  assert.ok(performance.now() - begin < 30_000);
  assert.equal(Reflect.get(Object((await events.next())?.data), 'code'), 'SHUTTING_DOWN');
  assert.equal(await events.next(), undefined);
  assert.equal(served.limits.watching, 0);
});
