import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Goal, goals, goalTable, judge } from '../../benchmarks/harness/goals.ts';
import type { Figure, SectionResult } from '../../benchmarks/harness/results.ts';

const at = { bytes: 64, inFlight: 1 };
const reference = (contestant: string) => ({ section: 'hop', contestant, measure: 'ns', at });

function section(rounds: Readonly<Record<string, readonly (number | null)[]>>): SectionResult {
  const figures = Object.entries(rounds).map(([contestant, values]): Figure => {
    return { contestant, measure: 'ns', at, rounds: values };
  });
  return { contestants: [], rounds: 3, ms: 1, figures, gaps: [], failures: [], stolen: { again: 0, kept: 0 } };
}

const goal: Goal = { what: 'a, to L', of: reference('a'), to: reference('L'), bound: { atMost: 2 }, unit: ' L' };

test('a goal is judged by the median of the ratios of each round', () => {
  // Its ratios are 1.5, 3 and 1.6; the ratio of the medians would be 3.
  const results = { sections: { hop: section({ L: [100, 100, 1000], a: [150, 300, 1600] }) } };
  const [verdict] = judge(results, [goal]);
  assert.deepEqual(verdict?.spread, { low: 1.5, median: 1.6, high: 3 });
  assert.equal(verdict?.isReached, true);
});

test('a miss says by how much, in either direction', () => {
  const results = { sections: { hop: section({ L: [100], a: [300] }) } };
  const least: Goal = { ...goal, what: 'at least', bound: { atLeast: 12 }, unit: ' times' };
  const known: Goal = { what: 'only known', of: reference('a'), times: 2 };
  const text = goalTable(judge(results, [goal, least, known]));
  assert.match(text, /\| a, to L +\| <= 2 L +\| 3 L \(3 to 3\) +\| missed by 50 % +\|/);
  assert.match(text, /\| at least +\| >= 12 times +\| 3 times \(3 to 3\) +\| missed by 75 % +\|/);
  assert.match(text, /\| only known +\| +\| 600 \(600 to 600\) +\| +\|/);
});

test('goals whose figures the run does not have are left out', () => {
  assert.deepEqual(judge({ sections: {} }), []);
  assert.deepEqual(judge({ sections: { hop: section({ L: [100], a: [null] }) } }, [goal]), []);
  assert.deepEqual(judge({ sections: { hop: section({ a: [100] }) } }, [goal]), []);
});

test('every goal has a name of its own', () => {
  assert.equal(new Set(goals.map(({ what }) => what)).size, goals.length);
});
