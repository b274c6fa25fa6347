/** A file of one byte for each number that a call can have: how often instances executed it, whatever has become of them. */
import { closeSync, ftruncateSync, openSync, readSync } from 'node:fs';

/** The numbers that one client has: load.c knows it too. */
export const numbersPerClient = 2 ** 20;
/** Clients that a ledger has numbers for; the file is sparse. */
export const mostClients = 4096;

export class Ledger implements Disposable {
  readonly path: string;
  readonly #file: number;

  /** Opens a ledger, or makes an empty one. */
  constructor(path: string) {
    this.path = path;
    this.#file = openSync(path, 'a+', 0o600);
    ftruncateSync(this.#file, mostClients * numbersPerClient);
  }

  /** How often each of these numbers was executed. */
  executions(from: number, count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    readSync(this.#file, bytes, 0, count, from);
    return bytes;
  }

  /** The numbers of one client, counted from 0, that were executed more than once. */
  repeated(client: number): number[] {
    const first = client * numbersPerClient;
    const repeated: number[] = [];
    for (const [number, executions] of this.executions(first, numbersPerClient).entries()) {
      if (executions > 1) repeated.push(first + number);
    }
    return repeated;
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}
