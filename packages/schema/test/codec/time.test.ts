import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { halvesOf } from '../../src/codec/int64.ts';
import {
  durationFromJson,
  durationOf,
  durationText,
  timestampFromJson,
  timestampOf,
  timestampText,
} from '../../src/codec/time.ts';

const MIN = -(2n ** 63n);
const MAX = 2n ** 63n - 1n;
const NS = 1_000_000_000n;

const anyNs = fc.oneof(
  fc.bigInt(MIN, MAX),
  fc.bigInt(-10n * NS, 10n * NS),
  fc.constantFrom(MIN, MAX, -NS, -1n, 0n, 1n, NS),
);

function timestamp(ns: bigint): string {
  const { high, low } = halvesOf(ns);
  return timestampOf(high, low);
}

function duration(ns: bigint): string {
  const { high, low } = halvesOf(ns);
  return durationOf(high, low);
}

test('moments are what Date says of them, and finer', () => {
  fc.assert(
    fc.property(anyNs, (ns) => {
      const text = timestamp(ns);
      assert.match(text, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,8}[1-9])?Z$/);
      const inMs = ((ns % 1_000_000n) + 1_000_000n) % 1_000_000n;
      assert.equal(Date.parse(text.replace(/(\.\d{3})\d+/, '$1')), Number((ns - inMs) / 1_000_000n));
      assert.equal(timestampFromJson(text), ns);
    }),
    { numRuns: 1000 },
  );
});

test('spans are read as they are written', () => {
  fc.assert(
    fc.property(anyNs, (ns) => {
      const text = duration(ns);
      assert.match(text, /^-?PT(?=.)(\d+H)?(\d+M)?(\d+(\.\d{0,8}[1-9])?S)?$/);
      assert.equal(durationFromJson(text), ns);
    }),
    { numRuns: 1000 },
  );
});

test('in memory, in both byte orders', () => {
  fc.assert(
    fc.property(anyNs, fc.boolean(), (ns, isLittleEndian) => {
      const view = new DataView(new ArrayBuffer(12));
      view.setBigInt64(3, ns, isLittleEndian);
      assert.equal(timestampText(view, 3, isLittleEndian), timestamp(ns));
      assert.equal(durationText(view, 3, isLittleEndian), duration(ns));
    }),
  );
});

// The seconds are Python's: datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=timezone.utc).
const moments: readonly (readonly [string, bigint])[] = [
  ['1970-01-01T00:00:00Z', 0n],
  ['1985-04-12T23:20:50.52Z', 482_196_050_520_000_000n],
  ['1996-12-19T16:39:57-08:00', 851_042_397_000_000_000n],
  ['1937-01-01T12:00:27.87+00:20', -1_041_337_172_130_000_000n],
  ['2000-02-29T23:59:59.999999999Z', 951_868_799_999_999_999n],
  ['1900-03-01T00:00:00Z', -2_203_891_200_000_000_000n],
  ['2024-12-31T23:59:59+23:59', 1_735_603_259_000_000_000n],
  ['2026-11-22t08:30:00.5z', 1_795_336_200_500_000_000n],
  ['2026-11-22T08:30:00-00:00', 1_795_336_200_000_000_000n],
  ['1677-09-21T00:12:43.145224192Z', MIN],
  ['2262-04-11T23:47:16.854775807Z', MAX],
];

test('moments of other makers', () => {
  for (const [text, ns] of moments) assert.equal(timestampFromJson(text), ns, text);
});

