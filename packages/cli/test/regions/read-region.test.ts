import assert from 'node:assert/strict';
import { test } from 'node:test';
import { f64, i64, optional, struct, text, u32 } from '@isthmus/schema';
import { readBytes, readJson } from '../../src/regions/read-region.ts';
import { FakeRegion } from '../fixtures/fake-region.ts';

const Boiler = struct('Boiler', { level: f64(), total: i64(), remark: optional(u32()) });
const Quote = struct('Quote', { symbol: text(8), bid: f64() });

const boiler = new FakeRegion(Boiler, [{ level: 1.5, total: '9007199254740993' }]);
const quotes = [
  { symbol: 'ACME', bid: 1 },
  { symbol: 'INIT', bid: 2 },
  { symbol: 'ACME', bid: 3 },
];
const market = new FakeRegion(Quote, quotes, { key: 'symbol', isLive: false });

test('the one row, whole or a field of it', async () => {
  assert.deepEqual(await readJson(boiler, undefined, {}), { level: 1.5, total: '9007199254740993' });
  assert.equal(await readJson(boiler, undefined, { field: 'total' }), '9007199254740993');
  assert.equal(await readJson(boiler, undefined, { field: 'remark' }), null);
});

test('a row of a table by its key, or all of them in an array', async () => {
  assert.deepEqual(await readJson(market, 'ACME', {}), { symbol: 'ACME', bid: 3 });
  assert.deepEqual(await readJson(market, undefined, { field: 'bid' }), [3, 2]);
  assert.deepEqual(await readJson(new FakeRegion(Quote, [], { key: 'symbol' }), undefined, {}), []);
});

test('with version and time', async () => {
  const stamped = await readJson(market, 'ACME', { stamp: true, field: 'bid' });
  assert.deepEqual(stamped, { tag: 'abc-2', time: '1970-01-01T00:00:03Z', live: false, value: 3 });
  const all = await readJson(market, undefined, { stamp: true });
  assert.deepEqual(all, [
    { tag: 'abc-2', time: '1970-01-01T00:00:03Z', live: false, value: { symbol: 'ACME', bid: 3 } },
    { tag: 'abc-1', time: '1970-01-01T00:00:02Z', live: false, value: { symbol: 'INIT', bid: 2 } },
  ]);
});

test('the bytes of one row, or of all, as they are in memory', async () => {
  const one = await readBytes(market, 'ACME');
  assert.equal(one.length, Quote.layout.size);
  assert.equal(Buffer.from(one).subarray(0, 5).toString(), 'ACME\0');
  const all = await readBytes(market, undefined);
  assert.equal(all.length, 2 * Quote.layout.size);
  assert.deepEqual(all.subarray(0, one.length), one);
});

test('what is not there is an error, and a wrong command line one of usage', async () => {
  await assert.rejects(readJson(new FakeRegion(Boiler, []), undefined, {}), { code: 'REGION_EMPTY' });
  await assert.rejects(readJson(market, 'NONE', {}), { code: 'UNKNOWN_ROW' });
  await assert.rejects(readJson(market, 'longer than eight', {}), { code: 'INVALID_ARGUMENT' });
  await assert.rejects(readJson(boiler, 'ACME', {}), { name: 'UsageError', message: /has no key/ });
  const message = 'Boiler has no field depth; it has: level, total, remark';
  await assert.rejects(readJson(boiler, undefined, { field: 'depth' }), { name: 'UsageError', message });
  await assert.rejects(readJson(boiler, undefined, { field: 'toString' }), { name: 'UsageError' });
});
