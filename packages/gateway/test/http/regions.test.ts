/** Values of regions over HTTP: read, written, patched, and under which conditions. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { type ErrorCode, errors, IsthmusError } from '@isthmus/schema';
import type { Problem } from '../../src/index.ts';
import { problemIn } from '../support/gateway.ts';
import { goodBoiler, goodLimits, quote, type RegionGateway, startRegions } from '../support/regions.ts';

let served: RegionGateway;
beforeEach(async () => {
  served = await startRegions({ bodyLimitBytes: 2048 });
  served.market.set(quote('AAPL', 1));
  served.market.set(quote('MSFT', 2));
  served.market.set(quote('AAPL', 1.5));
  served.limits.set(goodLimits);
  served.slots.set({ id: 7, isTaken: true });
  served.boiler.set(goodBoiler);
});
afterEach(() => served[Symbol.asyncDispose]());

const OCTETS = 'application/octet-stream';
const PATCH = 'application/merge-patch+json';
const json = { 'content-type': 'application/json' };

function at(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${served.url}/v1/regions${path}`, init);
}

function put(path: string, value: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return at(path, { method: 'PUT', body: JSON.stringify(value), headers: { ...json, ...headers } });
}

function patch(path: string, value: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return at(path, { method: 'PATCH', body: JSON.stringify(value), headers: { 'content-type': PATCH, ...headers } });
}

async function refused(response: Response, code: ErrorCode): Promise<Problem> {
  const problem = await problemIn(response);
  assert.equal(problem.code, code, JSON.stringify(problem));
  assert.equal(response.status, errors[code].http);
  assert.equal(response.headers.get('content-type'), 'application/problem+json; charset=utf-8');
  return problem;
}

/** The member `regions` of a body: of the list, and of `/readyz`. */
async function regionsIn(response: Response): Promise<Record<string, unknown>[]> {
  const body: { regions: Record<string, unknown>[] } = JSON.parse(await response.text());
  return body.regions;
}

const pointers = (problem: Problem) => (problem.errors ?? []).map(({ pointer }) => pointer).sort();

