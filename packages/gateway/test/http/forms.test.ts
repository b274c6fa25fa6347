/** Every form of a payload, in and out. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { payloadCodec } from '@isthmus/codecs';
import type { Method } from '@isthmus/schema';
import { memoryOf } from '../support/fake-client.ts';
import { post, problemIn, startGateway, type TestGateway } from '../support/gateway.ts';
import { pricing } from '../support/schema.ts';

let served: TestGateway;
before(async () => {
  served = await startGateway();
});
after(() => served[Symbol.asyncDispose]());

const types = {
  json: 'application/json',
  msgpack: 'application/msgpack',
  protobuf: 'application/protobuf',
  struct: 'application/octet-stream',
} as const;
const forms = ['json', 'msgpack', 'protobuf', 'struct'] as const;
type Form = (typeof forms)[number];

const order = {
  id: 2n ** 64n - 1n,
  terms: { kind: 'limit', price: '101.25' },
  rights: ['cancel', 'amend'],
  fills: [
    { at: 1_700_000_000_123_456_789n, price: '101.20', venue: 'Zürich', note: undefined },
    { at: -1n, price: '-0.05', venue: '', note: 'late' },
  ],
  key: new Uint8Array([0, 255, 128]),
  state: 'done',
};

function bytesOf(form: Form, payload: Method['input'], value: unknown): Buffer {
  const memory = memoryOf(new Uint8Array(4096));
  return Buffer.from(memory.bytes.subarray(0, payloadCodec(form, payload).encode(value, memory, 0)));
}

async function readValue(form: Form, payload: Method['output'], response: Response): Promise<unknown> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  return payloadCodec(form, payload).decode(memoryOf(bytes), 0, bytes.length);
}

describe('a struct with all that is new', () => {
  const { input, output } = pricing.calls.order;
  for (const sent of forms) {
    for (const wanted of forms) {
      test(`${sent} in, ${wanted} out`, async () => {
        const response = await post(`${served.url}/v1/call/pricing/order`, bytesOf(sent, input, order), {
          'content-type': types[sent],
          accept: types[wanted],
        });
        assert.equal(response.status, 200, await response.clone().text());
        assert.equal((response.headers.get('content-type') ?? '').split(';')[0], types[wanted]);
        assert.deepEqual(await readValue(wanted, output, response), order);
      });
    }
  }
});

describe('bytes', () => {
  test('go in as they are, and in no other form', async () => {
    const url = `${served.url}/v1/call/pricing/digest`;
    const response = await post(url, 'hello', { 'content-type': types.struct, accept: types.json });
    assert.deepEqual(await response.json(), { count: 5 });
    const refused = await post(url, '"aGVsbG8="', { 'content-type': types.json });
    assert.equal(refused.status, 415);
    assert.match((await problemIn(refused)).detail, /application\/octet-stream/);
  });

  test('come out as they are, whatever is accepted', async () => {
    for (const accept of [types.json, types.struct, 'text/html']) {
      const response = await post(`${served.url}/v1/call/pricing/render`, '{"count":3}', { accept });
      assert.equal(response.headers.get('content-type'), types.struct);
      assert.deepEqual([...new Uint8Array(await response.arrayBuffer())], [7, 7, 7]);
    }
  });
});

describe('bodies that are not what they say', () => {
  const cases: [Form, Uint8Array | string, string][] = [
    ['msgpack', Buffer.from([0xc1]), 'MALFORMED_BODY'],
    ['msgpack', Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff]), 'MALFORMED_BODY'],
    ['msgpack', '', 'MALFORMED_BODY'],
    ['msgpack', Buffer.from([0x81, 0xa5, ...Buffer.from('count'), 0xa1, 0x78]), 'INVALID_INPUT'],
    ['msgpack', Buffer.from([0x80]), 'INVALID_INPUT'],
    ['protobuf', Buffer.from([0xff]), 'MALFORMED_BODY'],
    ['protobuf', Buffer.from([0x08, 0xe9, 0x07]), 'INVALID_INPUT'],
    ['struct', Buffer.from([1, 0, 0]), 'MALFORMED_BODY'],
    ['struct', Buffer.from([0xff, 0xff, 0, 0]), 'INVALID_INPUT'],
    ['json', '', 'MALFORMED_BODY'],
    ['json', '{', 'MALFORMED_BODY'],
  ];
  for (const [form, body, code] of cases) {
    test(`${form} ${Buffer.from(body).toString('hex')}: ${code}`, async () => {
      const response = await post(`${served.url}/v1/call/pricing/render`, Buffer.from(body), {
        'content-type': types[form],
      });
      assert.equal(response.status, 400);
      const problem = await problemIn(response);
      assert.equal(problem.code, code, problem.detail);
      assert.ok((problem.errors ?? []).length > 0, problem.detail);
    });
  }
});
