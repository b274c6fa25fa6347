import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Health } from '../../src/policies/health.ts';

describe('the health of instances', () => {
  it('passes over one that fails several times in a row, for a while', () => {
    let nowMs = 0;
    const [good, bad] = [{}, {}];
    const health = new Health({ ejectAfter: 3, ejectMs: 100 }, () => nowMs);
    for (const instance of [bad, good, bad]) health.failed(instance);
    health.answered(good);
    assert.ok(!health.isPassedOver(bad));
    health.failed(bad);
    health.failed(good);
    health.failed(good);
    assert.deepEqual([health.isPassedOver(bad), health.isPassedOver(good)], [true, false]);
    nowMs = 100;
    assert.ok(!health.isPassedOver(bad));
    // One more is enough then; and an answer begins anew.
    health.failed(bad);
    assert.ok(health.isPassedOver(bad));
    nowMs = 200;
    health.answered(bad);
    health.failed(bad);
    assert.ok(!health.isPassedOver(bad));
  });

  it('counts nothing where it is not told to', () => {
    const instance = {};
    const health = new Health({ ejectAfter: undefined, ejectMs: 100 }, () => 0);
    for (let i = 0; i < 100; i++) health.failed(instance);
    assert.ok(!health.isPassedOver(instance));
    health.passOver(instance);
    assert.ok(health.isPassedOver(instance));
  });
});