describe('reading', () => {
  test('one value, with its version and time', async () => {
    const response = await at('/feed.limits');
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'application/json; charset=utf-8');
    assert.equal(response.headers.get('etag'), '"1f00d-1"');
    assert.equal(response.headers.get('last-modified'), 'Thu, 01 Jan 2026 00:00:01 GMT');
    assert.equal(response.headers.get('vary'), 'accept');
    assert.equal(response.headers.get('isthmus-owner'), null);
    assert.deepEqual(await response.json(), goodLimits);
  });

  test('a row, and the same by the other spelling', async () => {
    for (const path of ['/feed.market/AAPL', '/feed.market?key=AAPL']) {
      const response = await at(path);
      assert.equal(response.headers.get('etag'), '"1f00d-2"');
      assert.deepEqual(await response.json(), quote('AAPL', 1.5));
    }
  });

  test('a table: its rows in the order in which they were added, and a version of all of them', async () => {
    const first = await at('/feed.market');
    assert.deepEqual(await first.json(), [quote('AAPL', 1.5), quote('MSFT', 2)]);
    assert.equal(first.headers.get('last-modified'), 'Thu, 01 Jan 2026 00:00:04 GMT');
    const tag = first.headers.get('etag');
    assert.equal((await at('/feed.market')).headers.get('etag'), tag);
    served.market.set(quote('MSFT', 3));
    assert.notEqual((await at('/feed.market')).headers.get('etag'), tag);
  });

  test('a table without rows', async () => {
    await using empty = await startRegions();
    const response = await fetch(`${empty.url}/v1/regions/feed.market`);
    assert.deepEqual(await response.json(), []);
    assert.equal(response.headers.get('last-modified'), null);
  });

  test('a key whose text needs escaping, or is a word of the path', async () => {
    for (const symbol of ['a/b', 'é ?', 'watch', '']) {
      served.market.set(quote(symbol, 9));
      const query = await at(`/feed.market?key=${encodeURIComponent(symbol)}`);
      assert.deepEqual(await query.json(), quote(symbol, 9));
      if (symbol === 'watch') continue;
      assert.deepEqual(await (await at(`/feed.market/${encodeURIComponent(symbol)}`)).json(), quote(symbol, 9));
    }
  });

  test('bytes, of one row and of all', async () => {
    const accept = { headers: { accept: OCTETS } };
    const one = await at('/boiler', accept);
    assert.equal(one.headers.get('content-type'), OCTETS);
    assert.deepEqual([...new Uint8Array(await one.arrayBuffer())], [1, 0, 251, 255, 255, 255, 1, 2, 3]);
    const all = await at('/feed.market', accept);
    assert.equal((await all.arrayBuffer()).byteLength, 2 * served.market.struct.layout.size);
  });

  test('what is attached has a version but no time', async () => {
    const response = await at('/boiler');
    assert.deepEqual(await response.json(), goodBoiler);
    assert.match(response.headers.get('etag') ?? '', /^"1f00d-\d+"$/);
    assert.equal(response.headers.get('last-modified'), null);
  });

  test('the owner is gone: the last value, and a header that says so', async () => {
    served.limits.setLive(false);
    const response = await at('/feed.limits');
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('isthmus-owner'), 'gone');
  });

  test('HEAD', async () => {
    const response = await at('/feed.limits', { method: 'HEAD' });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('etag'), '"1f00d-1"');
    assert.equal(await response.text(), '');
  });

  test('errors of the region', async () => {
    await using empty = await startRegions();
    await refused(await fetch(`${empty.url}/v1/regions/feed.limits`), 'REGION_EMPTY');
    await refused(await at('/feed.market/NONE'), 'UNKNOWN_ROW');
    await refused(await at('/sensor/1'), 'NOT_FOUND');
    const codes: ErrorCode[] = ['LOCK_TIMEOUT', 'LOCK_OWNER_DIED', 'SEGMENT_MISSING', 'GUARD_MISSING'];
    codes.push('SEGMENT_TOO_SMALL', 'SEGMENT_TRUNCATED', 'SEGMENT_MISMATCH', 'REGION_BUSY');
    codes.push('PERMISSION_DENIED', 'OUT_OF_MEMORY', 'SYSTEM', 'NO_INSTANCE', 'CLOSED', 'PEER_CORRUPT');
    for (const code of codes) {
      served.sensor.failure = new IsthmusError(code, { detail: 'as it happens' });
      const response = await at('/sensor');
      const isPassing = errors[code].retryable === 'always' && errors[code].http === 503;
      assert.equal(response.headers.get('retry-after'), isPassing ? '1' : null);
      await refused(response, code);
    }
  });

  test('bytes that are not a value', async () => {
    const bytes = new Uint8Array(served.market.struct.layout.size).fill(0xff);
    bytes.set(new TextEncoder().encode('BAD\0'));
    bytes.set(new Uint8Array(4), 4);
    served.market.setBytes(bytes);
    const one = await refused(await at('/feed.market/BAD'), 'HANDLER_FAULT');
    const all = await refused(await at('/feed.market'), 'HANDLER_FAULT');
    assert.deepEqual(pointers(one), ['/bid']);
    assert.deepEqual(pointers(all), ['/2/bid']);
  });
});

