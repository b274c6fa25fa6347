/** Watchers that are quiet are kept alive, and those that are gone without a word are let go. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { struct, text } from '@isthmus/schema';
import Fastify, { type FastifyInstance } from 'fastify';
import { WebSocket } from 'ws';
import { eventually } from '../../../../test/support/eventually.ts';
import { addRegionRoutes } from '../../src/http/region-routes.ts';
import { addWatchSocket } from '../../src/http/watch-route.ts';
import { RegionHub } from '../../src/regions/hub.ts';
import { servedRegions } from '../../src/regions/served-region.ts';
import { openEvents } from '../support/events.ts';
import { FakeRegion } from '../support/fake-region.ts';

const Page = struct('Page', { body: text(60_000) });

interface Quick {
  readonly url: string;
  readonly page: FakeRegion;
  readonly hub: RegionHub;
}

async function quickHearts(app: FastifyInstance, heartbeatMs = 20): Promise<Quick> {
  const page = new FakeRegion(Page);
  const regions = servedRegions({}, { page: { region: page } });
  const hub = new RegionHub({ maxWatchers: 10, heartbeatMs });
  app.decorateRequest('isthmusCall', null);
  app.decorateRequest('isthmusError', null);
  app.decorateRequest('isthmusIdentity', null);
  await app.register(async (scope) => addRegionRoutes(scope, { regions, hub, bodyLimitBytes: 1 }), { prefix: '/r' });
  await app.register(async (scope) => addWatchSocket(scope, { regions, hub, origins: [] }));
  app.addHook('preClose', async () => hub.close());
  return { url: await app.listen({ port: 0, host: '127.0.0.1' }), page, hub };
}

test('a comment now and then, where nothing else is sent', async () => {
  await using app = Fastify();
  const { url } = await quickHearts(app);
  using events = await openEvents(`${url}/r/page/watch`);
  let next: unknown;
  void events.next().then((event) => {
    next = event;
  });
  await eventually('comments', () => events.blocks.filter((block) => block === ':').length > 2);
  assert.equal(next, undefined);
});

test('a reader that takes nothing any more is cut off', async () => {
  await using app = Fastify();
  const { url, page, hub } = await quickHearts(app);
  using events = await openEvents(`${url}/r/page/watch?max-rate=1000`);
  events.response.pause();
  const timer = setInterval(() => page.set({ body: `${page.watching}${Math.random()}`.padEnd(60_000, 'x') }), 1);
  await eventually('it is gone', () => hub.counts.connections === 0);
  clearInterval(timer);
  assert.equal(page.watching, 0);
});

test('a WebSocket that answers pings stays; one that does not is cut off', async () => {
  await using app = Fastify();
  // Long enough for a pong on a machine that is busy.
  const { url, hub } = await quickHearts(app, 1000);
  const address = `${url.replace('http', 'ws')}/v1/watch`;
  const good = new WebSocket(address);
  await once(good, 'open');
  const silent = new WebSocket(address, { autoPong: false });
  await once(silent, 'open');
  let pings = 0;
  good.on('ping', () => pings++);
  const [code] = await once(silent, 'close');
  assert.equal(code, 1006);
  await eventually('pings', () => pings > 2);
  assert.equal(good.readyState, WebSocket.OPEN);
  assert.equal(hub.counts.connections, 1);
  good.terminate();
});
