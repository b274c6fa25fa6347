/** The growth section: what becomes of cost and memory where there is more of everything. */

import type { Context, Gap, Place, Section, SectionResult } from '../harness/results.ts';
import { type Turn, takeTurns } from '../harness/rounds.ts';
import { missingPrograms, whyNotThere } from '../harness/toolchains.ts';
import { everySeries } from './every-series.ts';
import { outcomeText, renderGrowth } from './render.ts';
import type { Series } from './series.ts';

export const growth: Section = {
  name: 'growth',
  title: 'Growth: more of everything',
  contestants: everySeries.map(({ name }) => name),
  run,
  render: renderGrowth,
};

async function run(context: Context): Promise<SectionResult> {
  const extent = context.isQuick ? 'quick' : 'whole';
  const rounds = context.rounds ?? (context.isQuick ? 1 : 3);
  const gaps: Gap[] = [];
  const present = everySeries.filter((series) => context.wants(series.name) && isThere(series, gaps));
  const msOf = ({ ms }: Series): number => context.ms ?? ms[extent];
  const turns = present.flatMap((series) => turnsOf(series, series.points[extent], msOf(series), context, gaps));
  const { figures, failures, stolen } = await takeTurns(rounds, turns, (turn, round, outcome) => {
    const text = outcome instanceof Error ? outcome.message : outcomeText(turn.contestant, outcome);
    context.say(`round ${round + 1} of ${rounds}, ${placeText(turn.at)}: ${text}`);
  });
  return {
    contestants: present.map(({ name, axis, what }) => ({ name, kind: axis, what })),
    rounds,
    ms: Math.max(0, ...present.map(msOf)),
    figures,
    gaps,
    failures,
    stolen,
  };
}

function turnsOf(series: Series, points: readonly number[], ms: number, context: Context, gaps: Gap[]): Turn[] {
  return points.flatMap((x) => {
    const at = { [series.axis]: x };
    const why = series.cannot?.(x);
    if (why === undefined) return [{ contestant: series.name, at, measure: () => series.measure(x, ms, context) }];
    gaps.push({ contestant: series.name, at, why });
    return [];
  });
}

/** Whether it can run here, and is built; else it is named as skipped. */
function isThere(series: Series, gaps: Gap[]): boolean {
  const why = missingPrograms('taskset') ?? whyNotThere(series);
  if (why !== undefined) gaps.push({ contestant: series.name, why });
  return why === undefined;
}

function placeText(at: Place): string {
  return Object.entries(at)
    .map(([axis, x]) => `${axis} ${x}`)
    .join(', ');
}