describe('conditions of reading', () => {
  const cases: [string, string, number][] = [
    ['if-none-match', '"1f00d-1"', 304],
    ['if-none-match', 'W/"1f00d-1"', 304],
    ['if-none-match', '"x", "1f00d-1"', 304],
    ['if-none-match', '*', 304],
    ['if-none-match', '"1f00d-2"', 200],
    // The bytes of the same version are another representation.
    ['if-none-match', '"1f00d-1.bytes"', 200],
    ['if-match', '"1f00d-1"', 200],
    ['if-match', '*', 200],
    ['if-match', 'W/"1f00d-1"', 412],
    ['if-match', '"1f00d-9"', 412],
    ['if-match', '1f00d-1', 400],
  ];
  for (const [name, value, status] of cases) {
    test(`${name}: ${value} is ${status}`, async () => {
      for (const method of ['GET', 'HEAD']) {
        const response = await at('/feed.limits', { method, headers: { [name]: value } });
        assert.equal(response.status, status);
        if (status < 400) assert.equal(response.headers.get('etag'), '"1f00d-1"');
        if (status === 304) assert.equal(await response.text(), '');
      }
    });
  }

  test('a table, until a row changes', async () => {
    const headers = { 'if-none-match': (await at('/feed.market')).headers.get('etag') ?? '' };
    assert.equal((await at('/feed.market', { headers })).status, 304);
    served.market.set(quote('AAPL', 3));
    assert.equal((await at('/feed.market', { headers })).status, 200);
  });

  test('the version of the bytes', async () => {
    const headers = { accept: OCTETS };
    const tag = (await at('/feed.limits', { headers })).headers.get('etag') ?? '';
    assert.equal(tag, '"1f00d-1.bytes"');
    assert.equal((await at('/feed.limits', { headers: { ...headers, 'if-none-match': tag } })).status, 304);
  });
});

