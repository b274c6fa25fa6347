/** Every row of "bad input gets": each wrong request over real HTTP, and what it is answered with. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type ErrorCode, errors, IsthmusError } from '@isthmus/schema';
import type { Problem } from '../../src/index.ts';
import {
  type Body,
  goodQuote,
  plainHandlers,
  post,
  problemIn,
  startGateway,
  type TestGateway,
} from '../support/gateway.ts';

let served: TestGateway;
let failWith: IsthmusError;
const everything = { flag: true, count: 1, big: '1', shift: '-1', name: 'abc', inner: { level: 1, ratio: 0.5 } };

before(async () => {
  const quote = (input: unknown) => {
    const volatility = Reflect.get(Object(input), 'volatility');
    if (volatility === -1) throw failWith;
    if (volatility === -2) throw new TypeError('a bug with a secret in it');
    return { price: volatility };
  };
  served = await startGateway({ ...plainHandlers, quote }, { bodyLimitBytes: 2048, maxTimeoutMs: 5000 });
});
after(() => served[Symbol.asyncDispose]());

async function refused(response: Response, code: ErrorCode): Promise<Problem> {
  const problem = await problemIn(response);
  assert.equal(response.status, errors[code].http, JSON.stringify(problem));
  assert.equal(response.headers.get('content-type'), 'application/problem+json; charset=utf-8');
  assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
  assert.equal(problem.code, code);
  assert.equal(problem.type, `urn:isthmus:error:${code}`);
  assert.equal(problem.title, errors[code].message);
  assert.equal(problem.status, response.status);
  assert.equal(problem.action, errors[code].action);
  assert.equal(typeof problem.retryable, 'boolean');
  assert.notEqual(problem.detail, '');
  return problem;
}

const pointers = (problem: Problem) => (problem.errors ?? []).map((field) => field.pointer).sort();
const quote = (body: Body, headers: Record<string, string> = {}) =>
  post(`${served.url}/v1/call/pricing/quote`, body, headers);
const echo = (value: unknown) => post(`${served.url}/v1/call/pricing/echo`, JSON.stringify(value));

describe('malformed bodies', () => {
  const bodies: [string, Body][] = [
    ['cut short', '{"spot":42,'],
    ['empty', ''],
    ['NaN, which JSON does not have', '{"spot":NaN,"volatility":0.2,"kind":"call"}'],
    ['two documents', `${JSON.stringify(goodQuote)}{}`],
    ['not UTF-8', new Uint8Array([0x22, 0xff, 0xfe, 0x22])],
    ['a byte order mark', '\ufeff{}'],
    ['deep nesting that never closes', '['.repeat(2000)],
  ];
  for (const [what, body] of bodies) {
    test(what, async () => {
      const problem = await refused(await quote(body), 'MALFORMED_BODY');
      assert.deepEqual(pointers(problem), ['']);
    });
  }
});

describe('input that does not fit the schema', () => {
  const inputs: [string, unknown, string[]][] = [
    ['wrong type', { ...everything, flag: 'yes' }, ['/flag']],
    ['no coercion of numbers in text', { ...everything, count: '1' }, ['/count']],
    ['missing', { ...everything, name: undefined }, ['/name']],
    ['unknown', { ...everything, colour: 'red' }, ['/colour']],
    ['unknown with a name that needs escaping', { ...everything, 'a/b~c': 1 }, ['/a~1b~0c']],
    ['out of its range', { ...everything, count: 1001 }, ['/count']],
    ['a fraction', { ...everything, count: 1.5 }, ['/count']],
    ['2^64', { ...everything, big: '18446744073709551616' }, ['/big']],
    ['2^64 as a number', { ...everything, big: 2 ** 64 }, ['/big']],
    ['negative where unsigned', { ...everything, big: '-1' }, ['/big']],
    ['below the least i64', { ...everything, shift: '-9223372036854775809' }, ['/shift']],
    ['text too long in bytes though not in characters', { ...everything, name: 'ééééé' }, ['/name']],
    ['text with NUL', { ...everything, name: 'a\0b' }, ['/name']],
    ['text with half of a surrogate pair', { ...everything, name: '\ud800' }, ['/name']],
    ['nested', { ...everything, inner: { level: 256, ratio: 0 } }, ['/inner/level']],
    ['nested and missing', { ...everything, inner: {} }, ['/inner/level', '/inner/ratio']],
    ['null', null, ['']],
    ['an array', [], ['']],
    ['a number', 7, ['']],
    [
      'many at once',
      { flag: 1, count: -11, big: 'x', name: 1, more: 1, inner: { level: -1, ratio: 'r' } },
      ['/big', '/count', '/flag', '/inner/level', '/inner/ratio', '/more', '/name', '/shift'],
    ],
  ];
  for (const [what, input, expected] of inputs) {
    test(what, async () => {
      const problem = await refused(await echo(input), 'INVALID_INPUT');
      assert.deepEqual(pointers(problem), expected);
      for (const field of problem.errors ?? []) assert.notEqual(field.message, '');
    });
  }

  test('a number beyond f64', async () => {
    const problem = await refused(await quote('{"spot":1e999,"volatility":0.2,"kind":"call"}'), 'INVALID_INPUT');
    assert.deepEqual(pointers(problem), ['/spot']);
  });

  test('a name given twice', async () => {
    const body = '{"spot":1,"volatility":0.2,"kind":"call","spot":2}';
    const problem = await refused(await quote(body), 'INVALID_INPUT');
    assert.deepEqual(problem.errors, [{ pointer: '/spot', message: 'is given twice' }]);
  });

  for (const name of ['__proto__', 'constructor', 'toString']) {
    test(`${name} is one more unknown field`, async () => {
      const body = `{"spot":1,"volatility":0.2,"kind":"call","${name}":{"polluted":true}}`;
      const problem = await refused(await quote(body), 'INVALID_INPUT');
      assert.deepEqual(pointers(problem), [`/${name}`]);
      assert.equal(Reflect.get({}, 'polluted'), undefined);
    });
  }

  test('lists at most 100 bad fields and counts the rest', async () => {
    const body = Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`x${i}`, 0]));
    const problem = await refused(await echo({ ...everything, ...body }), 'INVALID_INPUT');
    assert.equal(problem.errors?.length, 100);
    assert.match(problem.detail, /50 more bad fields/);
  });

  test('the wrong number of bytes', async () => {
    const response = await quote(new Uint8Array(3), { 'content-type': 'application/octet-stream' });
    assert.deepEqual(pointers(await refused(response, 'MALFORMED_BODY')), ['']);
  });

  test('a body for a method without input', async () => {
    await refused(await post(`${served.url}/v1/call/pricing/ping`, '{"a":1}'), 'INVALID_INPUT');
  });
});

describe('x-timeout-ms', () => {
  for (const value of ['0', '-1', '1.5', 'soon', '', '1e3', '0x10', '5001', '99999999999']) {
    test(`refuses ${JSON.stringify(value)}`, async () => {
      const response = await quote(JSON.stringify(goodQuote), { 'x-timeout-ms': value });
      const problem = await refused(response, 'INVALID_ARGUMENT');
      assert.match(problem.detail, /x-timeout-ms/);
    });
  }
});

describe('routes', () => {
  test('unknown service', async () => {
    const problem = await refused(await post(`${served.url}/v1/call/nope/quote`, '{}'), 'UNKNOWN_SERVICE');
    assert.match(problem.detail, /nope/);
  });
  test('unknown service, whatever the body', async () => {
    await refused(
      await post(`${served.url}/v1/call/nope/quote`, '{', { 'content-type': 'text/css' }),
      'UNKNOWN_SERVICE',
    );
  });
  test('a service with the name of an inherited property', async () => {
    await refused(await post(`${served.url}/v1/call/constructor/name`, '{}'), 'UNKNOWN_SERVICE');
  });
  test('unknown method', async () => {
    const problem = await refused(await post(`${served.url}/v1/call/pricing/nope`, '{}'), 'UNKNOWN_METHOD');
    assert.match(problem.detail, /quote, echo, ping/);
  });
  for (const path of ['/nope', '/v1', '/v1/call/pricing/quote/more', '/v2/call/pricing/quote']) {
    test(`nothing at ${path}`, async () => {
      await refused(await post(`${served.url}${path}`, '{}'), 'NOT_FOUND');
      await refused(await fetch(`${served.url}${path}`), 'NOT_FOUND');
    });
  }
  test('a path that is not valid', async () => {
    await refused(await fetch(`${served.url}/v1/call/%zz`), 'INVALID_ARGUMENT');
  });

  for (const method of ['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND']) {
    test(`${method} on a call`, async () => {
      const response = await fetch(`${served.url}/v1/call/pricing/quote`, { method });
      assert.equal(response.headers.get('allow'), 'POST');
      await refused(response, 'METHOD_NOT_ALLOWED');
    });
  }
  test('HEAD on a call', async () => {
    const response = await fetch(`${served.url}/v1/call/pricing/quote`, { method: 'HEAD' });
    assert.equal(response.status, 405);
    assert.equal(response.headers.get('allow'), 'POST');
  });
  for (const path of ['/', '/healthz', '/readyz', '/openapi.json']) {
    for (const method of ['POST', 'PROPFIND']) {
      test(`${method} on ${path}`, async () => {
        const response = await fetch(`${served.url}${path}`, { method });
        assert.equal(response.headers.get('allow'), 'GET, HEAD');
        await refused(response, 'METHOD_NOT_ALLOWED');
      });
    }
  }
});

describe('bodies', () => {
  test('over the limit, with and without a length', async () => {
    await refused(await quote('x'.repeat(5000)), 'BODY_TOO_LARGE');
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new Uint8Array(5000));
        controller.close();
      },
    });
    const response = await fetch(`${served.url}/v1/call/pricing/quote`, {
      method: 'POST',
      body: stream,
      duplex: 'half',
      headers: { 'content-type': 'application/json' },
    });
    await refused(response, 'BODY_TOO_LARGE');
  });
  for (const type of [
    'text/plain',
    'application/xml',
    'application/x-www-form-urlencoded',
    'nonsense',
    'application/json2',
  ]) {
    test(`content type ${type}`, async () => {
      await refused(await quote(JSON.stringify(goodQuote), { 'content-type': type }), 'UNSUPPORTED_MEDIA_TYPE');
    });
  }
  test('no content type at all', async () => {
    for (const method of ['quote', 'ping']) {
      const response = await fetch(`${served.url}/v1/call/pricing/${method}`, { method: 'POST' });
      await refused(response, 'UNSUPPORTED_MEDIA_TYPE');
    }
  });
});

describe('what the call itself fails with', () => {
  const failing = () => quote(JSON.stringify({ ...goodQuote, volatility: -1 }));

  test("a refusal, with the handler's message and code", async () => {
    failWith = new IsthmusError('HANDLER_REFUSED', {
      detail: 'volatility is -1',
      handlerCode: 1,
      handlerError: 'negativeVolatility',
    });
    const problem = await refused(await failing(), 'HANDLER_REFUSED');
    assert.equal(problem.detail, 'volatility is -1');
    assert.equal(problem.handlerCode, 1);
    assert.equal(problem.handlerError, 'negativeVolatility');
    assert.equal(problem.retryable, false);
  });

  const outcomes: [ErrorCode, retryable: boolean, retryAfter: boolean][] = [
    ['RING_FULL', true, true],
    ['TOO_MANY_CALLS', true, true],
    ['NO_INSTANCE', true, true],
    ['INSTANCE_LOST', true, true],
    ['CLOSED', true, true],
    ['SCHEMA_MISMATCH', false, false],
    ['DEADLINE_EXCEEDED', true, false],
    ['HANDLER_FAULT', false, false],
    ['PEER_CORRUPT', true, false],
    ['RECORD_TOO_LARGE', false, false],
  ];
  for (const [code, retryable, retryAfter] of outcomes) {
    test(code, async () => {
      failWith = new IsthmusError(code, { detail: 'this time' });
      const response = await failing();
      assert.equal(response.headers.get('retry-after'), retryAfter ? '1' : null);
      assert.equal(response.headers.get('x-call-id') !== null, true);
      assert.match(response.headers.get('traceparent') ?? '', /^00-/);
      const problem = await refused(response, code);
      assert.equal(problem.detail, 'this time');
      assert.equal(problem.retryable, retryable);
    });
  }

  test('a method that is not idempotent is not safe to send again', async () => {
    served.client.live = 1;
    await using lost = await startGateway({
      echo: () => {
        throw new IsthmusError('INSTANCE_LOST');
      },
    });
    const response = await post(`${lost.url}/v1/call/pricing/echo`, JSON.stringify(everything));
    assert.equal(response.headers.get('retry-after'), null);
    assert.equal((await refused(response, 'INSTANCE_LOST')).retryable, false);
  });

  test('no instance', async () => {
    served.client.live = 0;
    const response = await quote(JSON.stringify(goodQuote));
    served.client.live = 1;
    assert.equal(response.headers.get('retry-after'), '1');
    assert.equal(response.headers.get('x-call-id'), null);
    await refused(response, 'NO_INSTANCE');
  });

  test('a bug: the log has it, the caller does not', async () => {
    const response = await quote(JSON.stringify({ ...goodQuote, volatility: -2 }));
    const problem = await refused(response, 'INTERNAL');
    assert.doesNotMatch(JSON.stringify(problem), /secret/);
    const line = served.log.find((entry) => entry.code === 'INTERNAL');
    assert.match(JSON.stringify(line?.err), /secret/);
  });
});

test('after all of that it serves as before', async () => {
  const response = await quote(JSON.stringify(goodQuote));
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), { price: 0.2 });
});
