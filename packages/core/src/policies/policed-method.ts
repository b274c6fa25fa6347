import { IsthmusError, type Method } from '@isthmus/schema';
import type { Caller } from '../caller.ts';
import type { Channel } from '../channel.ts';
import { errorOf } from '../errors.ts';
import type { Form } from '../form.ts';
import { timeoutOf } from '../options.ts';
import type { CallOptions } from '../pending.ts';
import { ReplyQueue } from '../reply-queue.ts';
import { ReplyStream } from '../reply-stream.ts';
import { type Asked, Attempt, type AttemptOwner } from './attempt.ts';
import { Breaker } from './breaker.ts';
import { Budget } from './budget.ts';
import { Gate } from './gate.ts';
import { hedged } from './hedge.ts';
import type { Lending } from './lending.ts';
import { Load } from './load.ts';
import { cancelled, onAbort } from './on-abort.ts';
import { retried } from './retry.ts';
import type { PolicySettings } from './types.ts';

/**
 * Calls of one method, under its policies. From the outside in: the bulkhead, the pool's places, retries, the breaker, hedging,
 * and for each attempt the choice of an instance, and whether it would come too late there.
 */
export class PolicedMethod implements AttemptOwner {
  readonly #lending: Lending;
  readonly #settings: PolicySettings;
  readonly #name: string;
  readonly #gates: readonly Gate[];
  readonly #breaker: Breaker | undefined;
  readonly #budget: Budget;
  readonly #loads = new WeakMap<Channel, Load>();

  constructor(method: Method, settings: PolicySettings, lending: Lending) {
    const { breaker, bulkhead, budget } = settings;
    const { timeoutMs } = lending.pool.settings;
    this.#lending = lending;
    this.#settings = settings;
    this.#name = method.name;
    const own = bulkhead === undefined ? undefined : new Gate(bulkhead, method.name);
    // Who waits for a place of the method must not hold one that all methods share.
    this.#gates = [own, lending.gate].filter((gate) => gate !== undefined);
    this.#breaker =
      breaker === undefined
        ? undefined
        : new Breaker({ ...breaker, minTimeoutMs: breaker.minTimeoutMs ?? timeoutMs }, method.name);
    this.#budget = new Budget(budget);
  }

  get pool() {
    return this.#lending.pool;
  }

  get hasRetries(): boolean {
    return this.#settings.retry !== undefined;
  }