describe('writing', () => {
  test('a value, whole: defaults are filled in, and the answer says what it is now', async () => {
    const { unit: _, ...rest } = goodLimits;
    const response = await put('/feed.limits', { ...rest, low: 0.5 });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('etag'), '"1f00d-2"');
    assert.equal(response.headers.get('content-location'), '/v1/regions/feed.limits');
    const expected = { ...goodLimits, low: 0.5, unit: 'bar' };
    assert.deepEqual(await response.json(), expected);
    assert.deepEqual(await (await at('/feed.limits')).json(), expected);
  });

  test('a row, and a new one', async () => {
    assert.equal((await put('/feed.slots/7', { id: 7, isTaken: false })).status, 200);
    assert.equal((await put('/feed.slots/8', { id: 8, isTaken: true })).status, 201);
    assert.equal((await put('/feed.slots?key=9', { id: 9, isTaken: true })).status, 201);
    assert.equal((await put('/feed.slots/10', { id: 10, isTaken: true })).status, 201);
    await refused(await put('/feed.slots/11', { id: 11, isTaken: true }), 'REGION_FULL');
  });

  test('bytes', async () => {
    const body = new Uint8Array([2, 0, 1, 0, 0, 0, 9, 9, 9]);
    const response = await at('/boiler', { method: 'PUT', body, headers: { 'content-type': OCTETS, accept: OCTETS } });
    assert.deepEqual(new Uint8Array(await response.arrayBuffer()), body);
    assert.deepEqual(await (await at('/boiler')).json(), { state: 2, level: 1, serial: 'CQkJ' });
  });

  test('bytes that are no value', async () => {
    const send = (body: Uint8Array<ArrayBuffer>) =>
      at('/feed.slots/7', { method: 'PUT', body, headers: { 'content-type': OCTETS } });
    await refused(await send(new Uint8Array(3)), 'MALFORMED_BODY');
    const problem = await refused(await send(new Uint8Array([7, 0, 0, 0, 2, 0, 0, 0])), 'INVALID_INPUT');
    assert.deepEqual(pointers(problem), ['/isTaken']);
  });

  test('fields that do not fit', async () => {
    const bodies: [unknown, string[]][] = [
      [{ ...goodLimits, low: -1 }, ['/low']],
      [{ ...goodLimits, low: undefined, colour: 'red' }, ['/colour', '/low']],
      [{ ...goodLimits, at: { x: 1 } }, ['/at/y']],
      [[], ['']],
    ];
    for (const [body, places] of bodies) {
      assert.deepEqual(pointers(await refused(await put('/feed.limits', body), 'INVALID_INPUT')), places);
    }
    assert.deepEqual(await (await at('/feed.limits')).json(), goodLimits);
  });

  test('the key of a row is the one of its path', async () => {
    const problem = await refused(await put('/feed.slots/7', { id: 8, isTaken: true }), 'INVALID_INPUT');
    assert.deepEqual(pointers(problem), ['/id']);
  });

  test('bodies that are none', async () => {
    const bodies: [string, ErrorCode][] = [
      ['', 'MALFORMED_BODY'],
      ['{', 'MALFORMED_BODY'],
      ['{"low":1,"low":2}', 'INVALID_INPUT'],
      ['x'.repeat(3000), 'BODY_TOO_LARGE'],
    ];
    for (const [method, type] of [
      ['PUT', 'application/json'],
      ['PATCH', PATCH],
    ] as const) {
      for (const [body, code] of bodies) {
        await refused(await at('/feed.limits', { method, body, headers: { 'content-type': type } }), code);
      }
    }
  });

  test('other content types', async () => {
    const types = ['text/plain', 'application/msgpack', PATCH, undefined];
    for (const type of types) {
      const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type };
      const body = new TextEncoder().encode('{}');
      await refused(await at('/feed.limits', { method: 'PUT', body, headers }), 'UNSUPPORTED_MEDIA_TYPE');
    }
    const response = await at('/feed.limits', { method: 'PATCH', body: '{}', headers: json });
    assert.equal(response.headers.get('accept-patch'), PATCH);
    await refused(response, 'UNSUPPORTED_MEDIA_TYPE');
  });

  test('what can only be read', async () => {
    for (const path of ['/feed.market/AAPL', '/feed.market', '/sensor']) {
      for (const method of ['PUT', 'PATCH']) {
        const response = await at(path, { method, body: '{}', headers: json });
        assert.equal(response.headers.get('allow'), 'GET, HEAD');
        await refused(response, 'REGION_READ_ONLY');
      }
    }
  });

  test('a table is written row by row', async () => {
    const response = await put('/feed.slots', [{ id: 1, isTaken: true }]);
    assert.equal(response.headers.get('allow'), 'GET, HEAD');
    const { detail } = await refused(response, 'METHOD_NOT_ALLOWED');
    assert.match(detail, /each row .* at a path of its own/);
  });

  test('other methods', async () => {
    const allowed: [string, string][] = [
      ['', 'GET, HEAD'],
      ['/feed.market', 'GET, HEAD'],
      ['/feed.market/AAPL', 'GET, HEAD'],
      ['/feed.market/AAPL/watch', 'GET, HEAD'],
      ['/feed.limits', 'GET, HEAD, PUT, PATCH'],
      ['/feed.limits/watch', 'GET, HEAD'],
    ];
    for (const [path, allow] of allowed) {
      for (const method of ['POST', 'DELETE']) {
        const response = await at(path, { method });
        assert.equal(response.headers.get('allow'), allow, `${method} ${path}`);
        await refused(response, 'METHOD_NOT_ALLOWED');
      }
    }
  });

  test('methods that Fastify does not know', async () => {
    const response = await at('/feed.limits', { method: 'PROPFIND' });
    assert.equal(response.headers.get('allow'), 'GET, HEAD, PUT, PATCH');
    await refused(response, 'METHOD_NOT_ALLOWED');
  });
});

