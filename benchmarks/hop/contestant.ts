/** What takes part in the hop section: a pair of commands, whatever the language. */
import type { Command } from '../harness/processes.ts';

/**
 * What it is compared as. `limit`: what the machine itself allows. `isthmus`. `peer`: Node asks a separate native process in another
 * way. `native`: a native program asks another one. `in process`: no isolation, so nothing to hop to.
 */
export type Kind = 'limit' | 'isthmus' | 'peer' | 'native' | 'in process';

/** What is measured: how many bytes go there and back, and how many calls are under way at a time. */
export interface Point {
  readonly bytes: number;
  readonly inFlight: number;
}

/** One measurement of one contestant. */
export interface Run extends Point {
  /** How long the client measures; it warms up for half of that first. */
  readonly ms: number;
  /** A folder of this run alone, with a short path: for sockets, and whatever else is made. It is removed afterwards. */
  readonly folder: string;
  /** Where servers run: for a client that starts its server itself. */
  readonly serverCpu: number;
}

/**
 * The server takes whatever names its address, and the largest payload; it prints the line `ready` once it accepts, and ends on SIGTERM
 * and when its stdin ends. The client takes `--bytes N --in-flight K --ms M` and the address: it connects, checks that one echo comes
 * back byte by byte, warms up for M/2 ms, prints the line `warm`, measures for M ms, prints one line of JSON (`Measured`), waits for
 * the end of its stdin, and exits with 0. What goes wrong is a line on stderr, and another exit code.
 */
export interface Contestant {
  /** Short, and unique. */
  readonly name: string;
  readonly kind: Kind;
  /** What is timed, in a sentence. */
  readonly what: string;
  /** The toolchain or package that is not there; undefined: it can run. Asked before `build`. */
  missing(): string | undefined;
  /** Compiles what it needs into `benchmarks/build`; does little where nothing has changed. */
  build?(): void;
  /** Undefined: the client needs none, or starts it itself. Its processes are pinned to the server's CPU. */
  server?(run: Run): Command;
  client(run: Run): Command;
  /** Why there is no figure for it at that point. Undefined: there is one. */
  cannot?(point: Point): string | undefined;
}

/** What a client prints. */
export interface Measured {
  readonly calls: number;
  /** All of them took so long by the wall clock. */
  readonly ns: number;
  /** What one call took, from its start to its reply, in ns; of the memory's bandwidth and the like there is none. */
  readonly p50?: number | undefined;
  readonly p99?: number | undefined;
  readonly p999?: number | undefined;
}
