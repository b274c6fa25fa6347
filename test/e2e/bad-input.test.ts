/** Everything bad that a caller or a C program can do, over real HTTP, and that nothing else suffers from it. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { type Bridge, copyExample, endBridge, makeWorkspace, startBridge, type Workspace } from './support/bridge.ts';
import { eventually, isthmusCommand } from './support/commands.ts';
import { type Answer, answerOf, hull, pointersOf, post } from './support/http.ts';
import { writeProbe } from './support/probe.ts';
import { isAlive, type ProcessId } from './support/processes.ts';

let workspace: Workspace;
let bridge: Bridge | undefined;
let url = '';
let pricing: readonly ProcessId[] = [];
before(async () => {
  workspace = await makeWorkspace();
  await copyExample(workspace);
  await writeProbe(workspace.folder);
  bridge = await startBridge({ cwd: workspace.folder, env: workspace.env }, [
    ...isthmusCommand,
    ...['start', '--config', 'probe.config.ts', '--port', '0'],
  ]);
  url = `${bridge.url}/v1/call`;
  pricing = bridge.instances('pricing');
});
after(async () => {
  if (bridge !== undefined) await endBridge(bridge);
  await workspace[Symbol.asyncDispose]();
});

/** Pricing goes on, in the processes in which it began. */
async function othersGoOn(): Promise<void> {
  const { status, body } = await post(`${url}/pricing/quote`, hull);
  assert.equal(status, 200);
  assert.match(String(body.price), /^4\.759422/);
  assert.equal(pricing.filter(isAlive).length, 2);
}

function expectProblem(answer: Answer, status: number, code: string, pointers: readonly string[] = []): void {
  const { headers, body } = answer;
  assert.deepEqual({ status: answer.status, code: body.code }, { status, code }, JSON.stringify(body));
  assert.equal(headers.get('content-type'), 'application/problem+json; charset=utf-8');
  assert.equal(body.status, status);
  assert.deepEqual([...pointersOf(answer)].sort(), [...pointers].sort());
  for (const member of ['type', 'title', 'action']) assert.ok(String(body[member]).length > 0, member);
}

describe('bodies that are not inputs', () => {
  const { spot: _, ...withoutSpot } = hull;
  const good = { count: '1', offset: '-1', name: 'level', level: 9, ratio: 0.5 };
  const cases: readonly [name: string, path: string, body: unknown, code: string, pointers: readonly string[]][] = [
    ['cut short', 'pricing/quote', '{"spot":42,', 'MALFORMED_BODY', ['']],
    ['empty', 'pricing/quote', '', 'MALFORMED_BODY', ['']],
    ['the word NaN', 'pricing/quote', '{"spot":NaN}', 'MALFORMED_BODY', ['']],
    ['an array', 'pricing/quote', [hull], 'INVALID_INPUT', ['']],
    ['a wrong type', 'pricing/quote', { ...hull, spot: '42' }, 'INVALID_INPUT', ['/spot']],
    ['null for a number', 'pricing/quote', { ...hull, spot: Number.NaN }, 'INVALID_INPUT', ['/spot']],
    ['infinity', 'pricing/quote', JSON.stringify(hull).replace('42', '1e999'), 'INVALID_INPUT', ['/spot']],
    ['a missing field', 'pricing/quote', withoutSpot, 'INVALID_INPUT', ['/spot']],
    ['an unknown field', 'pricing/quote', { ...hull, colour: 'red' }, 'INVALID_INPUT', ['/colour']],
    ['no such value', 'pricing/quote', { ...hull, kind: 'swap' }, 'INVALID_INPUT', ['/kind']],
    ['2^64', 'probe/echo', { ...good, count: '18446744073709551616' }, 'INVALID_INPUT', ['/count']],
    ['2^64 as a number', 'probe/echo', { ...good, count: 2 ** 64 }, 'INVALID_INPUT', ['/count']],
    ['-1 for unsigned', 'probe/echo', { ...good, count: -1 }, 'INVALID_INPUT', ['/count']],
    ['text too long', 'probe/echo', { ...good, name: '123456789' }, 'INVALID_INPUT', ['/name']],
    ['above the maximum', 'probe/echo', { ...good, level: 10 }, 'INVALID_INPUT', ['/level']],
    ['beyond f32', 'probe/echo', { ...good, ratio: 1e39 }, 'INVALID_INPUT', ['/ratio']],
    ['two at once', 'probe/echo', { ...good, level: 0.5, name: 7 }, 'INVALID_INPUT', ['/level', '/name']],
  ];
  for (const [name, path, body, code, pointers] of cases) {
    test(`${name}: 400 ${code}`, async () => {
      expectProblem(await post(`${url}/${path}`, body), 400, code, pointers);
    });
  }

  test('a good one passes', async () => {
    assert.deepEqual((await post(`${url}/probe/echo`, good)).body, good);
  });
});

