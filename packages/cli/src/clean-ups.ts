/** What undoes the steps of a start. */
import type { Logger } from 'pino';

export class CleanUps {
  readonly #steps: (() => Promise<void> | void)[] = [];

  /** To be called as each step is done. */
  add(step: () => Promise<void> | void): void {
    this.#steps.push(step);
  }

  /** Undoes all steps in the reverse of their order; each is tried even if one before it fails. */
  async run(logger: Logger): Promise<void> {
    for (const step of this.#steps.splice(0).reverse()) {
      await Promise.resolve()
        .then(step)
        .catch((error: unknown) => logger.error({ err: error }, 'stopping failed'));
    }
  }
}
