/** The compiler runs these tests: a method whose type is not what its schema says does not compile. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type CallOptions,
  type Client,
  connect,
  type OneWayMethod,
  type RemoteMethod,
  type StreamMethod,
} from '@isthmus/core';
import { bytes, call, service, struct, u32 } from '@isthmus/schema';

/** True where each can stand for the other. */
type Same<A, B> = [A, B] extends [B, A] ? true : false;
function same<A, B>(..._proof: Same<A, B> extends true ? [] : [never]): void {}

const In = struct('In', { count: u32(), step: u32({ default: 1 }) });
const Out = struct('Out', { sum: u32() });
const schema = service('sums', {
  add: call({ input: In, output: Out }),
  reset: call({}),
  count: call({ input: In, output: Out, replies: 'many' }),
  beats: call({ replies: 'many' }),
  note: call({ input: In, replies: 'none' }),
  flip: call({ input: bytes(), output: bytes(), codec: 'msgpack' }),
});
type Sums = Client<typeof schema>;
interface Given {
  count: number;
  step?: number | undefined;
}

test('methods are typed by their schema and by how many replies they have', () => {
  same<Sums['add'], RemoteMethod<Given, { sum: number }>>();
  same<Sums['count'], StreamMethod<Given, { sum: number }>>();
  same<Sums['note'], OneWayMethod<Given>>();
  same<Sums['flip'], RemoteMethod<Uint8Array, Uint8Array>>();

  same<Parameters<Sums['add']>, [input: Given, options?: CallOptions]>();
  same<Parameters<Sums['reset']>, [input?: undefined, options?: CallOptions]>();
  same<ReturnType<Sums['add']>, Promise<{ sum: number }>>();
  same<ReturnType<Sums['add']['view']>, Promise<{ sum: number }>>();
  same<ReturnType<Sums['add']['sync']>, { sum: number }>();
  same<ReturnType<Sums['add']['jsonText']>, Promise<string>>();
  same<ReturnType<Sums['add']['raw']>, Promise<Uint8Array>>();
  same<ReturnType<Sums['reset']>, Promise<undefined>>();

  same<ReturnType<Sums['count']>, AsyncGenerator<{ sum: number }, undefined, undefined>>();
  same<ReturnType<Sums['count']['jsonText']>, AsyncGenerator<string, undefined, undefined>>();
  same<ReturnType<Sums['count']['raw']>, AsyncGenerator<Uint8Array, undefined, undefined>>();
  same<ReturnType<Sums['beats']>, AsyncGenerator<undefined, undefined, undefined>>();
  same<ReturnType<Sums['note']>, Promise<void>>();
});

test('forms that make no sense for a method are not there, in types or else', async () => {
  await using client = await connect(schema, { path: '/nowhere', waitForInstance: false });
  // @ts-expect-error: many replies cannot be waited for on the spot.
  assert.equal(client.count.sync, undefined);
  // @ts-expect-error: there is nothing to wait for.
  assert.equal(client.note.sync, undefined);
  // @ts-expect-error: there is nothing to look at.
  assert.equal(client.note.view, undefined);
  for (const method of [client.add, client.count]) assert.equal(typeof method.view, 'function');
  for (const method of [client.add, client.count, client.note]) {
    for (const form of ['json', 'jsonText', 'raw'] as const) assert.equal(typeof method[form], 'function');
  }
});
