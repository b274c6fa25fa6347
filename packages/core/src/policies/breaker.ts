import { IsthmusError } from '@isthmus/schema';
import { CircuitState, ConsecutiveBreaker, circuitBreaker, handleType } from 'cockatiel';
import { errorOf } from '../errors.ts';
import type { BreakerSettings } from './types.ts';
import { verdictOf } from './verdict.ts';

/** What a call led to, as the policy below gets it. `isFailure`: otherwise it says nothing about the service. */
class Ended extends Error {
  readonly error: IsthmusError;
  readonly isFailure: boolean;

  constructor(error: IsthmusError, isFailure: boolean) {
    super(error.code);
    this.error = error;
    this.isFailure = isFailure;
  }
}

/**
 * Stops calling a method that fails. cockatiel counts, and knows the three states; this adds what it lacks: a clock that nobody
 * can set back, calls that never wait for the one that tries, and ends that say nothing, such as CANCELLED: these neither
 * count nor decide.
 */
export class Breaker {
  readonly #minTimeoutMs: number;
  /** For the detail of CIRCUIT_OPEN. */
  readonly #method: string;
  readonly #now: () => number;
  /** It would always try again at once: whether it is asked is decided here. */
  readonly #policy;
  /** On this one's clock: until then nothing is called. */
  #openUntilMs = Number.NEGATIVE_INFINITY;
  #lastCode = '';

  constructor(
    settings: BreakerSettings & { readonly minTimeoutMs: number },
    method: string,
    now: () => number = () => performance.now(),
  ) {
    this.#minTimeoutMs = settings.minTimeoutMs;
    this.#method = method;
    this.#now = now;
    const isProbing = (): boolean => this.#policy.state === CircuitState.HalfOpen;
    this.#policy = circuitBreaker(
      // The one call that tries has to come to an end even if it says nothing: then the next one tries.
      handleType(Ended, ({ isFailure }) => isFailure || isProbing()),
      { halfOpenAfter: Number.NEGATIVE_INFINITY, breaker: new ConsecutiveBreaker(settings.failures) },
    );
    this.#policy.onBreak((reason) => {
      const ended = 'error' in reason && reason.error instanceof Ended ? reason.error : undefined;
      this.#openUntilMs = ended?.isFailure === true ? this.#now() + settings.openMs : Number.NEGATIVE_INFINITY;
      this.#lastCode = ended?.error.code ?? '';
    });
  }

  /** CIRCUIT_OPEN, if a call that was made now would end so. */
  refusal(): IsthmusError | undefined {
    const { state } = this.#policy;
    if (state === CircuitState.HalfOpen)
      return new IsthmusError('CIRCUIT_OPEN', { detail: `one call finds out whether ${this.#method} works again` });
    const leftMs = this.#openUntilMs - this.#now();
    if (state === CircuitState.Closed || leftMs <= 0) return undefined;
    return new IsthmusError('CIRCUIT_OPEN', {
      detail: `${this.#method} failed with ${this.#lastCode} last; it is called again in ${Math.ceil(leftMs)} ms`,
      retryAfterMs: leftMs,
    });
  }

  /**
   * Makes a call that has `hadMs` until its deadline.
   *
   * @throws IsthmusError `CIRCUIT_OPEN`, and what the call throws.
   */
  async run<T>(call: () => Promise<T>, hadMs: number): Promise<T> {
    const refusal = this.refusal();
    if (refusal !== undefined) throw refusal;
    try {
      const outcome = await this.#policy.execute(() =>
        call().then(
          (value) => ({ value }),
          (cause: unknown) => this.#judge(errorOf(cause), hadMs),
        ),
      );
      if ('refused' in outcome) throw outcome.refused;
      return outcome.value;
    } catch (cause) {
      throw cause instanceof Ended ? cause.error : cause;
    }
  }

  /** A handler's refusal is an answer, and so counts as a success. */
  #judge(error: IsthmusError, hadMs: number): { readonly refused: IsthmusError } {
    const verdict = verdictOf(error, hadMs, this.#minTimeoutMs);
    if (verdict === 'answer') return { refused: error };
    throw new Ended(error, verdict === 'failure');
  }
}
