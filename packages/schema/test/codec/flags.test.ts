import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bitsOf, readFlags, writeFlags } from '../../src/codec/flags.ts';
import { flags } from '../../src/index.ts';

const cases = fc
  .tuple(fc.constantFrom(8, 16, 32, 64), fc.nat(), fc.bigInt(0n, 2n ** 64n - 1n))
  .map(([bits, random, set]) => {
    const names = Array.from({ length: 1 + (random % bits) }, (_, index) => `n${index}`);
    return { type: flags('Some', names, { bits }), names, size: bits / 8, set: BigInt.asUintN(bits, set) };
  });

test('each name is its bit, for all widths', () => {
  fc.assert(
    fc.property(cases, ({ type, names, size, set }) => {
      const bytes = new Uint8Array(10).fill(0xaa);
      const view = new DataView(bytes.buffer);
      const known = names.filter((_, bit) => (set >> BigInt(bit)) & 1n);
      assert.equal(writeFlags(view, 1, size, known.toReversed(), bitsOf(type)), true);
      let expected = 0n;
      for (const [bit, name] of names.entries()) if (known.includes(name)) expected |= 1n << BigInt(bit);
      const little = [...bytes.subarray(1, 1 + size)].toReversed();
      assert.equal(BigInt(`0x${Buffer.from(little).toString('hex')}`), expected);
      assert.ok(bytes[0] === 0xaa && bytes.subarray(1 + size).every((byte) => byte === 0xaa));
      assert.deepEqual(readFlags(view, 1, size, names, false), known);
    }),
    { numRuns: 1000 },
  );
});

test('bits without a name: an error, or left out', () => {
  fc.assert(
    fc.property(cases, ({ names, size, set }) => {
      const bytes = new Uint8Array(8);
      const view = new DataView(bytes.buffer);
      view.setBigUint64(0, set, true);
      const known = names.filter((_, bit) => (set >> BigInt(bit)) & 1n);
      assert.deepEqual(readFlags(view, 0, size, names, true), known);
      const hasOthers = set >> BigInt(names.length) !== 0n;
      assert.deepEqual(readFlags(view, 0, size, names, false), hasOthers ? undefined : known);
    }),
    { numRuns: 1000 },
  );
});

test('what is no set of names is not written', () => {
  const bits = bitsOf(
    flags(
      'Some',
      Array.from({ length: 40 }, (_, index) => `n${index}`),
      { bits: 64 },
    ),
  );
  const view = new DataView(new ArrayBuffer(8));
  for (const bad of [
    ['n0', 'n0'],
    ['n39', 'n39'],
    ['x'],
    [0],
    [undefined],
    new Array(2),
    'n0',
    { length: 0 },
    null,
    3,
  ]) {
    assert.equal(writeFlags(view, 0, 8, bad, bits), false);
    assert.equal(view.getBigUint64(0), 0n);
  }
  // The bits of one half are not those of the other.
  assert.equal(writeFlags(view, 0, 8, ['n0', 'n32'], bits), true);
});
