import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { call, region, service, struct, u32 } from '@isthmus/schema';
import { checkPolicies } from '../../src/policies/check.ts';

const Value = struct('Value', { value: u32() });
const shop = service('shop', {
  price: call({ output: Value, idempotent: true }),
  order: call({ input: Value }),
  list: call({ output: Value, replies: 'many', idempotent: true }),
});
const stateful = service('stateful', { get: call({}), state: region(Value) });

function problemsOf(given: object, schema: typeof shop | typeof stateful = shop): readonly string[] {
  return checkPolicies(schema, given, 'services.shop').problems;
}

describe('policies', () => {
  it('are none where nobody asks for any', () => {
    assert.deepEqual(checkPolicies(shop, {}), { settings: undefined, problems: [] });
  });

  it('get every default', () => {
    const { settings, problems } = checkPolicies(shop, {
      policies: { '*': { retry: {}, breaker: {}, bulkhead: { maxActive: 4 }, hedge: { afterMs: 20 } } },
      pool: { maxActive: 100 },
    });
    assert.deepEqual(problems, []);
    assert.deepEqual(settings?.methods.get('price'), {
      retry: { attempts: 3, initialDelayMs: 10, maxDelayMs: 1000 },
      breaker: { failures: 5, openMs: 5000, minTimeoutMs: undefined },
      bulkhead: { maxActive: 4, maxQueued: 128, maxWaitMs: 1000 },
      hedge: { afterMs: 20 },
      shed: false,
      budget: 0.1,
    });
    // Only idempotent methods with one reply are hedged.
    assert.equal(settings?.methods.get('order')?.hedge, undefined);
    assert.equal(settings?.methods.get('list')?.hedge, undefined);
    assert.deepEqual(settings?.pool, {
      gate: { maxActive: 100, maxQueued: 128, maxWaitMs: 1000 },
      testOnBorrowMs: undefined,
      idleEvictMs: undefined,
      ejectAfter: undefined,
      ejectMs: 5000,
    });
  });

  it('of a method stand in for those of all, part by part', () => {
    const { settings } = checkPolicies(shop, {
      policies: {
        '*': { retry: { attempts: 4, budget: 0.5 }, breaker: {}, shed: true },
        order: { retry: false, breaker: { failures: 2 }, shed: false },
      },
    });
    const [price, order] = ['price', 'order'].map((name) => settings?.methods.get(name));
    assert.deepEqual([price?.retry?.attempts, price?.budget, price?.breaker?.failures, price?.shed], [4, 0.5, 5, true]);
    assert.deepEqual([order?.retry, order?.budget, order?.breaker?.failures, order?.shed], [undefined, 0.1, 2, false]);
  });

  it('are refused with the place and the reason, all at once and each once', () => {
    const where = 'services.shop.policies';
    const cases: readonly (readonly [object, string])[] = [
      [{ policies: 7 }, `${where}: must be an object, not 7`],
      [{ policies: { prise: {} } }, `${where}.prise: is not an option; known are *, price, order, list`],
      [
        { policies: { '*': { retries: {} } } },
        `${where}.*.retries: is not an option; known are retry, breaker, bulkhead, hedge, shed`,
      ],
      [
        { policies: { '*': { retry: { attempts: 1 } } } },
        `${where}.*.retry.attempts: must be a whole number from 2 to 100, not 1`,
      ],
      [
        { policies: { price: { retry: { budget: 2 } } } },
        `${where}.price.retry.budget: must be a number from 0 to 1, not 2`,
      ],
      [{ policies: { price: { breaker: true } } }, `${where}.price.breaker: must be an object, not true`],
      [
        { policies: { price: { bulkhead: {} } } },
        `${where}.price.bulkhead.maxActive: must be a whole number from 1 to 65536, not undefined`,
      ],
      [
        { policies: { price: { hedge: {} } } },
        `${where}.price.hedge.afterMs: must be a number from 0 to 2147483647, not undefined`,
      ],
      [
        { policies: { order: { hedge: { afterMs: 1 } } } },
        `${where}.order.hedge: is for idempotent methods with one reply, and order is not one`,
      ],
      [{ policies: { price: { shed: 1 } } }, `${where}.price.shed: must be true or false, not 1`],
      [{ pool: { maxQueued: 5 } }, 'services.shop.pool.maxQueued: is of no use without maxActive: nothing waits'],
      [
        { pool: { maxIdle: 5 } },
        'services.shop.pool.maxIdle: is not an option; known are maxActive, maxQueued, maxWaitMs, testOnBorrowMs, idleEvictMs, ejectAfter, ejectMs',
      ],
    ];
    for (const [given, problem] of cases) assert.deepEqual(problemsOf(given), [problem]);
    assert.equal(
      problemsOf({ policies: { '*': { retry: { attempts: 0 }, shed: 3 } }, pool: { ejectMs: 0 } }).length,
      3,
    );
    assert.match(
      problemsOf({ pool: { idleEvictMs: 10 } }, stateful)[0] ?? '',
      /idleEvictMs: cannot be used with regions/,
    );
  });
});
