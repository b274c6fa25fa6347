import assert from 'node:assert/strict';
import { test } from 'node:test';
import { f64, i64, optional, struct, text, u32 } from '@isthmus/schema';
import fc from 'fast-check';
import { readJson } from '../../src/regions/read-region.ts';
import { type RegionWrite, writeRegion } from '../../src/regions/write-region.ts';
import { FakeRegion } from '../fixtures/fake-region.ts';

const Boiler = struct('Boiler', { level: f64(), limit: u32({ default: 9 }), remark: optional(u32()) });
const Quote = struct('Quote', { symbol: text(8), bid: f64(), ask: f64({ default: 0 }) });
const Slot = struct('Slot', { number: i64(), taken: u32() });

function boiler() {
  return new FakeRegion(Boiler, [{ level: 1, limit: 5, remark: 7 }]);
}

function market() {
  return new FakeRegion(Quote, [{ symbol: 'ACME', bid: 1, ask: 2 }], { key: 'symbol' });
}

function write(json: unknown, more: Partial<RegionWrite> = {}): RegionWrite {
  return { key: undefined, json, isPatch: false, expected: undefined, ...more };
}

test('a whole value takes the place of the old one, defaults included', async () => {
  const region = boiler();
  assert.equal((await writeRegion(region, write({ level: 2 }))).version, 2n);
  assert.deepEqual(await readJson(region, undefined, {}), { level: 2, limit: 9 });
  await assert.rejects(writeRegion(region, write({ level: 'high', depth: 1 })), (error: { fields: object[] }) => {
    assert.deepEqual(error.fields.map((field) => Reflect.get(field, 'pointer')).sort(), ['/depth', '/level']);
    return true;
  });
  for (const value of [[], 3, null, 'level']) {
    await assert.rejects(writeRegion(region, write(value)), { code: 'INVALID_INPUT' });
  }
});

test('a patch changes what it names, and null removes', async () => {
  const region = boiler();
  await writeRegion(region, write({ level: 3, remark: null }, { isPatch: true }));
  assert.deepEqual(await readJson(region, undefined, {}), { level: 3, limit: 5 });
  await assert.rejects(writeRegion(region, write({ level: null }, { isPatch: true })), { code: 'INVALID_INPUT' });
  await assert.rejects(writeRegion(new FakeRegion(Boiler, []), write({ level: 1 }, { isPatch: true })), {
    code: 'REGION_EMPTY',
  });
});

test('the row of a table is said by its key, by the value, or by both', async () => {
  const region = market();
  await writeRegion(region, write({ bid: 3 }, { key: 'ACME' }));
  await writeRegion(region, write({ symbol: 'INIT', bid: 4 }));
  await writeRegion(region, write({ symbol: 'NEXT', bid: 5 }, { key: 'NEXT' }));
  assert.deepEqual(await readJson(region, undefined, { field: 'symbol' }), ['ACME', 'INIT', 'NEXT']);
  assert.deepEqual(await readJson(region, 'ACME', {}), { symbol: 'ACME', bid: 3, ask: 0 });
  await assert.rejects(writeRegion(region, write({ symbol: 'INIT', bid: 4 }, { key: 'ACME' })), {
    code: 'INVALID_INPUT',
    fields: [{ pointer: '/symbol', message: 'is the key, and must be "ACME"' }],
  });
  await assert.rejects(writeRegion(region, write({ bid: 4 })), { code: 'INVALID_INPUT' });
  await assert.rejects(writeRegion(boiler(), write({ level: 4 }, { key: 'ACME' })), { name: 'UsageError' });
});

test('a key that JSON writes in several ways is the same', async () => {
  const region = new FakeRegion(Slot, [], { key: 'number' });
  await writeRegion(region, write({ number: 7, taken: 1 }, { key: '7' }));
  await writeRegion(region, write({ number: '7', taken: 2 }, { key: '7' }));
  assert.deepEqual(await readJson(region, undefined, {}), [{ number: '7', taken: 2 }]);
});

test('a patch of a table needs a row, and leaves its key alone', async () => {
  const region = market();
  await writeRegion(region, write({ ask: 9 }, { key: 'ACME', isPatch: true }));
  assert.deepEqual(await readJson(region, 'ACME', {}), { symbol: 'ACME', bid: 1, ask: 9 });
  await assert.rejects(writeRegion(region, write({ ask: 9 }, { isPatch: true })), { name: 'UsageError' });
  await assert.rejects(writeRegion(region, write({ symbol: 'INIT' }, { key: 'ACME', isPatch: true })), {
    code: 'INVALID_INPUT',
  });
  await assert.rejects(writeRegion(region, write({ ask: 9 }, { key: 'NONE', isPatch: true })), {
    code: 'UNKNOWN_ROW',
  });
});

test('a version that is expected has to be there', async () => {
  const region = boiler();
  await assert.rejects(writeRegion(region, write({ level: 2 }, { expected: 'abc-2' })), { code: 'REGION_CONFLICT' });
  await assert.rejects(writeRegion(region, write({ level: 2 }, { expected: 'none' })), { code: 'REGION_CONFLICT' });
  await writeRegion(region, write({ level: 2 }, { expected: 'abc-1' }));
  await writeRegion(region, write({ level: 3 }, { expected: 'abc-2', isPatch: true }));
  await writeRegion(new FakeRegion(Boiler, []), write({ level: 2 }, { expected: 'none' }));
  for (const expected of ['', '2', 'abc-', '"abc-2"', 'ABC-2']) {
    await assert.rejects(writeRegion(region, write({ level: 2 }, { expected })), { name: 'UsageError' });
  }
});

test('one that cannot be written says so', async () => {
  const region = new FakeRegion(Boiler, [{ level: 1 }], { isWritable: false });
  await assert.rejects(writeRegion(region, write({ level: 2 })), { code: 'REGION_READ_ONLY' });
  // Whatever else is wrong.
  await assert.rejects(writeRegion(region, write({ level: 'high' })), { code: 'REGION_READ_ONLY' });
});

test('whatever is written and then changed in part, is read as that', async () => {
  const anyLevel = fc.double({ noNaN: true, noDefaultInfinity: true }).map((level) => level + 0);
  const anyNumber = fc.nat();
  const whole = fc.record(
    { level: anyLevel, limit: anyNumber, remark: anyNumber },
    { requiredKeys: ['level', 'limit'] },
  );
  const patch = fc.record({ level: anyLevel, limit: anyNumber, remark: fc.option(anyNumber) }, { requiredKeys: [] });
  await fc.assert(
    fc.asyncProperty(whole, patch, async (value, change) => {
      const region = new FakeRegion(Boiler, []);
      await writeRegion(region, write(value));
      assert.deepEqual(await readJson(region, undefined, {}), { ...value });
      await writeRegion(region, write(change, { isPatch: true, expected: 'abc-1' }));
      const { remark, ...rest } = { ...value, ...change };
      const expected = remark === undefined || remark === null ? rest : { ...rest, remark };
      assert.deepEqual(await readJson(region, undefined, {}), expected);
    }),
  );
});
