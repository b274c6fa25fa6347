/** Calls that go on while something happens to those who answer them. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long a caller rests before it asks again, in ms: there are other tests on the machine. */
const restMs = 10;

export type Ask = (number: number) => Promise<Readonly<Record<string, unknown>>>;

/** Asks the counter again and again, as many at a time as told, until stopped. */
export class Load {
  readonly failures: string[] = [];
  /** Versions that answered calls which began after the last {@link forget}. */
  readonly versions = new Set<unknown>();
  answers = 0;
  readonly #ask: Ask;
  readonly #loops: readonly Promise<void>[];
  #generation = 0;
  #stopped = false;

  constructor(atATime: number, ask: Ask) {
    this.#ask = ask;
    this.#loops = Array.from({ length: atATime }, (_, index) => this.#loop(index));
  }

  /** What comes from here on is looked at by itself. */
  forget(): void {
    this.#generation += 1;
    this.versions.clear();
    this.answers = 0;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#loops);
  }

  async #loop(first: number): Promise<void> {
    for (let number = first; !this.#stopped; number += 100) {
      const generation = this.#generation;
      try {
        const answer = await this.#ask(number);
        assert.equal(answer.number, number);
        if (generation !== this.#generation) continue;
        this.versions.add(answer.version);
        this.answers += 1;
      } catch (error) {
        this.failures.push(String(error));
      }
      await sleep(restMs);
    }
  }
}
