import assert from 'node:assert/strict';
import { test } from 'node:test';
import { f64, struct, text } from '@isthmus/schema';
import { watchLines } from '../../src/regions/watch-region.ts';
import { FakeRegion } from '../fixtures/fake-region.ts';

const Quote = struct('Quote', { symbol: text(8), bid: f64() });
const { signal } = new AbortController();

test('a line of JSON for each event, and the watch is what was asked for', async () => {
  const values = [
    { symbol: 'ACME', bid: 1 },
    { symbol: 'ACME', bid: 2 },
  ];
  const market = new FakeRegion(Quote, values, { key: 'symbol' });
  const lines = await Array.fromAsync(watchLines(market, { key: 'ACME', maxRate: 5, signal }));
  assert.deepEqual(lines, [
    '{"tag":"abc-1","time":"1970-01-01T00:00:01Z","skipped":0,"live":true,"value":{"symbol":"ACME","bid":1}}\n',
    '{"tag":"abc-2","time":"1970-01-01T00:00:02Z","skipped":0,"live":true,"value":{"symbol":"ACME","bid":2}}\n',
  ]);
  assert.deepEqual(market.watched, { key: 'ACME', maxRate: 5, signal });
});

test('a key that no row can have is refused before anything is watched', async () => {
  const market = new FakeRegion(Quote, [], { key: 'symbol' });
  const lines = watchLines(market, { key: 'longer than eight', maxRate: 5, signal });
  await assert.rejects(lines.next(), { code: 'INVALID_ARGUMENT' });
  assert.equal(market.watched, undefined);
});

test('bytes that are no value end it, with their place', async () => {
  const region = new FakeRegion(Quote, [{ symbol: 'ACME', bid: 1 }]);
  await region.write(new Uint8Array(Quote.layout.size).fill(0xff));
  const lines = watchLines(region, { key: undefined, maxRate: 5, signal });
  assert.equal((await lines.next()).done, false);
  await assert.rejects(lines.next(), { code: 'HANDLER_FAULT' });
});
