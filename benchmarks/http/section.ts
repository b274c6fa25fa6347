/** The HTTP section: what a request costs until C has answered it. */
import type { Context, Figure, Gap, Section, SectionResult } from '../harness/results.ts';
import { type Turn, takeTurns } from '../harness/rounds.ts';
import { spreadOf } from '../harness/spread.ts';
import { missingPrograms, whyNotThere } from '../harness/toolchains.ts';
import { buildOpenLoop } from './build.ts';
import type { Contestant } from './contestant.ts';
import { contestants } from './contestants.ts';
import { measureClosed, measureOpen, type Times } from './measure.ts';
import { closed, open, outcomeText, placeText, renderHttp } from './render.ts';

/** Whose closed-loop rate the fixed rates are parts of. */
const reference = 'gateway';

interface Extent {
  readonly rounds: number;
  readonly times: Times;
  /** The fixed rates, in percent of that of the reference. */
  readonly percents: readonly number[];
}

/** How much is measured: everything, and what fits into a minute. */
const extents: Readonly<Record<'whole' | 'quick', Extent>> = {
  whole: { rounds: 3, times: { warmMs: 2000, ms: 2000 }, percents: [25, 50, 75] },
  quick: { rounds: 1, times: { warmMs: 1000, ms: 1000 }, percents: [50] },
};

export const http: Section = {
  name: 'http',
  title: 'HTTP: a request until C has answered it',
  contestants: contestants.map(({ name }) => name),
  run,
  render: renderHttp,
};

async function run(context: Context): Promise<SectionResult> {
  const { rounds, times, percents } = extentOf(context);
  const gaps: Gap[] = [];
  const present = contestants.filter((contestant) => context.wants(contestant.name) && isThere(contestant, gaps));
  const told = (turn: Turn, round: number, outcome: Readonly<Record<string, number | undefined>> | Error) => {
    const text = outcome instanceof Error ? outcome.message : outcomeText(outcome);
    context.say(`round ${round + 1} of ${rounds}, ${placeText(turn.at)}, ${turn.contestant}: ${text}`);
  };
  const free = await takeTurns(rounds, closedTurns(present, times, context), told);
  const fixed = await takeTurns(rounds, openTurns(present, rateOf(free.figures), percents, times, context), told);
  return {
    contestants: present.map(({ name, kind, what }) => ({ name, kind, what })),
    rounds,
    ms: times.ms,
    figures: [...free.figures, ...fixed.figures],
    gaps,
    failures: [...free.failures, ...fixed.failures],
    stolen: { again: free.stolen.again + fixed.stolen.again, kept: free.stolen.kept + fixed.stolen.kept },
  };
}

function extentOf({ isQuick, rounds, ms }: Context): Extent {
  const usual = isQuick ? extents.quick : extents.whole;
  return {
    rounds: rounds ?? usual.rounds,
    times: ms === undefined ? usual.times : { warmMs: Math.min(ms, usual.times.warmMs), ms },
    percents: usual.percents,
  };
}

/** Whether it can run here, and is built; else it is named as skipped. */
function isThere(contestant: Contestant, gaps: Gap[]): boolean {
  const why = missingPrograms('wrk') ?? whyNotThere(contestant);
  if (why !== undefined) gaps.push({ contestant: contestant.name, why });
  return why === undefined;
}

function closedTurns(present: readonly Contestant[], times: Times, context: Context): Turn[] {
  return present.map((contestant) => ({
    contestant: contestant.name,
    at: closed,
    measure: () => measureClosed(contestant, times, context),
  }));
}

/** Of the reference, in requests a second; undefined where it took no part. */
function rateOf(figures: readonly Figure[]): number | undefined {
  const figure = figures.find(({ contestant, measure }) => contestant === reference && measure === 'requestsPerSecond');
  return figure === undefined ? undefined : spreadOf(figure.rounds).median;
}

function openTurns(
  present: readonly Contestant[],
  rate: number | undefined,
  percents: readonly number[],
  times: Times,
  context: Context,
): Turn[] {
  if (rate === undefined) return [];
  buildOpenLoop();
  return percents.flatMap((percent) =>
    present
      .filter(({ tail }) => tail)
      .map((contestant) => ({
        contestant: contestant.name,
        at: open(percent),
        measure: () => measureOpen(contestant, times, Math.round((rate * percent) / 100), context),
      })),
  );
}
