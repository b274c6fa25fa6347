import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UntypedRegion } from '@isthmus/core';
import { f64, IsthmusError, struct, text } from '@isthmus/schema';
import type { RegionGroup, RegionPlace } from '../../src/regions/find-regions.ts';
import { listRegions } from '../../src/regions/list-regions.ts';
import { FakeRegion } from '../fixtures/fake-region.ts';

const Quote = struct('Quote', { symbol: text(8), bid: f64() });
const { signal } = new AbortController();

function place(name: string, more: Partial<RegionPlace> = {}): RegionPlace {
  return { name, struct: Quote, key: undefined, maxRows: 1, isAttached: false, ...more };
}

/** Regions that are reached together, and whether they were given back. */
function group(regions: ReadonlyMap<RegionPlace, UntypedRegion>): RegionGroup & { closed: number } {
  const made = {
    places: [...regions.keys()],
    closed: 0,
    open: async () => ({
      of: (asked: RegionPlace) => regions.get(asked) ?? assert.fail(),
      [Symbol.asyncDispose]: async () => {
        made.closed += 1;
      },
    }),
  };
  return made;
}

test('says of each region how it is, by the row that was written last', async () => {
  const values = [
    { symbol: 'ACME', bid: 1 },
    { symbol: 'INIT', bid: 2 },
    { symbol: 'ACME', bid: 3 },
  ];
  const market = group(
    new Map([
      [place('feed.market', { key: 'symbol', maxRows: 8 }), new FakeRegion(Quote, values, { key: 'symbol' })],
      [place('feed.empty'), new FakeRegion(Quote, [], { isWritable: false, isLive: false })],
    ]),
  );
  const boiler = group(new Map([[place('boiler', { isAttached: true }), new FakeRegion(Quote, values.slice(0, 1))]]));
  const [table, empty, attached, ...more] = await listRegions([market, boiler], signal);
  assert.deepEqual(more, []);
  const { ageMs, ...rest } = table ?? assert.fail();
  assert.deepEqual(rest, {
    name: 'feed.market',
    struct: 'Quote',
    key: 'symbol',
    rows: 2,
    maxRows: 8,
    writable: true,
    tag: 'abc-2',
    time: '1970-01-01T00:00:03Z',
    live: true,
    problem: null,
  });
  assert.ok(Math.abs(Date.now() - 3000 - (ageMs ?? 0)) < 10_000, 'an age in ms');
  assert.deepEqual(
    [empty?.rows, empty?.tag, empty?.ageMs, empty?.writable, empty?.live, empty?.problem],
    [0, null, null, false, false, null],
  );
  assert.deepEqual([attached?.tag, attached?.ageMs], ['abc-1', null]);
  assert.deepEqual([market.closed, boiler.closed], [1, 1]);
});

test('what cannot be reached or read is listed with the code of its error', async () => {
  const gone: RegionGroup = {
    places: [place('feed.market'), place('feed.other')],
    open: async () => {
      throw new IsthmusError('NO_INSTANCE');
    },
  };
  const unreadable = new FakeRegion(Quote, []);
  unreadable.rows = async () => {
    throw new IsthmusError('SEGMENT_MISSING');
  };
  const oven = group(new Map([[place('oven'), unreadable]]));
  const listed = await listRegions([gone, oven, { places: [], open: () => assert.fail() }], signal);
  assert.deepEqual(
    listed.map(({ name, rows, writable, live, problem }) => [name, rows, writable, live, problem]),
    [
      ['feed.market', null, null, false, 'NO_INSTANCE'],
      ['feed.other', null, null, false, 'NO_INSTANCE'],
      ['oven', null, true, true, 'SEGMENT_MISSING'],
    ],
  );
});

test('a mistake of ours is not taken for a problem of the region', async () => {
  const broken: RegionGroup = {
    places: [place('feed.market')],
    open: async () => {
      throw new TypeError('a mistake');
    },
  };
  await assert.rejects(listRegions([broken], signal), TypeError);
});
