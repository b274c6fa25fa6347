/** What takes part in the HTTP section: a server that answers the quote of the pricing example. */
import type { Command } from '../harness/processes.ts';

/**
 * What it is compared as. `isthmus`: the gateway. `in process`: the handler has no process of its own. `peer`: it has one, which is
 * reached in another way. `framework`: no handler; the body is parsed, and answered.
 */
export type Kind = 'isthmus' | 'in process' | 'peer' | 'framework';

export interface Contestant {
  /** Short, and unique. */
  readonly name: string;
  readonly kind: Kind;
  /** What it is, in a sentence. */
  readonly what: string;
  /** Whether its tail is measured too, in an open loop. */
  readonly tail: boolean;
  /** The toolchain or package that is not there; undefined: it can run. Asked before `build`. */
  missing(): string | undefined;
  /** Compiles what it needs into `benchmarks/build`; does little where nothing has changed. */
  build?(): void;
  /**
   * It prints the line `ready URL` once it answers, and ends on SIGTERM and when its stdin ends; whatever it starts ends with it.
   *
   * @param folder Of this server alone, with a short path: for sockets.
   */
  server(folder: string): Command;
}
