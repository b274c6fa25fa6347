import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Backoff } from '../../src/supervisor/backoff.ts';

test('the first death is answered at once, further ones with doubling ceilings up to the bound', () => {
  const backoff = new Backoff({ baseMs: 100, maxMs: 1000, random: () => 0.999_999 });
  const waits = Array.from({ length: 7 }, () => backoff.next(0));
  assert.deepEqual(waits, [0, 99, 199, 399, 799, 999, 999]);
});

test('a stable run begins the count anew', () => {
  const backoff = new Backoff({ stableMs: 5000, random: () => 0.5 });
  backoff.next(0);
  assert.notEqual(backoff.next(4999), 0);
  assert.equal(backoff.next(5000), 0);
  assert.equal(backoff.deaths, 1);
});

test('jitter keeps every wait below its ceiling and never negative', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { maxLength: 2000 }),
      (draws) => {
        let index = 0;
        const backoff = new Backoff({ random: () => draws[index++] ?? 0 });
        for (let death = 1; death <= draws.length; death += 1) {
          const wait = backoff.next(0);
          assert.ok(wait >= 0 && wait <= Math.min(10_000, death === 1 ? 0 : 100 * 2 ** (death - 2)));
        }
      },
    ),
    { numRuns: 50 },
  );
});
