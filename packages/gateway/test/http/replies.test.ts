/** Calls with several replies, and with none. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { IsthmusError } from '@isthmus/schema';
import { eventually } from '../../../../test/support/eventually.ts';
import { fillOf, plainHandlers, post, problemIn, startGateway, type TestGateway } from '../support/gateway.ts';

let served: TestGateway;
before(async () => {
  served = await startGateway();
});
after(() => served[Symbol.asyncDispose]());

const call = (method: string, body: object, headers: Record<string, string> = {}, url = served.url) =>
  post(`${url}/v1/call/pricing/${method}`, JSON.stringify(body), headers);
const inJson = (index: number) => ({
  at: `1970-01-01T00:00:0${index}Z`,
  price: `${index}.50`,
  venue: `venue ${index}`,
});

describe('several replies', () => {
  test('a line each', async () => {
    const response = await call('fills', { count: 3 });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'application/x-ndjson; charset=utf-8');
    assert.match(response.headers.get('x-call-id') ?? '', /^\d+$/);
    const lines = (await response.text()).split('\n');
    assert.equal(lines.pop(), '');
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)),
      [0, 1, 2].map(inJson),
    );
  });

  test('none at all is an empty answer', async () => {
    const response = await call('fills', { count: 0 });
    assert.equal(response.status, 200);
    assert.equal(await response.text(), '');
  });

  test('server-sent events, where they are preferred', async () => {
    const response = await call('fills', { count: 2 }, { accept: 'text/event-stream' });
    assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
    const [first, second] = [0, 1].map((index) => `id: ${index}\ndata: ${JSON.stringify(inJson(index))}\n\n`);
    assert.equal(await response.text(), `${first}${second}event: end\ndata: {}\n\n`);
  });

  test('bytes one after the other', async () => {
    for (const body of ['{"count":3}', Buffer.from([3, 0, 0, 0])]) {
      const type = typeof body === 'string' ? 'application/json' : 'application/octet-stream';
      const response = await post(`${served.url}/v1/call/pricing/pages`, body, { 'content-type': type });
      assert.equal(response.headers.get('content-type'), 'application/octet-stream');
      assert.equal(await response.text(), 'page 0;page 1;page 2;');
    }
  });

  test('an error before the first reply is an error like any other', async () => {
    assert.equal((await problemIn(await call('fills', { count: -1 }))).code, 'INVALID_INPUT');
    await using other = await startGateway({
      async *fills() {
        await delay(1);
        if (other.client.live > 0) throw new IsthmusError('HANDLER_REFUSED', { detail: 'not today', handlerCode: 1 });
        yield fillOf(0);
      },
    });
    const response = await call('fills', { count: 1 }, {}, other.url);
    assert.equal(response.status, 422);
    assert.equal((await problemIn(response)).detail, 'not today');
  });

  test('an error after it ends the answer with the problem, and is logged', async () => {
    const handlers = {
      async *fills() {
        yield fillOf(0);
        throw new IsthmusError('INSTANCE_LOST');
      },
      async *pages() {
        yield Buffer.from('page');
        throw new IsthmusError('INSTANCE_LOST');
      },
    };
    await using other = await startGateway(handlers);
    other.log.length = 0;
    const lines = (await (await call('fills', { count: 2 }, {}, other.url)).text()).trimEnd().split('\n');
    assert.equal(lines.length, 2);
    assert.equal(JSON.parse(lines[1] ?? '').$problem.code, 'INSTANCE_LOST');
    const events = await (await call('fills', { count: 2 }, { accept: 'text/event-stream' }, other.url)).text();
    assert.match(events, /\n\nevent: problem\ndata: \{.*"code":"INSTANCE_LOST".*\}\n\n$/);
    // Bytes have no place for it: the answer is cut short, which every HTTP client notices.
    await assert.rejects(async () => (await call('pages', { count: 2 }, {}, other.url)).arrayBuffer());
    await eventually('a line for each', () => other.log.length >= 3);
    assert.deepEqual(
      other.log.map((line) => line.code),
      ['INSTANCE_LOST', 'INSTANCE_LOST', 'INSTANCE_LOST'],
    );
  });

  test('replies come while the call goes on', async () => {
    const gate = Promise.withResolvers<void>();
    await using other = await startGateway({
      async *fills() {
        yield fillOf(0);
        await gate.promise;
        yield fillOf(1);
      },
    });
    const response = await call('fills', { count: 2 }, {}, other.url);
    const reader = response.body?.getReader();
    assert.ok(reader !== undefined);
    const first = await reader.read();
    assert.equal(JSON.parse(Buffer.from(first.value ?? []).toString()).venue, 'venue 0');
    gate.resolve();
    const second = await reader.read();
    assert.equal(JSON.parse(Buffer.from(second.value ?? []).toString()).venue, 'venue 1');
    assert.equal((await reader.read()).done, true);
  });

  test('a caller who reads slowly slows the call down', async () => {
    let made = 0;
    await using other = await startGateway({
      async *pages() {
        for (; made < 1000; made++) yield Buffer.alloc(64 * 1024);
      },
    });
    const request = httpRequest(`${other.url}/v1/call/pricing/pages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    });
    request.end('{"count":0}');
    const [response] = await once(request, 'response');
    await delay(300);
    const paused = made;
    assert.ok(paused < 500, `${paused} of 1000 replies were made for a caller who reads none`);
    let bytes = 0;
    for await (const chunk of response) bytes += chunk.length;
    assert.equal(bytes, 1000 * 64 * 1024);
  });

  test('a caller who goes away ends the call', async () => {
    const ended = Promise.withResolvers<void>();
    await using other = await startGateway({
      async *fills() {
        try {
          for (let index = 0; ; index++) {
            yield fillOf(index);
            await delay(1);
          }
        } finally {
          ended.resolve();
        }
      },
    });
    const response = await call('fills', { count: 1 }, {}, other.url);
    await response.body?.cancel();
    await ended.promise;
  });
});

describe('no reply', () => {
  test('202 and nothing else', async () => {
    const response = await call('note', { count: 1 });
    assert.equal(response.status, 202);
    assert.equal(await response.text(), '');
  });

  test('what is wrong with the request is said all the same', async () => {
    assert.equal((await call('note', { count: 'x' })).status, 400);
    await using other = await startGateway({ ...plainHandlers });
    other.client.live = 0;
    assert.equal((await call('note', { count: 1 }, {}, other.url)).status, 503);
  });
});
