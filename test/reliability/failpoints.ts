/** The failpoints of c/src/failpoint_list.h. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

export type Side = 'service' | 'C client' | 'Node client';
export const sides: readonly Side[] = ['service', 'C client', 'Node client'];

export type Action = 'kill' | 'stop' | 'segv';

const frequencies = ['ONCE', 'SELDOM', 'OFTEN', 'ENDING'] as const;
/** Once in a process, in each connection, in each call, or when an instance is told to end. */
type Often = (typeof frequencies)[number];

export interface Failpoint {
  readonly name: string;
  /** What has happened when it is reached. */
  readonly step: string;
  /** Who comes by. */
  readonly sides: readonly Side[];
  readonly often: Often;
}

const clients: readonly Side[] = ['C client', 'Node client'];
const sidesOf: Readonly<Record<string, readonly Side[]>> = { SERVICE: ['service'], CLIENT: clients, BOTH: sides };
const header = resolve(import.meta.dirname, '../../c/src/failpoint_list.h');

/** In the order of the list. */
export function readFailpoints(): Failpoint[] {
  const entries = readFileSync(header, 'utf8').matchAll(/^ {2}X\((\w+), +(\w+), +(\w+), +"(.*)"\)/gm);
  return [...entries].map(([, name = '', side = '', how, step = '']) => {
    const sides = sidesOf[side];
    const often = frequencies.find((frequency) => frequency === how);
    if (sides === undefined || often === undefined) {
      throw new Error(`${header}: the entry ${name} is not as it should be`);
    }
    return { name, step, sides, often };
  });
}

/** One process that comes to one failpoint for the n-th time. */
export interface Combination {
  readonly side: Side;
  readonly failpoint: string;
  readonly action: Action;
  readonly hit: number;
  /** Whether an instance has to be told to end for it. */
  readonly isEnding: boolean;
}

/** Late enough that connections have come and gone, calls were answered, and rings have wrapped. */
const laterHits: Readonly<Record<Often, number | undefined>> = {
  ONCE: undefined,
  SELDOM: 4,
  OFTEN: 61,
  ENDING: undefined,
};

/** All that the matrix tries: each action at the first time, and at a later one where there is one. */
export function combinationsOf(failpoints: readonly Failpoint[]): Combination[] {
  return failpoints.flatMap(({ name: failpoint, sides, often }) => {
    const later = laterHits[often];
    const isEnding = often === 'ENDING';
    const hits = later === undefined ? [1] : [1, later];
    return sides.flatMap((side) =>
      actionsOf(side, failpoint).flatMap((action) => hits.map((hit) => ({ side, failpoint, action, hit, isEnding }))),
    );
  });
}

/**
 * What a run tries that has not the time for all: each kill, and every third of the others. The runs of three commits in a row, which are
 * told consecutive numbers, try all of them.
 */
export function thirdOf(combinations: readonly Combination[], number: number): Combination[] {
  const others = combinations.filter(({ action }) => action !== 'kill');
  const chosen = new Set(others.filter((_, index) => index % 3 === number % 3));
  return combinations.filter((combination) => combination.action === 'kill' || chosen.has(combination));
}

/** A segmentation fault differs from a kill by who sends the signal: it is tried where code that is not ours runs. */
function actionsOf(side: Side, failpoint: string): readonly Action[] {
  const handlers = ['handler_begin', 'handler_end', 'stream_begun', 'respond_filled', 'emit_filled', 'emit_posted'];
  return side === 'service' && handlers.includes(failpoint) ? ['kill', 'stop', 'segv'] : ['kill', 'stop'];
}
