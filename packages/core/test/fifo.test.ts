import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Fifo } from '../src/fifo.ts';

describe('a first-in, first-out queue', () => {
  it('gives what an array would, whatever is done to it', () => {
    const step = fc.oneof(
      { weight: 10, arbitrary: fc.integer({ min: 1, max: 60 }).map((count) => ({ what: 'push' as const, count })) },
      { weight: 10, arbitrary: fc.integer({ min: 1, max: 60 }).map((count) => ({ what: 'shift' as const, count })) },
      { weight: 1, arbitrary: fc.constant({ what: 'clear' as const, count: 1 }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const queue = new Fifo<number>();
        let model: number[] = [];
        let next = 0;
        for (const { what, count } of steps) {
          for (let i = 0; i < count; i++) {
            if (what === 'push') {
              queue.push(next);
              model.push(next++);
            } else if (what === 'shift') {
              assert.equal(queue.shift(), model.shift());
            } else {
              queue.clear();
              model = [];
            }
            assert.equal(queue.size, model.length);
          }
        }
      }),
    );
  });

  it('takes time in proportion to what goes through it', () => {
    const queue = new Fifo<number>();
    for (let i = 0; i < 300_000; i++) queue.push(i);
    // Moving what is left at each step would take minutes.
    for (let i = 0; i < 300_000; i++) assert.equal(queue.shift(), i);
    assert.equal(queue.shift(), undefined);
  });
});
