import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Budget } from '../../src/policies/budget.ts';

describe('a retry budget', () => {
  it('allows for a share of the calls, and ten more', () => {
    const budget = new Budget(0.1, () => 0);
    for (let i = 0; i < 100; i++) budget.earn();
    let spent = 0;
    while (budget.spend()) spent += 1;
    assert.equal(spent, 20);
  });

  it('forgets calls and retries after ten seconds', () => {
    let nowMs = 0;
    const budget = new Budget(0.5, () => nowMs);
    for (let i = 0; i < 10; i++) assert.ok(budget.spend());
    assert.ok(!budget.spend());
    nowMs = 9_999;
    assert.ok(!budget.spend());
    nowMs = 10_000;
    assert.ok(budget.spend());
    for (let i = 0; i < 40; i++) budget.earn();
    nowMs = 1e9;
    let spent = 0;
    while (budget.spend()) spent += 1;
    assert.equal(spent, 10);
  });

  it('is never exceeded, whatever comes when', () => {
    const event = fc.record({ afterMs: fc.integer({ min: 0, max: 3000 }), isCall: fc.boolean() });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 300 }), fc.constantFrom(0, 0.1, 0.5, 1), (events, share) => {
        let nowMs = 0;
        const budget = new Budget(share, () => nowMs);
        const seconds: { second: number; isCall: boolean }[] = [];
        for (const { afterMs, isCall } of events) {
          nowMs += afterMs;
          const second = Math.floor(nowMs / 1000);
          const recent = seconds.filter((one) => one.second > second - 10);
          const calls = recent.filter((one) => one.isCall).length;
          const retries = recent.length - calls;
          if (isCall) budget.earn();
          else assert.equal(budget.spend(), retries + 1 <= calls * share + 10);
          if (isCall || retries + 1 <= calls * share + 10) seconds.push({ second, isCall });
        }
      }),
    );
  });
});
