/** Where a run keeps its sockets and files: in memory where the system has a folder for that. */
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const inMemory = '/dev/shm';
const signals = ['SIGINT', 'SIGTERM'] as const;

/** A folder with a short path, removed with all that is in it, also where the run is ended by a signal. */
export class RunFolder implements Disposable {
  readonly path = mkdtempSync(join(parent(), 'isth-bench-'));
  /** What was started ends with this process: its stdin does. */
  readonly #end = (): void => {
    this.#remove();
    process.exit(130);
  };

  constructor() {
    for (const signal of signals) process.on(signal, this.#end);
  }

  [Symbol.dispose](): void {
    for (const signal of signals) process.off(signal, this.#end);
    this.#remove();
  }

  #remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

function parent(): string {
  try {
    accessSync(inMemory, constants.W_OK | constants.X_OK);
    return inMemory;
  } catch {
    return tmpdir();
  }
}
