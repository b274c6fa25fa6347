import type { IsthmusError } from '@isthmus/schema';

/** What can be raced: an attempt, as far as that matters here. */
export interface Runner {
  readonly answer: Promise<unknown>;
  abandon(): void;
}

/**
 * Waits for the answer to `first`; where none has come after `afterMs`, for that to `second` too. The first answer counts, a
 * handler's refusal too, and the other attempt is given up. An error that is no answer counts once no other attempt runs.
 *
 * @param second Undefined: there is none to be had.
 */
export function hedged(first: Runner, afterMs: number, second: () => Runner | undefined): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const running = new Set<Runner>();
    const finish = (): void => {
      clearTimeout(timer);
      for (const runner of running) runner.abandon();
    };
    const follow = (runner: Runner): void => {
      running.add(runner);
      runner.answer.then(
        (value) => {
          running.delete(runner);
          finish();
          resolve(value);
        },
        (error: IsthmusError) => {
          running.delete(runner);
          if (error.code !== 'HANDLER_REFUSED' && running.size > 0) return;
          finish();
          reject(error);
        },
      );
    };
    const timer = setTimeout(() => {
      const other = second();
      if (other !== undefined) follow(other);
    }, afterMs);
    follow(first);
  });
}
