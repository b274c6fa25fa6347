import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ageText } from '../src/age-text.ts';

test('an age has the unit that fits, and is never rounded up', () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, '0 ms'],
    [999.9, '999 ms'],
    [1000, '1.0 s'],
    [9999, '9.9 s'],
    [10_000, '10 s'],
    [119_999, '119 s'],
    [120_000, '2 min'],
    [7_199_999, '119 min'],
    [7_200_000, '2 h'],
    [172_799_999, '47 h'],
    [172_800_000, '2 d'],
    [8.64e9, '100 d'],
  ];
  for (const [ms, text] of cases) assert.equal(ageText(ms), text, String(ms));
});

test('what it says is never more than it is, and less by less than a unit', () => {
  const units = { ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 };
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e12, noNaN: true }), (ms) => {
      const [number, unit] = ageText(ms).split(' ');
      const [, factor = Number.NaN] = Object.entries(units).find(([name]) => name === unit) ?? [];
      const said = Number(number) * factor;
      // Doubles: 3.3 times 1000 is a little more than 3300.
      assert.ok(said <= ms + 1e-6, `${ms}: ${number} ${unit}`);
      assert.ok(ms - said < factor, `${ms}: ${number} ${unit}`);
    }),
  );
});
