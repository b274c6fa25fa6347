/** Many regions over one WebSocket. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { IsthmusError } from '@isthmus/schema';
import { WebSocket, WebSocketServer } from 'ws';
import { eventually, within } from '../../../../test/support/eventually.ts';
import { serveSocket } from '../../src/http/watch-socket.ts';
import { RegionHub } from '../../src/regions/hub.ts';
import { problemIn } from '../support/gateway.ts';
import { goodBoiler, goodLimits, quote, type RegionGateway, startRegions } from '../support/regions.ts';

let served: RegionGateway;
let opened: WebSocket[];
beforeEach(async () => {
  served = await startRegions();
  opened = [];
});
afterEach(async () => {
  for (const socket of opened) socket.terminate();
  await served[Symbol.asyncDispose]();
});

type Message = Readonly<Record<string, unknown>>;

interface Client {
  readonly socket: WebSocket;
  say(message: unknown): void;
  next(): Promise<Message>;
  /** What has come and was not asked for yet. */
  readonly waiting: Message[];
}

async function connect(url: string = served.url, headers: Record<string, string> = {}): Promise<Client> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/watch`, { headers });
  opened.push(socket);
  const waiting: Message[] = [];
  let wake = () => {};
  socket.on('message', (data) => {
    waiting.push(JSON.parse(String(data)));
    wake();
  });
  socket.on('close', () => wake());
  await once(socket, 'open');
  return {
    socket,
    waiting,
    say: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    async next() {
      for (;;) {
        const message = waiting.shift();
        if (message !== undefined) return message;
        assert.equal(socket.readyState, WebSocket.OPEN, 'the connection has ended');
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

const codeIn = ({ problem }: Message): unknown => Reflect.get(Object(problem), 'code');

describe('watching', () => {
  test('regions, tables and rows, each with its version', async () => {
    served.limits.set(goodLimits);
    served.market.set(quote('AAPL', 1));
    served.boiler.set(goodBoiler);
    const client = await connect();
    client.say({ watch: 'feed.limits' });
    assert.deepEqual(await client.next(), {
      region: 'feed.limits',
      tag: '1f00d-1',
      time: '2026-01-01T00:00:01.5Z',
      value: goodLimits,
      skipped: 0,
      live: true,
    });
    client.say({ watch: 'feed.market', maxRate: 1000 });
    const row = { region: 'feed.market', key: 'AAPL', tag: '1f00d-1', value: quote('AAPL', 1) };
    assert.deepEqual(await client.next(), { ...row, time: '2026-01-01T00:00:01.5Z', skipped: 0, live: true });
    client.say({ watch: 'feed.slots', key: 7 });
    served.slots.set({ id: 8, isTaken: true });
    served.slots.set({ id: 7, isTaken: true });
    const slot = await client.next();
    assert.deepEqual([slot.key, slot.value], [7, { id: 7, isTaken: true }]);
    client.say({ watch: 'boiler' });
    assert.deepEqual((await client.next()).value, goodBoiler);
    served.market.set(quote('MSFT', 5));
    assert.equal((await client.next()).key, 'MSFT');
  });

  test('what was passed over is counted, row by row', async () => {
    served.market.set(quote('A', 0));
    served.market.set(quote('B', 0));
    const client = await connect();
    client.say({ watch: 'feed.market', maxRate: 10 });
    assert.deepEqual([(await client.next()).skipped, (await client.next()).skipped], [0, 0]);
    let total = { A: 0, B: 0 };
    for (const [symbol, count] of [
      ['A', 5],
      ['B', 3],
    ] as const) {
      for (let bid = 1; bid <= count; bid++) served.market.set(quote(symbol, bid));
    }
    const seen: Record<string, unknown> = {};
    while (seen.A !== 5 || seen.B !== 3) {
      const { key, value, skipped } = await client.next();
      seen[String(key)] = Reflect.get(Object(value), 'bid');
      total = { ...total, [String(key)]: Reflect.get(total, String(key)) + Number(skipped) + 1 };
    }
    assert.deepEqual(total, { A: 5, B: 3 });
  });

  test('unwatch, and a second watch in place of the first', async () => {
    served.limits.set(goodLimits);
    const client = await connect();
    client.say({ watch: 'feed.limits' });
    await client.next();
    client.say({ watch: 'feed.limits', maxRate: 1000 });
    await client.next();
    await eventually('one watch', () => served.limits.watching === 1);
    client.say({ unwatch: 'feed.limits' });
    client.say({ unwatch: 'feed.limits' });
    client.say({ unwatch: 'feed.market', key: 'AAPL' });
    await eventually('none', () => served.limits.watching === 0);
    served.limits.set(goodLimits);
    client.say({ watch: 'feed.slots' });
    served.slots.set({ id: 1, isTaken: false });
    assert.equal((await client.next()).region, 'feed.slots');
  });

  test('after a version that is known', async () => {
    served.limits.set(goodLimits);
    const client = await connect();
    client.say({ watch: 'feed.limits', after: '1f00d-1', maxRate: 1000 });
    served.limits.set({ ...goodLimits, low: 0 });
    assert.equal((await client.next()).tag, '1f00d-2');
    client.say({ watch: 'feed.market', key: 'A', after: '1f00d-1' });
    served.market.set(quote('A', 1));
    served.market.set(quote('A', 2));
    assert.equal((await client.next()).tag, '1f00d-2');
  });

  test('the owner goes', async () => {
    served.limits.set(goodLimits);
    const client = await connect();
    client.say({ watch: 'feed.limits', maxRate: 1000 });
    await client.next();
    served.limits.setLive(false);
    assert.deepEqual(await client.next(), { region: 'feed.limits', live: false });
    served.limits.set(goodLimits);
    assert.equal((await client.next()).live, false);
  });

  test('a region that fails: the problem says which, the others go on', async () => {
    served.boiler.set(goodBoiler);
    const client = await connect();
    client.say({ watch: 'boiler', maxRate: 1000 });
    await client.next();
    served.boiler.failWatches(new IsthmusError('SEGMENT_MISMATCH', { detail: 'magic' }));
    const problem = await client.next();
    assert.deepEqual([problem.region, codeIn(problem)], ['boiler', 'SEGMENT_MISMATCH']);
    client.say({ watch: 'feed.slots' });
    served.slots.set({ id: 1, isTaken: false });
    assert.equal((await client.next()).region, 'feed.slots');
  });
});

describe('bad input', () => {
  const messages: [string, unknown, string, string[]][] = [
    ['not JSON', '{', 'MALFORMED_BODY', ['']],
    ['no object', [], 'INVALID_INPUT', ['']],
    ['nothing', {}, 'INVALID_INPUT', ['/watch']],
    ['no name', { watch: 5 }, 'INVALID_INPUT', ['/watch']],
    ['no name to unwatch', { unwatch: 5 }, 'INVALID_INPUT', ['/unwatch']],
    ['both', { watch: 'boiler', unwatch: 'boiler' }, 'INVALID_INPUT', ['/unwatch']],
    ['a name given twice', '{"watch":"boiler","watch":"boiler"}', 'INVALID_INPUT', ['/watch']],
    ['an unknown member', { watch: 'boiler', 'a/b': 1 }, 'INVALID_INPUT', ['/a~1b']],
    ['an unknown region', { watch: 'nope' }, 'UNKNOWN_REGION', []],
    ['an unknown region to unwatch', { unwatch: 'nope' }, 'UNKNOWN_REGION', []],
    ['too fast', { watch: 'boiler', maxRate: 1001 }, 'INVALID_INPUT', ['/maxRate']],
    ['too slow', { watch: 'boiler', maxRate: 0 }, 'INVALID_INPUT', ['/maxRate']],
    ['no rate', { watch: 'boiler', maxRate: '10' }, 'INVALID_INPUT', ['/maxRate']],
    ['no tag', { watch: 'boiler', after: 'x' }, 'INVALID_INPUT', ['/after']],
    ['a tag for a table', { watch: 'feed.market', after: '1-1' }, 'INVALID_INPUT', ['/after']],
    ['a key where there is none', { watch: 'boiler', key: 1 }, 'INVALID_ARGUMENT', []],
    ['a key that cannot be one', { watch: 'feed.slots', key: 1001 }, 'INVALID_ARGUMENT', []],
    ['a key of another type', { watch: 'feed.slots', key: 'x' }, 'INVALID_ARGUMENT', []],
  ];
  for (const [what, message, code, places] of messages) {
    test(what, async () => {
      const client = await connect();
      client.say(message);
      const answer = await client.next();
      assert.equal(codeIn(answer), code, JSON.stringify(answer));
      const errors: unknown = Reflect.get(Object(answer.problem), 'errors') ?? [];
      assert.deepEqual(
        Array.isArray(errors) && errors.map((one: unknown) => Reflect.get(Object(one), 'pointer')),
        places,
      );
      const isKnown = !['INVALID_INPUT', 'MALFORMED_BODY'].includes(code) || what === 'a tag for a table';
      assert.equal(answer.region !== undefined, isKnown);
      served.limits.set(goodLimits);
      client.say({ watch: 'feed.limits' });
      assert.equal((await client.next()).region, 'feed.limits');
    });
  }

  test('a second watch that cannot be leaves the first one as it is', async () => {
    const client = await connect();
    client.say({ watch: 'feed.market', maxRate: 1000 });
    client.say({ watch: 'feed.market', after: '1f00d-1' });
    assert.equal(codeIn(await client.next()), 'INVALID_INPUT');
    served.market.set(quote('A', 1));
    assert.equal((await within(60_000, client.next())).key, 'A');
  });

  test('a message that is too large, and one that is no text', async () => {
    for (const [data, code] of [
      ['x'.repeat(17_000), 1009],
      [Buffer.from('{}'), 1003],
    ] as const) {
      const { socket } = await connect();
      socket.send(data);
      const [closed] = await once(socket, 'close');
      assert.equal(closed, code);
    }
  });

  test('who asks and does not read is cut off', async () => {
    const { socket } = await connect();
    socket.pause();
    const question = JSON.stringify({ watch: 'x'.repeat(10_000) });
    // Until the answers are more than what every buffer between the two ends holds.
    const timer = setInterval(() => {
      for (let count = 0; count < 2000 && socket.bufferedAmount < 2 ** 24; count++) socket.send(question);
    }, 5);
    await eventually('it is over for the gateway', () => served.log.some(({ http }) => http === 'GET /v1/watch'));
    clearInterval(timer);
  });

  test('one log line for each connection, when it ends, whatever ends it', async () => {
    const good = await connect();
    good.socket.close();
    const bad = await connect();
    bad.socket.send('x'.repeat(17_000));
    const lines = () => served.log.filter(({ http }) => http === 'GET /v1/watch');
    await eventually('two lines', () => lines().length === 2);
    assert.deepEqual(
      lines().map(({ status, level }) => [status, level]),
      [
        [101, 30],
        [101, 30],
      ],
    );
    assert.deepEqual(
      served.log.filter(({ level }) => Number(level) > 30),
      [],
    );
  });
});

describe('who may connect', () => {
  const refusedWith = async (headers: Record<string, string>, url = served.url): Promise<[number, string]> => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/watch`, { headers });
    opened.push(socket);
    socket.on('error', () => {});
    const [, response] = await once(socket, 'unexpected-response');
    let body = '';
    for await (const chunk of response) body += String(chunk);
    return [response.statusCode, JSON.parse(body).code];
  };

  test('pages of the gateway itself, and programs', async () => {
    const { host, port } = new URL(served.url);
    await connect(served.url, { origin: served.url });
    await connect(served.url, { origin: `https://${host}` });
    await connect();
    assert.deepEqual(await refusedWith({ origin: `http://localhost:${port}` }), [403, 'ORIGIN_REFUSED']);
  });

  test('pages of other sites only where they are listed', async () => {
    await using listed = await startRegions({ origins: ['https://example.com'] });
    await connect(listed.url, { origin: 'https://example.com' });
    for (const origin of ['https://example.com:444', 'http://example.com', 'https://example.org', 'null', 'x', '']) {
      assert.deepEqual(await refusedWith({ origin }, listed.url), [403, 'ORIGIN_REFUSED'], origin);
    }
  });

  test('no more connections, and no more watches, than http.maxWatchers', async () => {
    await using few = await startRegions({ maxWatchers: 2 });
    const first = await connect(few.url);
    await connect(few.url);
    assert.deepEqual(await refusedWith({}, few.url), [429, 'TOO_MANY_WATCHERS']);
    for (const watch of ['feed.limits', 'feed.slots', 'feed.market']) first.say({ watch });
    const answer = await first.next();
    assert.deepEqual([answer.region, codeIn(answer)], ['feed.market', 'TOO_MANY_WATCHERS']);
    first.say({ unwatch: 'feed.limits' });
    first.say({ watch: 'feed.market' });
    few.market.set(quote('A', 1));
    assert.equal((await first.next()).region, 'feed.market');
    first.socket.close();
    await eventually('its watches have ended', () => few.market.watching === 0);
  });

  test('not over plain HTTP', async () => {
    const response = await fetch(`${served.url}/v1/watch`);
    assert.equal(response.status, 400);
    assert.equal((await problemIn(response)).code, 'INVALID_ARGUMENT');
    const posted = await fetch(`${served.url}/v1/watch`, { method: 'POST' });
    assert.equal(posted.status, 405);
    assert.equal(posted.headers.get('allow'), 'GET');
  });
});

test('who comes too late for the last place, and does not answer, is not waited for', async () => {
  const hub = new RegionHub({ maxWatchers: 1 });
  const first = { heartbeat: () => {}, end: () => {} };
  hub.enter(first);
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (socket) => serveSocket(socket, new Map(), hub));
  await once(server, 'listening');
  const { port } = Object(server.address());
  const silent = connectTcp(port, '127.0.0.1');
  const head = 'connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13';
  silent.write(`GET / HTTP/1.1\r\nhost: localhost\r\n${head}\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`);
  silent.resume();
  try {
    await within(60_000, once(silent, 'close'));
  } finally {
    silent.destroy();
    server.close();
    hub.leave(first);
  }
});

test('a gateway that closes says so, and does not wait for who does not answer', async () => {
  served.limits.set(goodLimits);
  const client = await connect();
  client.say({ watch: 'feed.limits' });
  await client.next();
  const silent = await connect();
  silent.socket.pause();
  const closed = once(client.socket, 'close');
  const begin = performance.now();
  await served.gateway.close({ timeoutMs: 60_000 });
  assert.ok(performance.now() - begin < 30_000);
  const [code] = await closed;
  assert.equal(code, 1001);
  assert.equal(served.limits.watching, 0);
});
