/** The compiler runs these tests: a region whose types are not what its schema says does not compile. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Client,
  connect,
  type Owner,
  type Region,
  type RegionEvent,
  type Snapshot,
  type Stamp,
  type Table,
  type WriteOptions,
} from '@isthmus/core';
import { call, region, service, struct, text, u32, u64 } from '@isthmus/schema';

/** True where each can stand for the other. */
type Same<A, B> = [A, B] extends [B, A] ? true : false;
function same<A, B>(..._proof: Same<A, B> extends true ? [] : [never]): void {}

const Quote = struct('Quote', { symbol: text(7), price: u32(), size: u32({ default: 1 }) });
const Seat = struct('Seat', { number: u64(), name: text(7) });
const schema = service('types', {
  last: region(Quote),
  market: region(Quote, { key: 'symbol', rows: 4 }),
  seats: region(Seat, { key: 'number', rows: 4, writers: 'many' }),
  ping: call({}),
});
type C = Client<typeof schema>;
interface Value {
  symbol: string;
  price: number;
  size: number;
}
interface Input {
  symbol: string;
  price: number;
  size?: number | undefined;
}

test('regions are typed by their schema', () => {
  same<C['last'], Region<Value, Input>>();
  same<C['market'], Table<Value, Input, string>>();
  same<C['seats'], Table<{ number: bigint; name: string }, { number: bigint; name: string }, bigint>>();
  same<ReturnType<C['last']['read']>, Snapshot<Value>>();
  same<ReturnType<C['last']['watch']>, AsyncGenerator<RegionEvent<Value>, undefined, undefined>>();
  same<C['market']['write'], (value: Input, options?: WriteOptions) => Stamp>();
  same<Parameters<C['seats']['read']>, [key: bigint]>();
  same<ReturnType<C['seats']['write']>, Stamp>();
  same<Owner<typeof schema>['market'], C['market']>();
  same<ReturnType<C['ping']>, Promise<undefined>>();
  // An owner answers no calls.
  same<Extract<keyof Owner<typeof schema>, 'ping'>, never>();
});

test('fields have their own types, and only they are there', async () => {
  await using client = await connect(schema, { path: '/nowhere', waitForInstance: false });
  const uses: (() => void)[] = [
    () => client.last.get('price').toFixed(),
    () => client.seats.get(1n, 'number').toString(),
    () => client.last.set('size', undefined),
    // @ts-expect-error: there is no such field.
    () => client.last.get('prize'),
    // @ts-expect-error: it is a number.
    () => client.last.set('price', '1'),
    // @ts-expect-error: it has no key.
    () => client.last.rows(),
    // @ts-expect-error: the key is a bigint.
    () => client.seats.read(1),
  ];
  for (const use of uses) assert.throws(use);
});
