/** What takes part in the growth section: something of which there is more and more, and what that costs. */
import type { Context } from '../harness/results.ts';

/** Where programs run, and how. */
export type Where = Pick<Context, 'cpus' | 'isUrgent' | 'folder'>;

/** How long a program may take to start, or to notice that its time is over, on a busy machine. */
export const patienceMs = 60_000;

export interface Measure {
  /** As figures are named, with its unit: `cpuNs`. */
  readonly name: string;
  /** The column's head. */
  readonly what: string;
  text(value: number): string;
  /**
   * The exponent with which all of it together grows linearly: 0 for what each call costs, 1 for the memory of all. Undefined: it is
   * no cost, and not judged.
   */
  readonly linear?: 0 | 1;
}

export interface Series {
  /** Short, and unique. */
  readonly name: string;
  /** What is measured, in a sentence. */
  readonly what: string;
  /** What there is more and more of, as the place of a figure names it: `instances`. */
  readonly axis: string;
  xText(x: number): string;
  /** Ascending. */
  readonly points: { readonly whole: readonly number[]; readonly quick: readonly number[] };
  /** How long each measurement takes, in ms. */
  readonly ms: { readonly whole: number; readonly quick: number };
  readonly measures: readonly Measure[];
  /** The toolchain that is not there; undefined: it can run. Asked before `build`. */
  missing(): string | undefined;
  build(): void;
  /** Why this machine does not allow a point. Undefined: it does. */
  cannot?(x: number): string | undefined;
  /** By the names of `measures`. */
  measure(x: number, ms: number, where: Where): Promise<Readonly<Record<string, number | undefined>>>;
}