  async call(form: Form, input: unknown, options: CallOptions | undefined): Promise<unknown> {
    const asked = this.#ask(form, input, options, options?.signal);
    // Here already, so that what is refused costs little: under overload that is most of all calls.
    if (this.#isTooMuchAnywhere(asked.hadMs)) throw this.#tooMuch(asked.hadMs);
    await this.#enter(asked);
    try {
      return await this.#attempts(asked);
    } finally {
      this.#leave();
    }
  }

  stream(form: Form, input: unknown, options: CallOptions | undefined): ReplyStream {
    const stop = new AbortController();
    let attempt: Attempt | undefined;
    const queue = new ReplyQueue(this.pool.settings.streamWindowBytes, {
      credit: (bytes) => attempt?.call.channel?.credit(attempt.call, bytes),
      countIdle: (change) => attempt?.call.channel?.countIdle(change),
      answered: () => attempt?.open(),
    });
    const run = async (): Promise<void> => {
      const signal = options?.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, options.signal]);
      const asked = this.#ask(form, input, options, signal, queue);
      await this.#enter(asked);
      try {
        await this.#attempts(asked, (made) => {
          attempt = made;
        });
        await attempt?.end;
      } finally {
        this.#leave();
      }
    };
    return new ReplyStream(queue, {
      start: () => {
        // At once: what has come and was not taken must not be taken any more.
        const stopListening = onAbort(options?.signal, (error) => queue.cut(error));
        run()
          .then(
            () => queue.end(),
            (cause: unknown) => queue.end(errorOf(cause)),
          )
          .finally(stopListening);
      },
      cancel: () => {
        queue.cut();
        stop.abort();
      },
    });
  }

  /** Nothing waits, and nothing is tried twice but what the pool does itself: see docs/policies.md. */
  callSync(form: Form, input: unknown, timeoutMs: number | undefined, caller?: Caller | undefined): unknown {
    const hadMs = timeoutOf(timeoutMs, this.pool.settings.timeoutMs);
    const refusal = this.#breaker?.refusal();
    if (refusal !== undefined) throw refusal;
    this.#enterNow();
    const outcome = Promise.withResolvers<void>();
    if (this.#breaker !== undefined) void this.#breaker.run(() => outcome.promise, hadMs).catch(() => {});
    try {
      this.#lending.wake();
      const output = this.pool.callSync(form, input, timeoutMs, caller);
      outcome.resolve();
      return output;
    } catch (cause) {
      outcome.reject(errorOf(cause));
      throw cause;
    } finally {
      outcome.promise.catch(() => {});
      this.#leave();
    }
  }

  /** How a call that was made now would be refused, as far as that is known without its input; undefined: it would be made. */
  refusal(timeoutMs: number | undefined): IsthmusError | undefined {
    const refusal = this.#breaker?.refusal();
    if (refusal !== undefined) return refusal;
    const leftMs = timeoutMs ?? this.pool.settings.timeoutMs;
    const deadlineMs = performance.now() + leftMs;
    const full = this.#gates.find((gate) => gate.refuses(deadlineMs));
    if (full !== undefined) return full.refusal();
    return this.#isTooMuchAnywhere(leftMs) ? this.#tooMuch(leftMs) : undefined;
  }

  isPassedOver(channel: Channel): boolean {
    return this.#lending.isPassedOver(channel);
  }

  admit(channel: Channel, leftMs: number): void {
    if (this.#isTooMuch(channel, leftMs)) throw this.#tooMuch(leftMs);
    this.#lending.used(channel);
  }

  ended(attempt: Attempt, error: IsthmusError | undefined): void {
    const { channel, ahead, sentMs, asked } = attempt;
    if (channel === undefined) return;
    const wasAnswered = error === undefined || error.code === 'HANDLER_REFUSED';
    if (wasAnswered || attempt.call.executions > 0) this.#lending.ended(channel, error, asked.hadMs);
    if (!this.#settings.shed) return;
    const tookMs = performance.now() - sentMs;
    if (wasAnswered) this.#loadOf(channel).answered(tookMs, ahead);
    else if (error.code === 'DEADLINE_EXCEEDED') this.#loadOf(channel).missed(tookMs, ahead);
  }

  #ask(
    form: Form,
    input: unknown,
    options: CallOptions | undefined,
    signal: AbortSignal | undefined,
    queue?: ReplyQueue,
  ): Asked {
    const hadMs = timeoutOf(options?.timeoutMs, this.pool.settings.timeoutMs);
    if (signal?.aborted === true) throw cancelled(signal);
    return { form, input, options, hadMs, deadlineMs: performance.now() + hadMs, signal, queue };
  }

  /** @param making Told of each attempt before it is sent. */
  #attempts(asked: Asked, making?: (attempt: Attempt) => void): Promise<unknown> {
    const { retry } = this.#settings;
    let last: Attempt[] = [];
    const attempt = (): Promise<unknown> => {
      const [failed] = last;
      last = [];
      return this.#guarded(asked, failed?.channel, (made) => {
        last.push(made);
        making?.(made);
      });
    };
    this.#budget.earn();
    if (retry === undefined) return attempt();
    const { deadlineMs, signal } = asked;
    const isRepeatable = (): boolean => last.every((made) => made.isRepeatable);
    return retried({ settings: retry, budget: this.#budget, deadlineMs, signal, isRepeatable }, attempt);
  }

  #guarded(asked: Asked, avoided: Channel | undefined, making: (attempt: Attempt) => void): Promise<unknown> {
    const call = (): Promise<unknown> => {
      const { hedge } = this.#settings;
      const first = this.#begin(asked, avoided, making);
      if (hedge === undefined) return first.answer;
      return hedged(first, hedge.afterMs, () => this.#second(first, making));
    };
    return this.#breaker === undefined ? call() : this.#breaker.run(call, asked.hadMs);
  }

  /** Another attempt on another instance, if there is one, and the budget allows for it. */
  #second({ asked, channel }: Attempt, making: (attempt: Attempt) => void): Attempt | undefined {
    if (channel === undefined || this.pool.instances.channels.length < 2 || !this.#budget.spend()) return undefined;
    return this.#begin(asked, channel, making);
  }

  #begin(asked: Asked, avoided: Channel | undefined, making: (attempt: Attempt) => void): Attempt {
    const attempt = new Attempt(this, asked, avoided);
    making(attempt);
    attempt.send(this.#lending.prepare(attempt));
    return attempt;
  }

  async #enter({ deadlineMs, signal }: Asked): Promise<void> {
    const entered: Gate[] = [];
    try {
      for (const gate of this.#gates) {
        const turn = gate.enter(deadlineMs, signal);
        if (turn !== undefined) await turn;
        entered.push(gate);
      }
    } catch (cause) {
      for (const gate of entered) gate.leave();
      throw cause;
    }
  }

  #enterNow(): void {
    const entered: Gate[] = [];
    try {
      for (const gate of this.#gates) {
        gate.enterNow();
        entered.push(gate);
      }
    } catch (cause) {
      for (const gate of entered) gate.leave();
      throw cause;
    }
  }

  #leave(): void {
    for (const gate of this.#gates) gate.leave();
  }

  #isTooMuchAnywhere(leftMs: number): boolean {
    if (!this.#settings.shed) return false;
    const { channels } = this.pool.instances;
    return channels.length > 0 && channels.every((channel) => this.#isTooMuch(channel, leftMs));
  }

  #isTooMuch(channel: Channel, leftMs: number): boolean {
    return this.#settings.shed && this.#loadOf(channel).isTooMuch(channel.inFlight, leftMs);
  }

  #tooMuch(leftMs: number): IsthmusError {
    return new IsthmusError('OVERLOADED', {
      detail: `by what calls of ${this.#name} take now, this one would not be answered in ${Math.ceil(leftMs)} ms; it was not sent`,
    });
  }

  #loadOf(channel: Channel): Load {
    let load = this.#loads.get(channel);
    if (load === undefined) {
      load = new Load(channel.lanes);
      this.#loads.set(channel, load);
    }
    return load;
  }
}
