/** The hop section: what it costs to ask a separate native process, each way of doing so. */

import type { Context, Gap, Section, SectionResult } from '../harness/results.ts';
import { type Turn, takeTurns } from '../harness/rounds.ts';
import { whyNotThere } from '../harness/toolchains.ts';
import type { Contestant, Point } from './contestant.ts';
import { contestants } from './contestants.ts';
import { idleGatewayName, idleTurns } from './idle.ts';
import { measure } from './measure.ts';
import { allSizes, pointsOf } from './points.ts';
import { outcomeText, placeText, renderHop } from './render.ts';

/** How much is measured: everything in some fifteen minutes, and what matters most in two. */
const extents = {
  whole: { points: allSizes.flatMap(pointsOf), rounds: 3, ms: 120 },
  quick: { points: [...pointsOf(64), { bytes: 2 ** 20, inFlight: 1 }], rounds: 2, ms: 50 },
};

export const hop: Section = {
  name: 'hop',
  title: 'Hop: a native process is asked',
  contestants: [...contestants.map(({ name }) => name), idleGatewayName],
  run,
  render: renderHop,
};

async function run(context: Context): Promise<SectionResult> {
  const extent = context.isQuick ? extents.quick : extents.whole;
  const rounds = context.rounds ?? extent.rounds;
  const ms = context.ms ?? extent.ms;
  const gaps: Gap[] = [];
  const present = contestants.filter((contestant) => context.wants(contestant.name) && isThere(contestant, gaps));
  const turns = extent.points.flatMap((point) => turnsAt(point, present, ms, context, gaps));
  const { figures, failures, stolen } = await takeTurns(
    rounds,
    [...turns, ...idleTurns(context)],
    (turn, round, outcome) => {
      const text = outcome instanceof Error ? outcome.message : outcomeText(outcome);
      context.say(`round ${round + 1} of ${rounds}, ${placeText(turn.at)}, ${turn.contestant}: ${text}`);
    },
  );
  return {
    contestants: present.map(({ name, kind, what }) => ({ name, kind, what })),
    rounds,
    ms,
    figures,
    gaps,
    failures,
    stolen,
  };
}

/** Whether it can run here, and is built; else it is named as skipped. */
function isThere(contestant: Contestant, gaps: Gap[]): boolean {
  const why = whyNotThere(contestant);
  if (why !== undefined) gaps.push({ contestant: contestant.name, why });
  return why === undefined;
}

function turnsAt(point: Point, present: readonly Contestant[], ms: number, context: Context, gaps: Gap[]): Turn[] {
  const { bytes, inFlight } = point;
  const at = { bytes, inFlight };
  return present.flatMap((contestant) => {
    const why = contestant.cannot?.(point);
    if (why === undefined) {
      return [{ contestant: contestant.name, at, measure: () => measure(contestant, point, ms, context) }];
    }
    gaps.push({ contestant: contestant.name, at, why });
    return [];
  });
}
