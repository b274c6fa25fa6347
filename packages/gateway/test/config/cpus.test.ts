/** Lists of CPUs: read, and shared among instances. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkCpus, listCpus, shareCpus } from '../../src/config/cpus.ts';

const cpu = fc.integer({ min: 0, max: 4095 });
/** A list, and the numbers in it. */
const list = fc
  .array(
    fc.oneof(
      cpu.map((first) => [first, first] as const),
      fc.tuple(cpu, fc.integer({ min: 0, max: 9 })).map(([first, more]) => [first, first + more] as const),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((ranges) => ({
    text: ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(','),
    numbers: ranges.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, index) => first + index)),
  }));

test('a list is its numbers, in its order', () => {
  assert.deepEqual(listCpus('2,4-7,0'), [2, 4, 5, 6, 7, 0]);
  fc.assert(
    fc.property(list, ({ text, numbers }) => {
      assert.equal(checkCpus(text, 'cpus'), text);
      assert.deepEqual(listCpus(text), numbers);
    }),
  );
});

test('serving threads get one each, and begin again at the end of the list', () => {
  assert.deepEqual(shareCpus('2,4-7', { instances: 3, threads: 2 }), ['2,4', '5,6', '7,2']);
  assert.deepEqual(shareCpus('3', { instances: 2, threads: 2 }), ['3,3', '3,3']);
  fc.assert(
    fc.property(
      list,
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 8 }),
      ({ text, numbers }, instances, threads) => {
        const shares = shareCpus(text, { instances, threads });
        assert.equal(shares.length, instances);
        const given = shares.flatMap((share) => listCpus(checkCpus(share, 'cpus')));
        assert.equal(given.length, instances * threads);
        for (const [at, number] of given.entries()) assert.equal(number, numbers[at % numbers.length]);
      },
    ),
  );
});
