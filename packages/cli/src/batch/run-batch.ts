/** Runs the rows of a batch through calls: pipelined, with the results in the order of the rows. */
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { IsthmusError } from '@isthmus/schema';
import type { Row } from './rows.ts';

/** Results that wait for one slow row before them, as a multiple of the calls in flight: bounds memory. */
const reorderFactor = 16;
/** Results are written in pieces of about this many characters. */
const writeChunkChars = 64 * 1024;

export interface BatchOptions {
  readonly rows: AsyncIterable<readonly Row[]>;
  /** Makes one call with an input in JSON form; gives its output as JSON text. */
  readonly call: (value: unknown) => Promise<string>;
  /** Takes complete lines, each ended by a line feed. */
  readonly write: (text: string) => Promise<void>;
  /** The most calls in flight, 1 or more. */
  readonly inFlight: number;
  /** Stop at the first row that fails. */
  readonly failFast: boolean;
  readonly signal: AbortSignal;
  /** Told of each row that failed, as it happens. */
  readonly onError: (line: number, error: IsthmusError) => void;
  /** Told how many rows are done, after each batch of them that was read. */
  readonly onProgress?: (rows: number) => void;
}

export interface BatchSummary {
  /** Rows that were answered, with a result or an error. */
  readonly rows: number;
  readonly errors: number;
  /** From the first row to the last answer. */
  readonly seconds: number;
  /** Duration of each call, in ns; rows that were not valid JSON made none. */
  readonly latency: RecordableHistogram;
  /** All rows were read and answered: neither fail-fast nor the signal ended it early. */
  readonly complete: boolean;
}

export async function runBatch(options: BatchOptions): Promise<BatchSummary> {
  return new Batch(options).run();
}

class Batch {
  readonly #options: BatchOptions;
  readonly #latency = createHistogram();
  /** Lines of results that wait for an earlier row, by line number. */
  readonly #finished = new Map<number, string>();
  /** The line number of the next result to write. */
  #next = 1;
  #inFlight = 0;
  /** Calls that ended, with a result or an error. */
  #completions = 0;
  #rows = 0;
  #errors = 0;
  #ready: string[] = [];
  #readyChars = 0;
  #wake: (() => void) | undefined;

  constructor(options: BatchOptions) {
    this.#options = options;
  }

  async run(): Promise<BatchSummary> {
    const { rows, signal, onProgress } = this.#options;
    const begun = performance.now();
    const onAbort = () => this.#wake?.();
    signal.addEventListener('abort', onAbort);
    try {
      for await (const batch of rows) {
        for (const row of batch) {
          while (!this.#stopped && !this.#hasRoomFor(row)) await this.#nextCompletion();
          if (this.#stopped) break;
          this.#start(row);
        }
        // Rows that never become calls, such as those of a file that is no NDJSON at all, are written here.
        await this.#writeReady(writeChunkChars);
        onProgress?.(this.#rows);
        if (this.#stopped) break;
      }
      while (this.#inFlight > 0 && !signal.aborted) await this.#nextCompletion();
      await this.#writeReady(0);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
    onProgress?.(this.#rows);
    return {
      rows: this.#rows,
      errors: this.#errors,
      seconds: (performance.now() - begun) / 1000,
      latency: this.#latency,
      complete: !this.#stopped,
    };
  }

  get #stopped(): boolean {
    const { signal, failFast } = this.#options;
    return signal.aborted || (failFast && this.#errors > 0);
  }

  #hasRoomFor(row: Row): boolean {
    const { inFlight } = this.#options;
    return this.#inFlight < inFlight && row.line - this.#next < inFlight * reorderFactor;
  }

  /** Writes what is due meanwhile. Only the loop in run() comes here, so that rows are written one after another. */
  async #nextCompletion(): Promise<void> {
    const seen = this.#completions;
    await this.#writeReady(writeChunkChars);
    // Calls may have ended meanwhile, or a signal may have come: a wake-up that nobody waited for must not be lost.
    if (this.#completions !== seen || this.#inFlight === 0 || this.#options.signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
  }

  #start(row: Row): void {
    if (row.error !== undefined) {
      this.#fail(row.line, row.error);
      return;
    }
    this.#inFlight += 1;
    const begun = performance.now();
    const ended = () => {
      this.#inFlight -= 1;
      this.#completions += 1;
      this.#latency.record(Math.max(1, Math.round((performance.now() - begun) * 1e6)));
    };
    this.#options.call(row.value).then(
      (text) => {
        ended();
        this.#finish(row.line, text);
      },
      (error: unknown) => {
        ended();
        this.#fail(row.line, asIsthmusError(error));
      },
    );
  }

  #fail(line: number, error: IsthmusError): void {
    // What is still in flight when a batch is stopped does not count against it.
    if (this.#stopped) {
      this.#wake?.();
      return;
    }
    this.#errors += 1;
    this.#options.onError(line, error);
    this.#finish(line, JSON.stringify({ error: errorRow(line, error) }));
  }

  #finish(line: number, text: string): void {
    this.#rows += 1;
    this.#finished.set(line, text);
    for (;;) {
      const due = this.#finished.get(this.#next);
      if (due === undefined) break;
      this.#finished.delete(this.#next);
      this.#next += 1;
      this.#ready.push(due, '\n');
      this.#readyChars += due.length + 1;
    }
    this.#wake?.();
  }

  async #writeReady(atLeastChars: number): Promise<void> {
    if (this.#readyChars <= atLeastChars) return;
    const text = this.#ready.join('');
    this.#ready = [];
    this.#readyChars = 0;
    await this.#options.write(text);
  }
}

/** What an output row says of a row that failed; docs/cli.md describes it. */
export function errorRow(line: number, error: IsthmusError): object {
  return {
    code: error.code,
    detail: error.detail === '' ? error.message : error.detail,
    line,
    ...(error.fields.length === 0 ? {} : { fields: error.fields }),
    ...(error.handlerCode === undefined ? {} : { handlerCode: error.handlerCode }),
    ...(error.handlerError === undefined ? {} : { handlerError: error.handlerError }),
  };
}

function asIsthmusError(error: unknown): IsthmusError {
  if (error instanceof IsthmusError) return error;
  return new IsthmusError('INTERNAL', { detail: error instanceof Error ? error.message : String(error), cause: error });
}
