/** What a run finds, as it is kept in results/results.json; and what a section of the benchmarks is. */
import type { Machine } from './machine.ts';

/** Where a figure was taken: `{ bytes: 64, inFlight: 1 }`. */
export type Place = Readonly<Record<string, number | string>>;

/** One thing that was measured, in every round. */
export interface Figure {
  readonly contestant: string;
  /** What of it, with its unit in the name: `ns`, `p50Ns`, `requestsPerSecond`. */
  readonly measure: string;
  readonly at: Place;
  /** By round. Null: there it failed, or was not measured. */
  readonly rounds: readonly (number | null)[];
}

export interface ContestantInfo {
  readonly name: string;
  /** What it is compared as: a section's own words. */
  readonly kind: string;
  /** What is timed, in a sentence. */
  readonly what: string;
}

/** What has no figures, and why. */
export interface Gap {
  readonly contestant: string;
  /** Undefined: nowhere, since its toolchain is missing, say. */
  readonly at?: Place;
  readonly why: string;
}

/** What the host of a virtual machine disturbed by taking CPU time away. */
export interface Stolen {
  /** Measurements that were made again. */
  readonly again: number;
  /** Those that count although they were disturbed. */
  readonly kept: number;
}

export interface SectionResult {
  /** Those that took part, in the order in which they took turns. */
  readonly contestants: readonly ContestantInfo[];
  /** How many rounds there were, and how long each measurement took. */
  readonly rounds: number;
  readonly ms: number;
  readonly figures: readonly Figure[];
  /** Known before: a toolchain that is missing, a size that a contestant does not carry. */
  readonly gaps: readonly Gap[];
  /** What went wrong in the run itself, which then ends with exit code 1. */
  readonly failures: readonly Gap[];
  readonly stolen: Stolen;
}

export interface Results {
  /** When it began, in ISO 8601, UTC. */
  readonly date: string;
  readonly seconds: number;
  readonly isQuick: boolean;
  readonly isUrgent: boolean;
  readonly machine: Machine;
  readonly sections: Readonly<Record<string, SectionResult>>;
}

/** What a section is told, and may use, while it measures. */
export interface Context {
  /** Figures may then be rough: the whole run, of all sections, has 3 minutes in the place of 30. */
  readonly isQuick: boolean;
  /** How many rounds were asked for. Undefined: as many as the section thinks right. */
  readonly rounds: number | undefined;
  /** How long each measurement was asked to take. Undefined: as long as the section thinks right. */
  readonly ms: number | undefined;
  /** Whether a contestant was asked for; without `--contestants` all are. */
  wants(contestant: string): boolean;
  /** Whether measured programs get nearly all of their CPU, whatever else the machine has to do: see StartOptions. */
  readonly isUrgent: boolean;
  readonly cpus: { readonly client: number; readonly server: number };
  /** A folder of this run, with a short path. */
  readonly folder: string;
  /** Progress, on stderr. */
  say(text: string): void;
}

/** What results.md and the plots have of a section. */
export interface Rendered {
  /** Markdown, from the first heading of the third level on; the section's own heading is the runner's. */
  readonly markdown: string;
  /** SVG documents by their file names, which `markdown` may refer to. */
  readonly plots: Readonly<Record<string, string>>;
}

export interface Section {
  /** As `--only` has it. */
  readonly name: string;
  readonly title: string;
  /** The names of all who can take part. */
  readonly contestants: readonly string[];
  run(context: Context): Promise<SectionResult>;
  /** From the result alone: it must not measure, nor look at the machine. */
  render(result: SectionResult): Rendered;
}
