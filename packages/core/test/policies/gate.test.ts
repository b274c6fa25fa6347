import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Gate } from '../../src/policies/gate.ts';
import { failsWith, outcomeOf } from '../support/probe-client.ts';

const patientMs = 1e6;

function gateOf(maxActive: number, maxQueued: number, maxWaitMs = patientMs): Gate {
  return new Gate({ maxActive, maxQueued, maxWaitMs }, 'quote', () => 0);
}

/** Comes in, or waits for it; never rejects. */
function come(gate: Gate, deadlineMs: number, signal?: AbortSignal): Promise<string> {
  return outcomeOf((async () => gate.enter(deadlineMs, signal))());
}

describe('a gate', () => {
  it('lets in as many as it may, and others in the order they came', async () => {
    const gate = gateOf(2, 2);
    assert.equal(gate.enter(1, undefined), undefined);
    assert.equal(gate.enter(1, undefined), undefined);
    const order: number[] = [];
    const waiting = [1, 2].map((one) => come(gate, 10).then(() => order.push(one)));
    assert.deepEqual([gate.active, gate.waiting], [2, 2]);
    assert.deepEqual([gate.refuses(10), gate.refuses(11)], [true, false]);
    gate.leave();
    gate.leave();
    await Promise.all(waiting);
    assert.deepEqual([order, gate.active, gate.waiting], [[1, 2], 2, 0]);
  });

  it('refuses whoever has the nearest deadline when the line is full', async () => {
    const gate = gateOf(1, 2);
    await come(gate, 1);
    const outcomes = [30, 10].map((deadlineMs) => come(gate, deadlineMs));
    outcomes.push(come(gate, 20));
    assert.equal(await outcomes[1], 'OVERLOADED');
    assert.equal(await come(gate, 5), 'OVERLOADED');
    gate.leave();
    gate.leave();
    assert.deepEqual(await Promise.all(outcomes), ['ok', 'OVERLOADED', 'ok']);
    assert.throws(() => gate.enterNow(), failsWith('OVERLOADED', /quote has as many .* \(maxActive: 1\)/));
  });

  it('has nobody wait for longer than it says, nor for a deadline that has passed', async () => {
    const gate = gateOf(1, 5, 20);
    await come(gate, patientMs);
    assert.equal(await come(gate, patientMs), 'OVERLOADED');
    assert.equal(await come(gate, 0), 'OVERLOADED');
    assert.deepEqual([gate.active, gate.waiting], [1, 0]);
  });

  it('refuses those whose deadline has passed when their turn comes', async () => {
    let nowMs = 0;
    const gate = new Gate({ maxActive: 1, maxQueued: 5, maxWaitMs: patientMs }, 'quote', () => nowMs);
    gate.enterNow();
    const outcomes = [10, 1000].map((deadlineMs) => come(gate, deadlineMs));
    nowMs = 10;
    gate.leave();
    assert.deepEqual(await Promise.all(outcomes), ['OVERLOADED', 'ok']);
    assert.equal(gate.active, 1);
  });

  it('lets go of whoever gives up', async () => {
    const gate = gateOf(1, 5);
    gate.enterNow();
    const controller = new AbortController();
    const outcome = come(gate, 10, controller.signal);
    controller.abort();
    assert.equal(await outcome, 'CANCELLED');
    assert.equal(gate.waiting, 0);
  });

  it('never has more inside or in line than it may, and gives each one outcome', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('come' as const), deadlineMs: fc.integer({ min: 1, max: 50 }) }),
      fc.record({ kind: fc.constant('leave' as const) }),
      fc.record({ kind: fc.constant('abort' as const), which: fc.nat() }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60 }),
        fc.integer({ min: 1, max: 3 }),
        fc.nat({ max: 4 }),
        async (steps, maxActive, maxQueued) => {
          const gate = gateOf(maxActive, maxQueued);
          const controllers: AbortController[] = [];
          const outcomes: Promise<string>[] = [];
          let inside = 0;
          for (const one of steps) {
            if (one.kind === 'come') {
              const controller = new AbortController();
              controllers.push(controller);
              outcomes.push(
                come(gate, one.deadlineMs, controller.signal).then((outcome) => {
                  if (outcome === 'ok') inside += 1;
                  return outcome;
                }),
              );
            } else if (one.kind === 'leave') {
              if (inside > 0) {
                inside -= 1;
                gate.leave();
              }
            } else {
              controllers[one.which % Math.max(controllers.length, 1)]?.abort();
            }
            for (let i = 0; i < 5; i++) await undefined;
            assert.ok(gate.active <= maxActive && gate.waiting <= maxQueued);
            assert.equal(gate.active, inside);
          }
          for (const controller of controllers) controller.abort();
          const ended = await Promise.all(outcomes);
          assert.ok(ended.every((outcome) => ['ok', 'OVERLOADED', 'CANCELLED'].includes(outcome)));
          while (gate.active > 0) gate.leave();
          assert.equal(gate.waiting, 0);
        },
      ),
    );
  });
});
