/** From credentials over HTTP to what the handler is told, and back to what the caller is. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { TemporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { failureLimit } from '../../src/auth/limits.ts';
import { newApiKey } from '../../src/index.ts';
import { apiKey, startIssuer, type TestIssuer } from '../support/auth.ts';
import { openEvents } from '../support/events.ts';
import { goodQuote, plainHandlers, post, problemIn, startGateway } from '../support/gateway.ts';
import { goodLimits, startRegions } from '../support/regions.ts';

let folder: TemporaryFolder;
let issuer: TestIssuer;
before(async () => {
  folder = new TemporaryFolder();
  issuer = await startIssuer(folder.path);
});
after(async () => {
  await issuer[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const panel = apiKey('panel', ['call:pricing.*', 'read:feed.limits'], { tenant: 'plant' });
const body = JSON.stringify(goodQuote);
const ping = '/v1/call/pricing/ping';

describe('the handler is told who called', () => {
  test('by API key, in either header, and by token', async () => {
    const auth = { apiKeys: [panel.entry], jwt: issuer.options() };
    await using served = await startGateway(plainHandlers, { auth });
    const token = await issuer.sign();
    for (const headers of [panel.headers, { 'x-api-key': panel.key }, { authorization: `Bearer ${token}` }]) {
      assert.equal((await post(`${served.url}/v1/call/pricing/quote`, body, headers)).status, 200);
    }
    const byKey = { subject: 'panel', tenant: 'plant', scopes: panel.entry.scopes, method: 'api-key' };
    assert.deepEqual(
      served.client.calls.map(({ caller }) => caller),
      [byKey, byKey, { subject: 'ada', scopes: ['call:*'], method: 'jwt' }],
    );
    const callers = served.log.filter(({ msg }) => msg === 'request').map(({ caller }) => caller);
    assert.deepEqual(callers, ['api-key:panel', 'api-key:panel', 'jwt:ada']);
  });

  test('many replies too', async () => {
    await using served = await startGateway(plainHandlers, { auth: { apiKeys: [panel.entry] } });
    const response = await post(`${served.url}/v1/call/pricing/fills`, '{"count":2}', panel.headers);
    assert.equal((await response.text()).trimEnd().split('\n').length, 2);
    assert.equal(served.client.calls[0]?.caller?.subject, 'panel');
  });

  test('nothing, where nobody asks who it is, or it has no name', async () => {
    await using open = await startGateway();
    assert.equal((await post(`${open.url}${ping}`, '{}', panel.headers)).status, 200);
    assert.equal(open.client.calls[0]?.caller, undefined);
    await using some = await startGateway(plainHandlers, { auth: { anonymous: { scopes: ['call:pricing.ping'] } } });
    assert.equal((await post(`${some.url}${ping}`, '{}')).status, 200);
    assert.equal(some.client.calls[0]?.caller, undefined);
    assert.equal((await post(`${some.url}/v1/call/pricing/quote`, body)).status, 401);
  });
});

test('wrong credentials are never taken for none', async () => {
  const auth = { apiKeys: [panel.entry], anonymous: { scopes: ['*'] } };
  await using served = await startGateway(plainHandlers, { auth });
  assert.equal((await post(`${served.url}${ping}`, '{}')).status, 200);
  const wrong = [`Bearer ${newApiKey('panel').key}`, 'Bearer a.b.c', 'Basic YTpi', 'Bearer', panel.key];
  for (const authorization of wrong) {
    const response = await post(`${served.url}${ping}`, '{}', { authorization });
    assert.equal(response.status, 401, authorization);
    assert.equal(response.headers.get('www-authenticate'), 'Bearer realm="isthmus", error="invalid_token"');
    assert.equal((await problemIn(response)).code, 'UNAUTHENTICATED');
  }
  assert.equal(served.client.calls.length, 1);
});

test('a refusal is logged with who it claims to be and from where', async () => {
  await using served = await startGateway(plainHandlers, { auth: { apiKeys: [panel.entry] } });
  await post(`${served.url}${ping}`, '{}', { 'x-api-key': newApiKey('panel').key });
  await post(`${served.url}/v1/call/other/x`, '{}', panel.headers);
  const lines = served.log.filter(({ msg }) => msg === 'request');
  const shown = lines.map(({ level, code, claim, caller, address }) => ({ level, code, claim, caller, address }));
  const common = { level: 40, address: '127.0.0.1' };
  assert.deepEqual(shown, [
    { ...common, code: 'UNAUTHENTICATED', claim: 'api-key:panel', caller: undefined },
    { ...common, code: 'FORBIDDEN', claim: undefined, caller: 'api-key:panel' },
  ]);
});

test('what is refused says nothing of whether there is such a key', async () => {
  const past = apiKey('past', ['*'], { expires: '2020-01-31' });
  await using served = await startGateway(plainHandlers, { auth: { apiKeys: [panel.entry, past.entry] } });
  const answers = new Set<string>();
  for (const key of [newApiKey('panel').key, newApiKey('nobody').key, past.key, 'x']) {
    const response = await post(`${served.url}${ping}`, '{}', { 'x-api-key': key });
    assert.equal(response.status, 401);
    answers.add(await response.text());
  }
  assert.equal(answers.size, 1);
});

test('a refused request is answered before its body has come', async () => {
  await using served = await startGateway(plainHandlers, { auth: { apiKeys: [panel.entry] } });
  const socket = connect(Number(new URL(served.url).port), '127.0.0.1');
  const head = 'host: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n';
  socket.write(`POST /v1/call/pricing/quote HTTP/1.1\r\n${head}\r\n`);
  const [answer] = await once(socket, 'data');
  assert.match(String(answer), /^HTTP\/1\.1 401 /);
  socket.destroy();
});

describe('limits', () => {
  const limited = { max: 3, windowMs: 86_400_000 };

  test('of each caller by itself, and of those without a name by address', async () => {
    const others = [apiKey('a', ['*']), apiKey('b', ['*'])];
    const large = apiKey('large', ['*'], { rateLimit: { max: 5, windowMs: 86_400_000 } });
    const auth = { apiKeys: [...others, large].map(({ entry }) => entry), anonymous: { scopes: ['call:*'] } };
    await using served = await startGateway(plainHandlers, { auth, rateLimit: limited });
    for (const [headers, max] of [
      [others[0]?.headers, 3],
      [others[1]?.headers, 3],
      [{}, 3],
      [large.headers, 5],
    ] as const) {
      for (let left = max - 1; left >= 0; left--) {
        const { status, headers: answered } = await post(`${served.url}${ping}`, '{}', headers);
        assert.equal(status, 200);
        assert.equal(answered.get('ratelimit-limit'), String(max));
        assert.equal(answered.get('ratelimit-remaining'), String(left));
      }
      const refused = await post(`${served.url}${ping}`, '{}', headers);
      assert.equal(refused.status, 429);
      assert.equal(refused.headers.get('retry-after'), refused.headers.get('ratelimit-reset'));
      assert.ok(Number(refused.headers.get('retry-after')) > 80_000);
      assert.deepEqual(codeAndRetry(await problemIn(refused)), ['RATE_LIMITED', true]);
    }
    assert.equal((await fetch(`${served.url}/healthz`)).status, 200);
    assert.equal(served.client.calls.length, 14);
  });

  test('without authentication by address', async () => {
    await using served = await startGateway(plainHandlers, { rateLimit: limited });
    const statuses = [];
    for (let index = 0; index < 5; index++) statuses.push((await post(`${served.url}${ping}`, '{}')).status);
    assert.deepEqual(statuses, [200, 200, 200, 429, 429]);
  });

  test('a new window begins', async () => {
    await using served = await startGateway(plainHandlers, { rateLimit: { max: 1, windowMs: 50 } });
    for (let round = 0; round < 3; round++) {
      assert.equal((await post(`${served.url}${ping}`, '{}')).status, 200);
      await delay(60);
    }
  });

  test('X-Forwarded-For counts only from proxies that are trusted', async () => {
    for (const [trustProxy, last] of [
      [[], 429],
      [['10.0.0.0/8'], 429],
      [['127.0.0.1'], 200],
    ] as const) {
      await using served = await startGateway(plainHandlers, { rateLimit: { ...limited, max: 1 }, trustProxy });
      await post(`${served.url}${ping}`, '{}', { 'x-forwarded-for': '192.0.2.1' });
      const { status } = await post(`${served.url}${ping}`, '{}', { 'x-forwarded-for': '192.0.2.2' });
      assert.equal(status, last, `${trustProxy}`);
    }
  });

  test('wrong credentials: after some, no more signatures are verified for that address; good keys still work', async () => {
    const auth = { apiKeys: [panel.entry], jwt: issuer.options() };
    await using served = await startGateway(plainHandlers, { auth });
    const remembered = await issuer.sign();
    const send = (secret: string) => post(`${served.url}${ping}`, '{}', { authorization: `Bearer ${secret}` });
    assert.equal((await send(remembered)).status, 200);
    for (let index = 0; index < failureLimit.max; index++) assert.equal((await send(newApiKey('x').key)).status, 401);
    for (const secret of [newApiKey('x').key, 'a.b.c', await issuer.sign({ jti: 'new' })]) {
      const refused = await send(secret);
      assert.equal(refused.status, 429);
      assert.ok(Number(refused.headers.get('retry-after')) >= 1);
    }
    assert.equal((await send(panel.key)).status, 200);
    assert.equal((await send(remembered)).status, 200);
  });
});

function codeAndRetry({ code, retryable }: { code: string; retryable: boolean }): [string, boolean] {
  return [code, retryable];
}

describe('watching', () => {
  const watcher = apiKey('watcher', ['read:feed.limits']);

  async function open(url: string, protocols: readonly string[], headers: Record<string, string> = {}) {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/watch`, [...protocols], { headers });
    const messages: Record<string, unknown>[] = [];
    socket.on('message', (data) => messages.push(JSON.parse(String(data))));
    const closed = new Promise<[number, Buffer]>((resolve) => {
      socket.on('close', (...how) => resolve(how));
    });
    const outcome = await new Promise<unknown>((resolve) => {
      socket.on('open', () => resolve('open'));
      socket.on('unexpected-response', (_request, response) => resolve(response.statusCode));
      // What follows from a refusal.
      socket.on('error', () => {});
    });
    const next = async () => {
      while (messages.length === 0) await delay(5);
      return messages.shift();
    };
    return { socket, outcome, closed, next, say: (message: object) => socket.send(JSON.stringify(message)) };
  }

  test('a page sends its key as a subprotocol, which is not sent back', async () => {
    await using served = await startRegions({ auth: { apiKeys: [watcher.entry] } });
    served.limits.set(goodLimits);
    const secret = `isthmus.bearer.${watcher.key}`;
    for (const protocols of [
      ['isthmus', secret],
      [secret, 'isthmus'],
    ]) {
      const client = await open(served.url, protocols);
      assert.equal(client.outcome, 'open');
      assert.equal(client.socket.protocol, 'isthmus');
      client.say({ watch: 'feed.limits' });
      assert.deepEqual((await client.next())?.value, goodLimits);
      client.socket.terminate();
    }
  });

  test('each region takes its scope, also one that is not there', async () => {
    await using served = await startRegions({ auth: { apiKeys: [watcher.entry] } });
    const client = await open(served.url, [], watcher.headers);
    for (const region of ['feed.market', 'boiler', 'nothing']) {
      client.say({ watch: region });
      const problem = (await client.next())?.problem;
      assert.equal(Reflect.get(Object(problem), 'code'), 'FORBIDDEN', region);
      assert.equal(Reflect.get(Object(problem), 'detail'), `it takes the scope read:${region}`);
    }
    client.socket.terminate();
  });

  test('nobody, and somebody unknown, cannot connect', async () => {
    await using served = await startRegions({ auth: { apiKeys: [watcher.entry] } });
    const unknown = [
      ['isthmus'],
      ['isthmus', `isthmus.bearer.${newApiKey('watcher').key}`],
      ['isthmus', 'isthmus.bearer.'],
    ];
    for (const protocols of [[], ...unknown]) {
      const { outcome, socket } = await open(served.url, protocols);
      assert.equal(outcome, 401, `${protocols}`);
      socket.terminate();
    }
    assert.equal((await fetch(`${served.url}/v1/watch?token=${watcher.key}`)).status, 401);
  });

  test('a watch ends with the credentials behind it, over a WebSocket and as events', async () => {
    const short = () => issuer.sign({ scope: 'read:*', exp: Math.floor(Date.now() / 1000) + 8 });
    const jwt = issuer.options({ clockToleranceSeconds: 0 });
    await using served = await startRegions({ auth: { jwt } });
    served.limits.set(goodLimits);
    const token = await short();
    const client = await open(served.url, ['isthmus', `isthmus.bearer.${token}`]);
    using events = await openEvents(`${served.url}/v1/regions/feed.limits/watch`, { authorization: `Bearer ${token}` });
    assert.deepEqual((await events.next())?.data, goodLimits);
    client.say({ watch: 'feed.limits' });
    assert.deepEqual((await client.next())?.value, goodLimits);
    assert.equal(Reflect.get(Object((await client.next())?.problem), 'code'), 'UNAUTHENTICATED');
    const [code, reason] = await client.closed;
    assert.deepEqual([code, String(reason)], [1008, 'the credentials have expired']);
    const last = await events.next();
    assert.deepEqual([last?.type, Reflect.get(Object(last?.data), 'code')], ['problem', 'UNAUTHENTICATED']);
    assert.equal(await events.next(), undefined);
    assert.equal(served.limits.watching, 0);
  });
});

test('no secret reaches the log, at any level, or an answer', async () => {
  const auth = { apiKeys: [panel.entry], jwt: issuer.options() };
  await using served = await startRegions({ auth });
  const token = await issuer.sign({ scope: 'read:*' });
  const secrets = [panel.key, newApiKey('panel').key, token, await issuer.sign({ aud: 'x' }), 'hunter2hunter2'];
  let answers = '';
  const send = async (method: string, path: string, headers: Record<string, string>) => {
    const outgoing = request(`${served.url}${path}`, { method, headers, agent: false });
    outgoing.end(method === 'GET' ? undefined : '{"not": json');
    const [response] = await once(outgoing, 'response');
    answers += `${JSON.stringify(response.headers)}${await text(response)}`;
  };
  for (const secret of secrets) {
    for (const headers of [
      { authorization: `Bearer ${secret}` },
      { authorization: `Basic ${secret}` },
      { authorization: secret },
      { 'x-api-key': secret },
      { 'x-api-key': secret, authorization: `Bearer ${secret}` },
      { cookie: secret },
    ]) {
      for (const [method, path] of [
        ['GET', '/v1/regions/feed.limits'],
        ['PUT', '/v1/regions/feed.limits'],
        ['POST', '/v1/call/x/y'],
        ['GET', `/nothing?key=${secret}`],
        ['GET', `/v1/regions/feed.limits?token=x`],
      ] as const) {
        await send(method, path, headers);
      }
    }
    const client = new WebSocket(`${served.url.replace('http', 'ws')}/v1/watch`, [
      'isthmus',
      `isthmus.bearer.${secret}`,
    ]);
    client.on('error', () => {});
    client.on('open', () => client.send('{"watch": 5}'));
    client.on('message', (data) => {
      answers += String(data);
      client.close();
    });
    await new Promise((resolve) => client.on('close', resolve));
    // What is no HTTP.
    const raw = connect(Number(new URL(served.url).port), '127.0.0.1');
    raw.write(`GET / HTTP/1.1\r\nauthorization: Bearer ${secret}\r\nbad header\r\n\r\n`);
    for await (const chunk of raw) answers += String(chunk);
  }
  const log = JSON.stringify(served.log);
  assert.ok(served.log.length > secrets.length * 30);
  assert.ok(log.includes('api-key:panel'));
  for (const secret of secrets) {
    // The signature or the random part: what makes it a secret.
    const part = secret.slice(-20);
    assert.ok(!log.includes(part), 'in the log');
    assert.ok(!answers.includes(part), 'in an answer');
  }
});