describe('requests that go nowhere', () => {
  test('unknown service or method: 404', async () => {
    expectProblem(await post(`${url}/weather/quote`, hull), 404, 'UNKNOWN_SERVICE');
    expectProblem(await post(`${url}/pricing/guess`, hull), 404, 'UNKNOWN_METHOD');
  });

  test('wrong verb: 405 with Allow', async () => {
    const answer = await answerOf(await fetch(`${url}/pricing/quote`));
    expectProblem(answer, 405, 'METHOD_NOT_ALLOWED');
    assert.equal(answer.headers.get('allow'), 'POST');
  });

  test('body over the limit: 413', async () => {
    expectProblem(await post(`${url}/pricing/quote`, ' '.repeat(1024 * 1024 + 1)), 413, 'BODY_TOO_LARGE');
  });

  test('record over the limit: 413, naming the option', async () => {
    const answer = await post(`${url}/probe/large`, { text: 'x'.repeat(3000) });
    expectProblem(answer, 413, 'RECORD_TOO_LARGE');
    assert.match(`${answer.body.detail} ${answer.body.action}`, /requestRingBytes|request_ring_bytes/);
  });

  test('unknown content type: 415', async () => {
    const headers = { 'content-type': 'text/csv' };
    expectProblem(await post(`${url}/pricing/quote`, '42,40', { headers }), 415, 'UNSUPPORTED_MEDIA_TYPE');
  });

  test('too few bytes of the struct: 400', async () => {
    const headers = { 'content-type': 'application/octet-stream' };
    expectProblem(await post(`${url}/pricing/quote`, 'short', { headers }), 400, 'MALFORMED_BODY', ['']);
  });
});

describe('what the C side refuses, delays or breaks', () => {
  test("a refusal: 422 with the C side's own message and code", async () => {
    const answer = await post(`${url}/pricing/quote`, { ...hull, volatility: -0.1 });
    expectProblem(answer, 422, 'HANDLER_REFUSED');
    assert.match(String(answer.body.detail), /^volatility is -0\.1/);
    assert.deepEqual([answer.body.handlerCode, answer.body.handlerError], [3, 'volatilityNegative']);
  });

  test('its trace, deadline and id reach the handler, and the trace comes back', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01`, 'x-timeout-ms': '30000' };
    const { status, body, ...answer } = await post(`${url}/probe/context`, {}, { headers });
    assert.equal(status, 200);
    assert.equal(body.traceId, traceId);
    assert.equal(answer.headers.get('traceparent'), `00-${traceId}-${body.spanId}-01`);
    assert.notEqual(body.spanId, '00f067aa0ba902b7', 'the span is that of this call');
    assert.equal(answer.headers.get('x-call-id'), body.callId);
    assert.ok(Number(body.remainingMs) > 0 && Number(body.remainingMs) <= 30_000, `${body.remainingMs} ms`);
  });

  test('the deadline: 504', async (t) => {
    const begun = performance.now();
    const answer = await post(`${url}/probe/pause`, { ms: 5000 }, { headers: { 'x-timeout-ms': '100' } });
    const took = performance.now() - begun;
    expectProblem(answer, 504, 'DEADLINE_EXCEEDED');
    t.diagnostic(`${(took - 100).toFixed(1)} ms after the deadline`);
    assert.ok(took >= 99 && took < 4900, `${took} ms`);
    // Until its handler has ended, all others wait.
    const after = await post(`${url}/probe/context`, {}, { headers: { 'x-timeout-ms': '60000' } });
    assert.equal(after.status, 200);
  });

  test('a full ring: 429 with Retry-After, after the patience, and the rest is answered', async () => {
    const headers = { 'x-timeout-ms': '5000' };
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => post(`${url}/probe/pause`, { ms: 200 }, { headers })),
    );
    const refused = answers.filter(({ status }) => status === 429);
    assert.ok(refused.length > 0);
    for (const answer of refused) {
      expectProblem(answer, 429, 'RING_FULL');
      assert.match(answer.headers.get('retry-after') ?? '', /^\d+$/);
      assert.equal(answer.body.retryable, true);
    }
    assert.ok(answers.some(({ status }) => status === 200));
    const others = answers.filter(({ status }) => status !== 200 && status !== 429);
    for (const answer of others) expectProblem(answer, 504, 'DEADLINE_EXCEEDED');
    await othersGoOn();
  });

  test('NaN in a reply: 502', async () => {
    const answer = await post(`${url}/probe/notANumber`, {});
    expectProblem(answer, 502, 'HANDLER_FAULT', ['/value']);
    assert.match(String(answer.body.detail), /value/);
  });

  test('an instance that dies during the call: 503, and a new one serves', async (t) => {
    const answer = await post(`${url}/probe/die`, {});
    expectProblem(answer, 503, 'INSTANCE_LOST');
    assert.equal(answer.body.retryable, false, 'the method is not idempotent');
    await othersGoOn();
    const begun = performance.now();
    await eventually(async () => ((await post(`${url}/probe/context`, {})).status === 200 ? true : undefined));
    t.diagnostic(`served again after ${Math.round(performance.now() - begun)} ms`);
  });

  test('no instance: 503', async () => {
    const answer = await post(`${url}/gone/ping`, {});
    expectProblem(answer, 503, 'NO_INSTANCE');
    assert.match(answer.headers.get('retry-after') ?? '', /^\d+$/);
    const { status, body } = await answerOf(await fetch(new URL('/readyz', url)));
    assert.deepEqual([status, body.ready], [503, false]);
  });

  test('a program of another schema is refused by name of what differs, and the others go on', async () => {
    const answer = await post(`${url}/stale/level`, { metres: 1 });
    expectProblem(answer, 503, 'NO_INSTANCE');
    await eventually(() => (/SCHEMA_MISMATCH.*datum/.test(bridge?.command.stderr() ?? '') ? true : undefined));
    await othersGoOn();
  });
});

test('a caller that goes away in the middle of its request costs nobody anything', async () => {
  const { hostname, port } = new URL(url);
  for (const cut of ['{', JSON.stringify(hull)]) {
    const headers = { 'content-type': 'application/json', 'content-length': JSON.stringify(hull).length };
    const outgoing = request({ hostname, port, path: '/v1/call/pricing/quote', method: 'POST', headers });
    outgoing.on('error', () => {});
    outgoing.write(cut);
    await new Promise((resolve) => setTimeout(resolve, 20));
    outgoing.destroy();
  }
  await othersGoOn();
});
