/** What is refused before its body is read, and what callers are told about when to come again. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { IsthmusError } from '@isthmus/schema';
import { eventually } from '../../../../test/support/eventually.ts';
import { Admission } from '../../src/http/admission.ts';
import { goodQuote, plainHandlers, post, problemIn, startGateway } from '../support/gateway.ts';

const quote = JSON.stringify(goodQuote);

describe('http.maxInFlight', () => {
  it('bounds the calls that are served at once, and says so to those beyond', async () => {
    const held = Promise.withResolvers<void>();
    let begun = 0;
    const handlers = {
      ...plainHandlers,
      quote: async () => {
        begun += 1;
        await held.promise;
        return { price: 1 };
      },
    };
    await using served = await startGateway(handlers, { maxInFlight: 2 });
    const url = `${served.url}/v1/call/pricing/quote`;
    const calls = [post(url, quote), post(url, quote)];
    await eventually('both to be under way', () => begun === 2);
    const refused = await post(url, quote);
    assert.equal(refused.status, 503);
    assert.equal(refused.headers.get('retry-after'), '1');
    const problem = await problemIn(refused);
    assert.deepEqual([problem.code, problem.retryable], ['OVERLOADED', true]);
    assert.equal(problem.detail, 'the gateway serves 2 calls at once, as http.maxInFlight says');
    // What is no call is answered.
    assert.equal((await fetch(`${served.url}/healthz`)).status, 200);
    held.resolve();
    for (const response of await Promise.all(calls)) assert.equal(response.status, 200);
    for (let i = 0; i < 5; i++) {
      const again = await post(url, quote);
      assert.equal(again.status, 200);
      await again.text();
    }
  });

  it('counts no call whose connection has gone, or that was refused', async () => {
    let begun = 0;
    const hang = (): Promise<never> => {
      begun += 1;
      return new Promise(() => {});
    };
    await using served = await startGateway({ ...plainHandlers, quote: hang }, { maxInFlight: 1 });
    const { hostname, port } = new URL(served.url);
    for (let round = 0; round < 3; round++) {
      const socket = connect(Number(port), hostname);
      await once(socket, 'connect');
      const head = `POST /v1/call/pricing/quote HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/json\r\n`;
      socket.write(`${head}content-length: ${quote.length}\r\n\r\n${quote}`);
      await eventually('it to be under way', () => begun === round + 1);
      const refused = await post(`${served.url}/v1/call/pricing/ping`, '{}');
      assert.equal(refused.status, 503);
      await refused.text();
      socket.destroy();
      await eventually('its place to be free', async () => {
        const response = await post(`${served.url}/v1/call/pricing/ping`, '{}');
        await response.text();
        return response.status !== 503;
      });
    }
  });
});

describe('an answer that waits', () => {
  /** More than the kernel takes for a socket that nobody reads. */
  const large = Buffer.alloc(64 * 1024 * 1024);
  const unreadMs = 200;

  async function answering(answer: (response: ServerResponse) => void) {
    const admission = new Admission(1, unreadMs);
    const server = createServer((_request, response) => {
      admission.admit({ raw: response });
      answer(response);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const close = async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    };
    return { admission, port, [Symbol.asyncDispose]: close };
  }

  it('frees the place of a caller that does not read its answer', async () => {
    await using served = await answering((response) => response.end(large));
    const socket = connect(served.port, '127.0.0.1').on('error', () => {});
    socket.pause().write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
    await eventually('the call', () => served.admission.inFlight === 1);
    await eventually('its place to be free', () => served.admission.inFlight === 0);
    socket.destroy();
  });

  it('comes as late as the handler likes', async () => {
    await using served = await answering((response) => {
      for (const times of [3, 6]) setTimeout(() => response.write('a'), times * unreadMs);
      setTimeout(() => response.end('b'), 9 * unreadMs);
    });
    const response = await fetch(`http://127.0.0.1:${served.port}/`);
    assert.equal(await response.text(), 'aab');
  });
});

describe('a call that the policies of the client refuse', () => {
  it('is refused before its body is read, and told when to come again', async () => {
    await using served = await startGateway();
    const asked: unknown[] = [];
    Object.assign(served.client, {
      $refusal(method: string, options: object) {
        asked.push([method, options]);
        return method === 'quote' ? new IsthmusError('CIRCUIT_OPEN', { retryAfterMs: 4200 }) : undefined;
      },
    });
    // No body comes at all, though the head says that one does.
    const { hostname, port } = new URL(served.url);
    const socket = connect(Number(port), hostname);
    socket.setEncoding('latin1');
    await once(socket, 'connect');
    const head = `POST /v1/call/pricing/quote HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/json\r\n`;
    socket.write(`${head}x-timeout-ms: 50\r\ncontent-length: 1000\r\n\r\n`);
    const [answer] = await once(socket, 'data');
    socket.destroy();
    assert.match(answer, /^HTTP\/1\.1 503 /);
    assert.match(answer, /retry-after: 5\r\n/i);
    assert.match(answer, /CIRCUIT_OPEN/);
    const other = await post(`${served.url}/v1/call/pricing/ping`, '{}');
    assert.equal(other.ok, true);
    await other.text();
    assert.deepEqual(asked, [
      ['quote', { timeoutMs: 50 }],
      ['ping', {}],
    ]);
    assert.equal(served.client.calls.length, 1);
  });
});
