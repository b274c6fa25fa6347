import { IsthmusError } from '@isthmus/schema';
import type { Channel } from './channel.ts';
import type { Form } from './form.ts';
import type { PendingCall } from './pending.ts';

/** The calls that a channel has in flight, each in a slot whose number goes along with it. */
export class CallTable {
  /** How many there are. */
  size = 0;
  readonly #capacity: number;
  /** As long as there ever were calls at once: a channel that is not used takes no memory for those it might have. */
  readonly #calls: (PendingCall | undefined)[] = [];
  /** A stack of those of its slots that are free. */
  readonly #free: number[] = [];

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get isFull(): boolean {
    return this.size >= this.#capacity;
  }

  /** Gives a call its slot, and returns that. `form`: as the instance has it. @throws IsthmusError `TOO_MANY_CALLS` */
  begin(call: PendingCall, channel: Channel, form: Form): number {
    if (this.isFull) throw new IsthmusError('TOO_MANY_CALLS');
    const slot = this.#free.pop() ?? this.#calls.length;
    this.#calls[slot] = call;
    call.channel = channel;
    call.wire = form;
    call.slot = slot;
    this.size += 1;
    return slot;
  }

  end(slot: number): void {
    this.#calls[slot] = undefined;
    this.#free.push(slot);
    this.size -= 1;
  }

  at(slot: number): PendingCall | undefined {
    return this.#calls[slot];
  }

  has(call: PendingCall): boolean {
    return this.#calls[call.slot] === call;
  }

  /** Ends all of them, and returns them. */
  endAll(): PendingCall[] {
    const calls = this.#calls.filter((call) => call !== undefined);
    for (const { slot } of calls) this.end(slot);
    return calls;
  }
}
