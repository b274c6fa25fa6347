import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ErrorCode, IsthmusError } from '@isthmus/schema';
import fc from 'fast-check';
import { hedged, type Runner } from '../../src/policies/hedge.ts';
import { outcomeOf } from '../support/probe-client.ts';

class Fake implements Runner {
  abandoned = 0;
  readonly #answer = Promise.withResolvers<unknown>();

  get answer(): Promise<unknown> {
    return this.#answer.promise;
  }

  abandon(): void {
    this.abandoned += 1;
  }

  end(code: ErrorCode | undefined): void {
    if (code === undefined) this.#answer.resolve(this);
    else this.#answer.reject(new IsthmusError(code));
  }
}

function started(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 2));
}

describe('a hedged call', () => {
  it('is not made twice when it is answered before', async () => {
    const first = new Fake();
    let seconds = 0;
    const answer = hedged(first, 1e6, () => {
      seconds += 1;
      return undefined;
    });
    first.end(undefined);
    assert.equal(await answer, first);
    assert.deepEqual([seconds, first.abandoned], [0, 0]);
  });

  it('goes on alone where there is no other', async () => {
    const first = new Fake();
    const answer = hedged(first, 0, () => undefined);
    await started();
    first.end('INSTANCE_LOST');
    assert.equal(await outcomeOf(answer), 'INSTANCE_LOST');
  });

  it('has one outcome: the first answer, or the last error', async () => {
    const end = fc.constantFrom<ErrorCode | undefined>(undefined, 'HANDLER_REFUSED', 'INSTANCE_LOST', 'OVERLOADED');
    await fc.assert(
      fc.asyncProperty(end, end, fc.boolean(), async (ofFirst, ofSecond, secondIsFaster) => {
        const [first, second] = [new Fake(), new Fake()];
        const outcome = outcomeOf(hedged(first, 0, () => second));
        await started();
        const order: [Fake, ErrorCode | undefined][] = [
          [first, ofFirst],
          [second, ofSecond],
        ];
        if (secondIsFaster) order.reverse();
        const [[early, earlyCode], [late, lateCode]] = [order[0] ?? assert.fail(), order[1] ?? assert.fail()];
        const earlyCounts = earlyCode === undefined || earlyCode === 'HANDLER_REFUSED';
        early.end(earlyCode);
        await started();
        assert.equal(late.abandoned, earlyCounts ? 1 : 0);
        late.end(lateCode);
        const code = earlyCounts ? earlyCode : lateCode;
        assert.equal(await outcome, code ?? 'ok');
        assert.equal(early.abandoned, 0);
      }),
      { numRuns: 40 },
    );
  });
});
