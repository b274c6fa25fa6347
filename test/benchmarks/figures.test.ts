import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FigureBook, figureReader } from '../../benchmarks/harness/figures.ts';
import { type Turn, takeTurns } from '../../benchmarks/harness/rounds.ts';

const small = { bytes: 64, inFlight: 1 };

test('a figure has a place for every round, also where the contestant came later or left early', () => {
  const book = new FigureBook(3);
  book.add('a', small, 0, { ns: 10, p50Ns: undefined });
  book.add('a', small, 2, { ns: 30 });
  book.add('b', small, 1, { ns: Number.NaN, cpuNs: 1 / 3 });
  assert.deepEqual(book.all, [
    { contestant: 'a', measure: 'ns', at: small, rounds: [10, null, 30] },
    { contestant: 'b', measure: 'cpuNs', at: small, rounds: [null, 0.333333, null] },
  ]);
});

test('figures are found by their place, in whatever order it is written', () => {
  const book = new FigureBook(1);
  const large = { bytes: 1024, inFlight: 1 };
  book.add('a', small, 0, { ns: 1 });
  book.add('b', large, 0, { ns: 2 });
  book.add('a', large, 0, { ns: 3 });
  const read = figureReader({ figures: book.all });
  assert.deepEqual(read.rounds('a', 'ns', { inFlight: 1, bytes: 64 }), [1]);
  assert.deepEqual(read.rounds('a', 'ns', { bytes: 64 }), []);
  assert.deepEqual(read.rounds('b', 'ns', small), []);
  assert.deepEqual(read.places(), [small, large]);
  assert.deepEqual(read.contestants(large), ['b', 'a']);
});

test('contestants take turns, and one that fails is not asked again', async () => {
  const asked: string[] = [];
  const turn = (contestant: string, fails = false): Turn => ({
    contestant,
    at: small,
    measure: async (round) => {
      asked.push(`${contestant}${round}`);
      if (fails && round === 1) throw new Error(`${contestant} broke`);
      return { ns: round };
    },
  });
  const told: string[] = [];
  const { figures, failures } = await takeTurns(3, [turn('a'), turn('b', true), turn('c')], (of, round, outcome) => {
    told.push(`${of.contestant}${round}${outcome instanceof Error ? '!' : ''}`);
  });
  assert.deepEqual(asked, ['a0', 'b0', 'c0', 'a1', 'b1', 'c1', 'a2', 'c2']);
  assert.deepEqual(told, ['a0', 'b0', 'c0', 'a1', 'b1!', 'c1', 'a2', 'c2']);
  assert.deepEqual(failures, [{ contestant: 'b', at: small, why: 'b broke' }]);
  assert.deepEqual(
    figures.map((figure) => [figure.contestant, figure.rounds]),
    [
      ['a', [0, 1, 2]],
      ['b', [0, null, null]],
      ['c', [0, 1, 2]],
    ],
  );
});
