import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FigureBook, figureReader } from '../../benchmarks/harness/figures.ts';
import { type Turn, takeTurns } from '../../benchmarks/harness/rounds.ts';
import { StolenTime } from '../../benchmarks/harness/stolen.ts';

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
      return { ns: round, stolen: 0 };
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
    figures.filter(({ measure }) => measure === 'ns').map(({ contestant, rounds }) => [contestant, rounds]),
    [
      ['a', [0, 1, 2]],
      ['b', [0, null, null]],
      ['c', [0, 1, 2]],
    ],
  );
});

/** A turn whose measurements have these shares of the CPU time taken away, one after the other, and say which of them they are. */
function disturbed(contestant: string, shares: readonly number[]): Turn {
  const next = shares.entries();
  const measure = async () => {
    const { value, done } = next.next();
    assert.ok(!done, 'it was measured too often');
    return { ns: value[0], stolen: value[1] };
  };
  return { contestant, at: small, measure };
}

test('what the host disturbed is measured again, and the least disturbed counts', async () => {
  const quiet = Array.from({ length: 6 }, (_, i) => disturbed(`quiet ${i}`, [0, 0.01]));
  const turns = [disturbed('once', [0.5, 0, 0]), disturbed('always', [0.3, 0.2, 0.4, 0.3, 0]), ...quiet];
  const { figures, stolen } = await takeTurns(2, turns, () => {});
  const read = figureReader({ figures });
  assert.deepEqual(read.rounds('once', 'ns', small), [1, 2]);
  assert.deepEqual(read.rounds('always', 'ns', small), [1, 4]);
  assert.deepEqual(read.rounds('always', 'stolen', small), [0.2, 0]);
  assert.deepEqual(stolen, { again: 4, kept: 1 });
});

test('a host that never leaves the machine alone does not make a run endless', async () => {
  let measured = 0;
  const turns = Array.from({ length: 9 }, (_, i) => ({
    contestant: String(i),
    at: small,
    measure: async () => ({ ns: measured++, stolen: 0.9 }),
  }));
  const { stolen } = await takeTurns(2, turns, () => {});
  assert.deepEqual([measured, stolen], [18 + 6, { again: 6, kept: 18 }]);
});

test('the time that the host takes is a share', () => {
  const { share } = new StolenTime();
  assert.ok(share >= 0 && share <= 1, String(share));
});
