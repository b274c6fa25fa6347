/** The gateway over real memory: regions that another part of this process owns, and a file that is attached. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attach, connect, createSegment, ownRegions } from '@isthmus/core';
import { eventually } from '../../../test/support/eventually.ts';
import { TemporaryFolder } from '../../../test/support/temporary-folder.ts';
import { createGateway } from '../src/index.ts';
import { openEvents } from './support/events.ts';
import { Boiler, feed, goodBoiler, goodLimits, quote } from './support/regions.ts';

const json = { 'content-type': 'application/json' };
const patching = { 'content-type': 'application/merge-patch+json' };
const apple = (bid: number) => ({ symbol: 'AAPL', bid, volume: 3100n });

test('regions of a service: read, written, watched, and their owner started anew', async () => {
  using folder = new TemporaryFolder();
  const path = folder.join('feed.sock');
  let owner = await ownRegions(feed, { path });
  await using client = await connect(feed, { path });
  await using gateway = await createGateway({ services: { feed: { schema: feed, client } }, port: 0 });
  const url = `${await gateway.listen()}/v1/regions`;
  assert.equal((await fetch(`${url}/feed.limits`)).status, 503);
  owner.market.write(apple(1.5));
  const row = await fetch(`${url}/feed.market/AAPL`);
  assert.deepEqual(await row.json(), quote('AAPL', 1.5, '3100'));
  assert.match(row.headers.get('etag') ?? '', /^"[0-9a-f]+-1"$/);
  const age = Date.now() - Date.parse(row.headers.get('last-modified') ?? '');
  assert.ok(age >= 0 && age < 60_000, `${age} ms`);
  assert.equal((await fetch(`${url}/feed.market/NONE`)).status, 404);
  assert.equal((await fetch(`${url}/feed.market/AAPL`, { method: 'PUT' })).status, 405);

  const put = await fetch(`${url}/feed.limits`, { method: 'PUT', body: JSON.stringify(goodLimits), headers: json });
  assert.equal(put.status, 201);
  assert.equal(owner.limits.get('low'), 1);
  const bodies = Array.from({ length: 20 }, (_, index) =>
    JSON.stringify(index % 2 === 0 ? { low: index } : { high: index }),
  );
  const patches = await Promise.all(
    bodies.map((body) => fetch(`${url}/feed.limits`, { method: 'PATCH', body, headers: patching })),
  );
  assert.ok(patches.every(({ status }) => status === 200));
  assert.equal(owner.limits.read().version, 21n);
  const lost = {
    method: 'PATCH',
    body: '{"low":0}',
    headers: { ...patching, 'if-match': put.headers.get('etag') ?? '' },
  };
  assert.equal((await fetch(`${url}/feed.limits`, lost)).status, 412);
  const bad = await fetch(`${url}/feed.limits`, { method: 'PATCH', body: '{"low":-1}', headers: patching });
  assert.equal(bad.status, 400);

  using events = await openEvents(`${url}/feed.market/watch?max-rate=1000`);
  using limits = await openEvents(`${url}/feed.limits/watch?max-rate=1000`);
  await limits.next();
  assert.equal(Reflect.get(Object((await events.next())?.data), 'bid'), 1.5);
  owner.market.write(apple(2));
  assert.equal(Reflect.get(Object((await events.next())?.data), 'bid'), 2);

  await owner.$close();
  assert.deepEqual((await events.next())?.data, { live: false });
  assert.deepEqual((await limits.next())?.data, { live: false });
  const last = await fetch(`${url}/feed.market/AAPL`);
  assert.equal(last.headers.get('isthmus-owner'), 'gone');
  owner = await ownRegions(feed, { path });
  try {
    owner.market.write(apple(3));
    const seen: unknown[] = [];
    while (Reflect.get(Object(seen.at(-1)), 'bid') !== 3) seen.push((await events.next())?.data);
    assert.ok(seen.some((data) => Reflect.get(Object(data), 'live') === true));
  } finally {
    await owner.$close();
  }
});

test('a file that is attached: not there yet, then read, written and watched', async () => {
  using folder = new TemporaryFolder();
  const file = folder.join('boiler');
  const options = { file, guard: { flock: true as const }, writable: true, watchIntervalMs: 5, lazy: true };
  await using attached = await attach(Boiler, options);
  await using gateway = await createGateway({
    services: {},
    regions: { boiler: { region: attached.untyped } },
    port: 0,
  });
  const url = `${await gateway.listen()}/v1/regions/boiler`;
  const missing = await fetch(url);
  assert.equal(missing.status, 503);
  assert.equal(JSON.parse(await missing.text()).code, 'SEGMENT_MISSING');
  using events = await openEvents(`${url}/watch?max-rate=1000`);
  assert.deepEqual((await events.next())?.data, { live: false });
  await createSegment({ file, struct: Boiler });
  const value = async () => {
    for (;;) {
      const event = await events.next();
      if (event?.type === 'message') return event.data;
    }
  };
  assert.deepEqual(await value(), { state: 0, level: 0, serial: 'AAAA' });
  await eventually('it is there', () => attached.isLive);
  const put = await fetch(url, { method: 'PUT', body: JSON.stringify(goodBoiler), headers: json });
  assert.equal(put.status, 200);
  assert.deepEqual(await value(), goodBoiler);
  const headers = { ...patching, 'if-match': put.headers.get('etag') ?? '' };
  const patch = { method: 'PATCH', body: '{"level":7}', headers };
  assert.deepEqual(await (await fetch(url, patch)).json(), { ...goodBoiler, level: 7 });
  assert.equal((await fetch(url, patch)).status, 412);
  assert.deepEqual(await value(), { ...goodBoiler, level: 7 });
  assert.equal((await attached.read()).value.level, 7);
});
