import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Load } from '../../src/policies/load.ts';

interface Sent {
  readonly sentMs: number;
  readonly ahead: number;
  readonly endMs: number;
  readonly leftMs: number;
}

/** A service of `lanes` threads that takes `ms` for each call, in the order they come. */
class Queue {
  readonly load: Load;
  readonly #lanes: number;
  readonly #ms: number;
  #nowMs = 0;
  #inFlight: Sent[] = [];
  readonly #freeMs: number[];

  constructor(lanes: number, ms: number) {
    this.load = new Load(lanes);
    this.#lanes = lanes;
    this.#ms = ms;
    this.#freeMs = new Array(lanes).fill(0);
  }

  /** Goes on, with a call each `intervalMs`. @returns How many were answered in time, and how many were sent. */
  run(forMs: number, intervalMs: number, leftMs: number): { readonly good: number; readonly sent: number } {
    const endMs = this.#nowMs + forMs;
    let good = 0;
    let sent = 0;
    for (; this.#nowMs < endMs; this.#nowMs += intervalMs) {
      const ended: Sent[] = [];
      const left: Sent[] = [];
      for (const call of this.#inFlight) {
        const isOver = Math.min(call.endMs, call.sentMs + call.leftMs) <= this.#nowMs;
        (isOver ? ended : left).push(call);
      }
      this.#inFlight = left;
      for (const call of ended) {
        const tookMs = call.endMs - call.sentMs;
        if (tookMs <= call.leftMs) good += 1;
        if (tookMs <= call.leftMs) this.load.answered(tookMs, call.ahead);
        else this.load.missed(call.leftMs, call.ahead);
      }
      const ahead = this.#inFlight.length;
      if (this.load.isTooMuch(ahead, leftMs)) continue;
      sent += 1;
      const lane = this.#freeMs.indexOf(Math.min(...this.#freeMs));
      const beginMs = Math.max(this.#freeMs[lane] ?? 0, this.#nowMs);
      // As a service does: what is too late is not begun.
      const doneMs = beginMs > this.#nowMs + leftMs ? beginMs : beginMs + this.#ms;
      this.#freeMs[lane] = doneMs;
      this.#inFlight.push({ sentMs: this.#nowMs, ahead, endMs: beginMs + this.#ms, leftMs });
    }
    return { good, sent };
  }

  get capacityPerMs(): number {
    return this.#lanes / this.#ms;
  }
}

describe('the load of an instance', () => {
  it('keeps what is answered in time near its most, at ten times what can be served', () => {
    for (const leftMs of [20, 100]) {
      const queue = new Queue(2, 1);
      queue.run(1000, 1, leftMs);
      queue.run(leftMs * 5, 0.05, leftMs);
      const { good } = queue.run(2000, 0.05, leftMs);
      assert.ok(good > 2000 * queue.capacityPerMs * 0.85, `${good} with ${leftMs} ms`);
    }
  });

  it('finds out of an overload in which no call was ever answered in time', () => {
    const queue = new Queue(2, 1);
    for (let i = 0; i < 3; i++) queue.load.missed(100, i);
    queue.run(3000, 0.05, 100);
    const { good } = queue.run(2000, 0.05, 100);
    assert.ok(good > 2000 * queue.capacityPerMs * 0.85, `${good}`);
  });

  it('refuses nothing that can be served', () => {
    const queue = new Queue(2, 1);
    const { good, sent } = queue.run(5000, 0.6, 50);
    assert.equal(sent, Math.ceil(5000 / 0.6));
    assert.ok(good >= sent - 2);
  });

  it('never refuses a call that need not wait, whatever was seen', () => {
    const sample = fc.record({
      ms: fc.double({ min: 0, max: 1e5, noNaN: true }),
      ahead: fc.nat({ max: 5000 }),
      missed: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(sample),
        fc.integer({ min: 1, max: 8 }),
        fc.double({ min: 0.001, max: 1e6, noNaN: true }),
        (samples, lanes, leftMs) => {
          const load = new Load(lanes);
          for (const { ms, ahead, missed } of samples) {
            if (missed) load.missed(ms, ahead);
            else load.answered(ms, ahead);
          }
          for (let ahead = 0; ahead < lanes; ahead++) assert.ok(!load.isTooMuch(ahead, leftMs));
        },
      ),
    );
  });

  it('refuses none of a service that answers any number at once', () => {
    const load = new Load(1);
    for (let i = 0; i < 1000; i++) {
      assert.ok(!load.isTooMuch(i, 5000), `${i}`);
      load.answered(3000, i);
    }
  });

  it('does not take a caller in a hurry for a sign of speed, nor of slowness where nothing waited', () => {
    const load = new Load(2);
    load.answered(40, 0);
    for (let i = 0; i < 100; i++) load.missed(1, 10);
    for (let i = 0; i < 100; i++) load.missed(4000, 1);
    assert.ok(!load.isTooMuch(3, 100));
  });
});
