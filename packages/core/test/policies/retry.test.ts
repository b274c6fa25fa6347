import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ErrorCode, errors, IsthmusError } from '@isthmus/schema';
import { Budget } from '../../src/policies/budget.ts';
import { type Retrying, retried } from '../../src/policies/retry.ts';
import { outcomeOf } from '../support/probe-client.ts';

interface Case extends Partial<Retrying> {
  readonly attempts?: number;
  readonly initialDelayMs?: number;
}

/** Makes attempts that all end with this code. */
async function fail(code: ErrorCode, given: Case = {}): Promise<{ outcome: string; made: number }> {
  const { attempts = 3, initialDelayMs = 0, ...rest } = given;
  const retrying: Retrying = {
    settings: { attempts, initialDelayMs, maxDelayMs: 1e6 },
    budget: new Budget(1, () => 0),
    deadlineMs: Number.POSITIVE_INFINITY,
    signal: undefined,
    isRepeatable: () => true,
    ...rest,
  };
  let made = 0;
  const outcome = await outcomeOf(
    retried(retrying, async () => {
      made += 1;
      throw new IsthmusError(code);
    }),
  );
  return { outcome, made };
}

describe('retries', () => {
  it('end with the first success', async () => {
    let made = 0;
    const settings = { attempts: 5, initialDelayMs: 0, maxDelayMs: 0 };
    const rest = { budget: new Budget(1), deadlineMs: Number.POSITIVE_INFINITY, signal: undefined };
    const value = await retried({ settings, ...rest, isRepeatable: () => true }, async () => {
      made += 1;
      if (made < 3) throw new IsthmusError('INSTANCE_LOST');
      return made;
    });
    assert.equal(value, 3);
  });

  it('are made after each error that may pass, and after no other', async () => {
    const refusals: readonly string[] = ['OVERLOADED', 'CIRCUIT_OPEN', 'CANCELLED', 'CLOSED'];
    for (const [code, { retryable }] of Object.entries(errors)) {
      const wanted = retryable === 'never' || refusals.includes(code) ? 1 : 3;
      // `as`: the keys of `errors` are the codes.
      assert.deepEqual(await fail(code as ErrorCode), { outcome: code, made: wanted });
      assert.equal((await fail(code as ErrorCode, { isRepeatable: () => false })).made, 1);
    }
  });

  it('are not made beyond their number, nor beyond the budget', async () => {
    assert.equal((await fail('NO_INSTANCE', { attempts: 7 })).made, 7);
    const budget = new Budget(0, () => 0);
    let made = 0;
    for (let i = 0; i < 10; i++) made += (await fail('NO_INSTANCE', { budget })).made;
    // Ten first attempts, and ten retries however many could be made.
    assert.equal(made, 20);
  });

  it('are not waited for beyond the deadline', async () => {
    assert.equal((await fail('NO_INSTANCE', { deadlineMs: performance.now() })).made, 1);
  });

  it('end when the caller gives up while they wait', async () => {
    const controller = new AbortController();
    const failing = fail('NO_INSTANCE', { initialDelayMs: 1e9, signal: controller.signal });
    setImmediate(() => controller.abort());
    assert.deepEqual(await failing, { outcome: 'CANCELLED', made: 1 });
  });
});