test('what is no moment', () => {
  const bad = [
    '2023-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2024-04-31T00:00:00Z',
    '2024-00-10T00:00:00Z',
    '2024-13-10T00:00:00Z',
    '2024-01-00T00:00:00Z',
    '2016-12-31T23:59:60Z',
    '2024-01-01T24:00:00Z',
    '2024-01-01T00:60:00Z',
    '2024-01-01 00:00:00Z',
    '2024-01-01T00:00:00',
    '2024-01-01T00:00Z',
    '2024-01-01',
    '2024-01-01T00:00:00.Z',
    '2024-01-01T00:00:00.1234567890Z',
    '2024-01-01T00:00:00,5Z',
    '2024-01-01T00:00:00+0100',
    '2024-01-01T00:00:00+24:00',
    '2024-01-01T00:00:00+01:60',
    '+02024-01-01T00:00:00Z',
    '-2024-01-01T00:00:00Z',
    '24-01-01T00:00:00Z',
    ' 2024-01-01T00:00:00Z',
    '2024-01-01T00:00:00Z\n',
    '٢٠٢٤-01-01T00:00:00Z',
    '',
    0,
    0n,
    null,
    undefined,
    new Date(0),
  ];
  for (const value of bad) assert.equal(timestampFromJson(value), undefined, String(value));
});

test('moments that 64 bits do not hold are numbers beyond them, for the range to refuse', () => {
  assert.equal(timestampFromJson('2262-04-11T23:47:16.854775808Z'), MAX + 1n);
  assert.equal(timestampFromJson('1677-09-21T00:12:43.145224191Z'), MIN - 1n);
  assert.equal(timestampFromJson('9999-12-31T23:59:59.999999999Z'), 253_402_300_799_999_999_999n);
  assert.equal(timestampFromJson('0001-01-01T00:00:00Z'), -62_135_596_800_000_000_000n);
});

test('spans in all their spellings', () => {
  const spans: readonly (readonly [string, bigint])[] = [
    ['PT0S', 0n],
    ['-PT0S', 0n],
    ['P0D', 0n],
    ['PT1H2M3.5S', 3_723_500_000_000n],
    ['-PT0.000000001S', -1n],
    ['P1W', 7n * 86_400n * NS],
    ['P2DT3H', (2n * 24n + 3n) * 3600n * NS],
    ['P1D', 86_400n * NS],
    ['PT90M', 5400n * NS],
    ['PT36H', 36n * 3600n * NS],
    ['PT0.1S', 100_000_000n],
    ['-P1DT1S', -86_401n * NS],
    ['PT9999999999999999999S', 9_999_999_999_999_999_999n * NS],
  ];
  for (const [text, ns] of spans) assert.equal(durationFromJson(text), ns, text);
});

test('how spans are written', () => {
  const spans: readonly (readonly [bigint, string])[] = [
    [0n, 'PT0S'],
    [-1n, '-PT0.000000001S'],
    [3_723_500_000_000n, 'PT1H2M3.5S'],
    [86_400n * NS, 'PT24H'],
    [60n * NS, 'PT1M'],
    [-90n * NS, '-PT1M30S'],
    [-1_500_000_000n, '-PT1.5S'],
    [3600n * NS + 1n, 'PT1H0.000000001S'],
    [MIN, '-PT2562047H47M16.854775808S'],
    [MAX, 'PT2562047H47M16.854775807S'],
  ];
  for (const [ns, text] of spans) assert.equal(duration(ns), text);
});

test('what is no span', () => {
  const bad = [
    'P',
    'PT',
    '-P',
    'P1DT',
    'P1W1D',
    'P1WT1S',
    'PT1.5H',
    'PT1.5M',
    'P1.5D',
    '+PT1S',
    'P-1D',
    'PT.5S',
    'PT5.S',
    'P1Y',
    'P1M',
    'PT1S1M',
    'PT1M1H',
    'P1D1H',
    'pt1s',
    'PT1s',
    'PT0.1234567890S',
    'PT0,5S',
    'PT1',
    '1H',
    ' PT1S',
    'PT1S ',
    '--PT1S',
    'PT12345678901234567890S',
    '',
    5,
    5n,
    null,
    undefined,
  ];
  for (const value of bad) assert.equal(durationFromJson(value), undefined, String(value));
});