describe('patching', () => {
  test('named fields change, the others stay', async () => {
    const response = await patch('/feed.limits', { high: 9, at: { y: 5 }, note: 3 });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('etag'), '"1f00d-2"');
    const expected = { ...goodLimits, high: 9, at: { x: 0, y: 5 }, note: 3 };
    assert.deepEqual(await response.json(), expected);
  });

  test('null takes away: what is optional is absent, what has a default gets it, what has none is refused', async () => {
    await patch('/feed.limits', { note: 3 });
    assert.deepEqual(await (await patch('/feed.limits', { note: null, unit: null })).json(), {
      ...goodLimits,
      unit: 'bar',
    });
    assert.deepEqual(pointers(await refused(await patch('/feed.limits', { high: null }), 'INVALID_INPUT')), ['/high']);
  });

  test('fields that do not fit', async () => {
    for (const [body, place] of [
      [{ low: 'x' }, '/low'],
      [{ colour: 1 }, '/colour'],
      [{ at: { z: 1 } }, '/at/z'],
      [5, ''],
    ] as const) {
      assert.deepEqual(pointers(await refused(await patch('/feed.limits', body), 'INVALID_INPUT')), [place]);
    }
    const own = await at('/feed.limits', {
      method: 'PATCH',
      body: '{"__proto__":{"low":3}}',
      headers: { 'content-type': PATCH },
    });
    assert.deepEqual(pointers(await refused(own, 'INVALID_INPUT')), ['/__proto__']);
  });

  test('a row, but not its key', async () => {
    assert.deepEqual(await (await patch('/feed.slots/7', { isTaken: false })).json(), { id: 7, isTaken: false });
    assert.equal((await patch('/feed.slots/7', { id: 7 })).status, 200);
    assert.deepEqual(pointers(await refused(await patch('/feed.slots/7', { id: 8 }), 'INVALID_INPUT')), ['/id']);
    await refused(await patch('/feed.slots/5', { isTaken: true }), 'UNKNOWN_ROW');
  });

  test('a write in between is not lost', async () => {
    served.limits.onUpdate = () => {
      served.limits.onUpdate = undefined;
      served.limits.set({ ...goodLimits, high: 100 });
    };
    assert.deepEqual(await (await patch('/feed.limits', { low: 0 })).json(), { ...goodLimits, low: 0, high: 100 });
  });

  test('a value that cannot be read cannot be patched', async () => {
    const bytes = new Uint8Array(served.limits.struct.layout.size).fill(0xff);
    served.limits.setBytes(bytes);
    await refused(await patch('/feed.limits', { low: 0 }), 'HANDLER_FAULT');
  });
});

describe('conditions of writing', () => {
  const slot = { id: 7, isTaken: false };
  const cases: [string, string, number][] = [
    ['if-match', '"1f00d-1"', 200],
    ['if-match', '"1f00d-1.bytes"', 200],
    ['if-match', '"x", "1f00d-1"', 200],
    ['if-match', '*', 200],
    ['if-match', '"1f00d-2"', 412],
    ['if-match', 'W/"1f00d-1"', 412],
    ['if-match', 'nonsense', 400],
    ['if-none-match', '*', 412],
    ['if-none-match', 'W/"1f00d-1"', 412],
    ['if-none-match', '"1f00d-2"', 200],
    ['if-unmodified-since', 'Thu, 01 Jan 2026 00:00:01 GMT', 400],
  ];
  for (const [name, value, status] of cases) {
    test(`${name}: ${value} is ${status}`, async () => {
      assert.equal((await put('/feed.slots/7', slot, { [name]: value })).status, status);
      assert.deepEqual(await (await at('/feed.slots/7')).json(), { id: 7, isTaken: status !== 200 });
    });
    test(`the same of a patch: ${name}: ${value}`, async () => {
      assert.equal((await patch('/feed.slots/7', { isTaken: false }, { [name]: value })).status, status);
    });
  }

  test('a row that is not there yet', async () => {
    const added = { id: 8, isTaken: true };
    await refused(await put('/feed.slots/8', added, { 'if-match': '*' }), 'REGION_CONFLICT');
    assert.equal((await put('/feed.slots/8', added, { 'if-none-match': '*' })).status, 201);
    await refused(await put('/feed.slots/8', added, { 'if-none-match': '*' }), 'REGION_CONFLICT');
  });

  test('two writers with the same version: one of them loses', async () => {
    const tag = (await at('/feed.slots/7')).headers.get('etag') ?? '';
    const statuses = (await Promise.all([1, 2].map(() => put('/feed.slots/7', slot, { 'if-match': tag })))).map(
      ({ status }) => status,
    );
    assert.deepEqual(statuses.sort(), [200, 412]);
  });

  test('a write that comes between the look and the patch', async () => {
    served.limits.onUpdate = () => {
      served.limits.onUpdate = undefined;
      served.limits.set(goodLimits);
    };
    await refused(await patch('/feed.limits', { low: 0 }, { 'if-match': '"1f00d-1"' }), 'REGION_CONFLICT');
  });

  test('the same where any version is right', async () => {
    served.limits.onUpdate = () => {
      served.limits.onUpdate = undefined;
      served.limits.set({ ...goodLimits, high: 100 });
    };
    const response = await patch('/feed.limits', { low: 0 }, { 'if-match': '*' });
    assert.deepEqual(await response.json(), { ...goodLimits, low: 0, high: 100 });
  });
});

