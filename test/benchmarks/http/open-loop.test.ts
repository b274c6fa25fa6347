/** The load at a fixed rate charges a server for the requests that it keeps waiting. */
import assert from 'node:assert/strict';
import { createServer, type RequestListener, type Server } from 'node:http';
import { availableParallelism } from 'node:os';
import { describe, test } from 'node:test';
import { missingPrograms } from '../../../benchmarks/harness/toolchains.ts';
import { buildOpenLoop } from '../../../benchmarks/http/build.ts';
import { connections, runOpenLoop } from '../../../benchmarks/http/load.ts';
import { checkAnswer, question } from '../../../benchmarks/http/question.ts';
import { listen } from '../../../benchmarks/http/servers/lifetime.ts';

const why = missingPrograms('cc', 'taskset') ?? (availableParallelism() < 2 ? 'it needs two CPUs' : undefined);
const where = { cpus: { client: 0, server: 1 }, isUrgent: false, folder: '' };

class Site implements Disposable {
  readonly #server: Server;
  readonly url: string;

  private constructor(server: Server, url: string) {
    this.#server = server;
    this.url = url;
  }

  static async open(answer: RequestListener): Promise<Site> {
    const server = createServer(answer);
    return new Site(server, await listen(server));
  }

  [Symbol.dispose](): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

const answerAtOnce: RequestListener = (request, response) => {
  request.on('end', () => response.end('{}')).resume();
};

describe('a fixed rate', { skip: why ?? false }, () => {
  test('asks as often as it is told to, with the body that it is told', async () => {
    buildOpenLoop();
    const bodies: string[] = [];
    using site = await Site.open(async (request, response) => {
      bodies.push(Buffer.concat(await request.toArray()).toString());
      response.end('{}');
    });
    const { requests, unanswered, p50Ns, p999Ns } = await runOpenLoop(site.url, 200, 500, where);
    assert.equal(requests, 100);
    // Each connection asks once before that.
    assert.equal(bodies.length, connections + requests - unanswered);
    for (const body of bodies) assert.deepEqual(JSON.parse(body), question);
    assert.ok(p50Ns > 0 && p999Ns >= p50Ns);
  });

  test('counts the time in which requests wait for a connection', async () => {
    buildOpenLoop();
    // 64 connections, and each is held for 500 ms: 128 a second are answered, of the 1,000 that are due.
    using site = await Site.open((request, response) => {
      request.on('end', () => setTimeout(() => response.end('{}'), 500)).resume();
    });
    const { requests, unanswered, p50Ns, p99Ns } = await runOpenLoop(site.url, 1000, 1000, where);
    assert.equal(requests, 1000);
    assert.ok(unanswered > 0, 'they were all answered');
    assert.ok(p50Ns >= 1e9, `half of them waited for ${p50Ns} ns`);
    assert.ok(p99Ns >= p50Ns);
  });

  test('fails where requests are refused, and where connections end', async () => {
    buildOpenLoop();
    using refusing = await Site.open((request, response) => {
      response.statusCode = 503;
      answerAtOnce(request, response);
    });
    await assert.rejects(runOpenLoop(refusing.url, 100, 100, where), /10 of 10 requests were refused/);
    using ending = await Site.open((request) => request.socket.destroy());
    await assert.rejects(runOpenLoop(ending.url, 100, 100, where), /open-loop: a connection/);
  });
});

describe('an answer', () => {
  test('is checked to the last digit that counts', async () => {
    const answer = { price: 4.759422392871532, delta: 0.7791312909426689, gamma: 0.04996267040591185 };
    const greeks = { vega: 8.813415059602853, theta: -4.559092194592626, rho: 13.982045913360281 };
    const reply = async (status: number, body: unknown) => {
      using site = await Site.open((request, response) => {
        response.statusCode = status;
        request.on('end', () => response.end(JSON.stringify(body))).resume();
      });
      await checkAnswer(site.url, { echoes: false });
    };
    await reply(200, { ...answer, ...greeks });
    await assert.rejects(reply(500, { ...answer, ...greeks }), /it answered 500/);
    await assert.rejects(reply(200, answer), /it answered 200 with/);
    await assert.rejects(reply(200, { ...answer, ...greeks, rho: 13.98204591 }), /it answered 200 with/);
    await assert.rejects(reply(200, { ...answer, ...greeks, more: 1 }), /it answered 200 with/);
    await assert.rejects(reply(200, null), /it answered 200 with null/);
  });

  test('of a server that echoes is what it was asked', async () => {
    using echo = await Site.open((request, response) => {
      request.pipe(response);
    });
    await checkAnswer(echo.url, { echoes: true });
    await assert.rejects(checkAnswer(echo.url, { echoes: false }), /it answered 200 with/);
  });
});