describe('paths and parameters', () => {
  test('the list', async () => {
    const regions = await regionsIn(await at(''));
    assert.deepEqual(
      regions.map(({ name }) => name),
      ['feed.market', 'feed.limits', 'feed.slots', 'boiler', 'sensor'],
    );
    const [market, , , boiler] = regions;
    assert.deepEqual(market, {
      name: 'feed.market',
      description: 'The last prices.',
      struct: 'Quote',
      schema: { $ref: '/openapi.json#/components/schemas/feed.Quote.output' },
      key: 'symbol',
      rows: 64,
      writable: false,
      live: true,
      path: '/v1/regions/feed.market',
      watch: '/v1/regions/feed.market/watch',
    });
    assert.deepEqual(boiler?.schema, { $ref: '/openapi.json#/components/schemas/regions.boiler.Boiler.output' });
    const document = await (await fetch(`${served.url}/openapi.json`)).text();
    for (const { schema } of regions) {
      const name = String(Reflect.get(Object(schema), '$ref'))
        .split('/')
        .at(-1);
      assert.ok(document.includes(`${JSON.stringify(name)}:`), name);
    }
  });

  test('unknown regions and paths', async () => {
    for (const path of ['/nope', '/feed', '/feed.nope', '/feed.nope/x', '/toString']) {
      await refused(await at(path), 'UNKNOWN_REGION');
    }
    await refused(await at('/feed.limits/watch/x'), 'NOT_FOUND');
    await refused(await at('/feed.market/AAPL/x'), 'NOT_FOUND');
  });

  test('keys that cannot be one', async () => {
    for (const path of [
      '/feed.slots/x',
      '/feed.slots/1001',
      '/feed.slots/-1',
      '/feed.slots/07',
      '/feed.slots?key=1.5',
    ]) {
      await refused(await at(path), 'INVALID_ARGUMENT');
    }
    await refused(await at('/feed.market/123456789'), 'INVALID_ARGUMENT');
    await refused(await at('/feed.limits?key=x'), 'INVALID_ARGUMENT');
    await refused(await at('/feed.market/AAPL?key=AAPL'), 'INVALID_ARGUMENT');
    await refused(await at('/feed.market?key=AAPL&key=MSFT'), 'INVALID_ARGUMENT');
    await refused(await at('/feed.market?kee=AAPL'), 'INVALID_ARGUMENT');
  });

  test('/readyz shows who is there, and is ready without', async () => {
    served.boiler.setLive(false);
    const response = await fetch(`${served.url}/readyz`);
    assert.equal(response.status, 200);
    const regions = await regionsIn(response);
    assert.deepEqual(regions.slice(3), [
      { name: 'boiler', live: false },
      { name: 'sensor', live: true },
    ]);
  });
});
