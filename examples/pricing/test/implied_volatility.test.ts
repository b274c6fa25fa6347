import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { anyOption, anyPrice, ordinaryOption } from './arbitraries.ts';
import { type Implied, Mathematics, type Option, Refusal } from './math.ts';
import { publishedImplied } from './published.ts';

let mathematics: Mathematics;
before(async () => {
  mathematics = await Mathematics.start();
});
after(() => mathematics[Symbol.asyncDispose]());

/** More iterations than the search needs for any option that somebody might trade. */
const FEW = 50;

describe('published implied volatilities', () => {
  for (const { source, option, price, volatility } of publishedImplied) {
    it(source, async () => {
      const implied = await mathematics.implied(option, price);
      assert.equal(implied.volatility.toFixed(3), volatility);
      assert(implied.iterations <= 10, `${implied.iterations} iterations`);
    });
  }
});

describe('implied volatility', () => {
  it('inverts the price, as far as the price tells', async () => {
    await fc.assert(
      fc.asyncProperty(ordinaryOption, fc.double({ min: 0.01, max: 3, noNaN: true }), async (option, volatility) => {
        const { price, vega } = await mathematics.quote(option, volatility);
        const implied = await mathematics.implied(option, price);
        assert(implied.iterations <= FEW, `${implied.iterations} iterations`);
        const again = await mathematics.quote(option, implied.volatility);
        const rounding = 4e-15 * Math.max(scale(option), price);
        assert(Math.abs(again.price - price) <= rounding, `reprices: ${again.price}, expected ${price}`);
        // What the price leaves open is its own rounding divided by vega.
        const open = 1e-12 * volatility + (1e-13 * scale(option)) / vega;
        assert(Math.abs(implied.volatility - volatility) <= open, `${implied.volatility} within ${open}`);
      }),
      { numRuns: 2000 },
    );
  });

  it('finds the volatility of options far out of the money, whose prices are tiny', async () => {
    const option = { kind: 'call', spot: 100, strike: 400, rate: 0.05, expiry: 0.25 } as const;
    for (const volatility of [0.1, 0.2, 0.3]) {
      const { price } = await mathematics.quote(option, volatility);
      assert(price > 0 && price < 1e-15, `a tiny price: ${price}`);
      const implied = await mathematics.implied(option, price);
      assert(Math.abs(implied.volatility / volatility - 1) < 1e-11, `${implied.volatility}`);
    }
  });

  it('is 0 for a price at its lower bound, to rounding', async () => {
    const option = { kind: 'call', spot: 42, strike: 40, rate: 0.1, expiry: 0.5 } as const;
    const { price } = await mathematics.quote(option, 0);
    for (const rounded of [price, price - 1e-15]) {
      assert.deepEqual(await mathematics.implied(option, rounded), { volatility: 0, iterations: 0 });
    }
    assert.deepEqual(await mathematics.implied({ ...option, strike: 80 }, 0), { volatility: 0, iterations: 0 });
  });

  it('refuses prices that arbitrage excludes, and expired options', async () => {
    const call = { kind: 'call', spot: 42, strike: 40, rate: 0.1, expiry: 0.5 } as const;
    const put = { ...call, kind: 'put' } as const;
    await assert.rejects(mathematics.implied(call, 3.95), new Refusal('below'));
    await assert.rejects(mathematics.implied(put, -1e-9), new Refusal('below'));
    await assert.rejects(mathematics.implied(call, 42), new Refusal('above'));
    await assert.rejects(mathematics.implied(put, 40 * Math.exp(-0.05) + 1e-9), new Refusal('above'));
    await assert.rejects(mathematics.implied({ ...call, expiry: 0 }, 2), new Refusal('expired'));
  });

  it('is found where the spot is near the largest number there is', async () => {
    const option = {
      kind: 'call',
      spot: 1.592425148055893e308,
      strike: 1.592425148055893e308,
      rate: 0,
      expiry: 1,
    } as const;
    const price = 0.8419513702392474 * option.spot;
    const implied = await mathematics.implied(option, price);
    const again = await mathematics.quote(option, implied.volatility);
    assert(Math.abs(again.price / price - 1) < 1e-13, `reprices: ${again.price}, expected ${price}`);
  });

  it('whatever comes: an answer that gives the price, or a refusal', async () => {
    let answers = 0;
    await fc.assert(
      fc.asyncProperty(anyOption, anyPrice, fc.double({ min: 0, max: 1, noNaN: true }), async (option, any, part) => {
        // A random price is nearly always out of bounds; a part of the bounds' width is within.
        const bound = option.kind === 'call' ? option.spot : option.strike;
        for (const price of [any, bound * part]) {
          const implied = await answerOrRefusal(option, price);
          if (implied === undefined) continue;
          answers++;
          assert(implied.volatility >= 0, `${implied.volatility} is not negative`);
          // Where spot and strike are hundreds of powers of ten apart, FEW may not do; but the search still ends by itself.
          assert(implied.iterations <= 2 * FEW, `${implied.iterations} iterations`);
          const again = await priceOrRefusal(option, implied.volatility);
          if (again === undefined) continue;
          assert(Math.abs(again - price) <= 1e-13 * scale(option), `reprices: ${again}, expected ${price}`);
        }
      }),
      { numRuns: 3000 },
    );
    assert(answers > 300, `a fair part is answered: ${answers}`);
  });
});

/** The greater of the two discounted legs: what rounding errors are relative to. */
function scale({ spot, strike, rate, dividendYield = 0, expiry }: Option): number {
  return Math.max(spot * Math.exp(-dividendYield * expiry), strike * Math.exp(-rate * expiry));
}

async function priceOrRefusal(option: Option, volatility: number): Promise<number | undefined> {
  try {
    return (await mathematics.quote(option, volatility)).price;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return undefined;
  }
}

async function answerOrRefusal(option: Option, price: number): Promise<Implied | undefined> {
  try {
    return await mathematics.implied(option, price);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    assert.match(error.message, /^(expired|below|above|unrepresented)$/);
    return undefined;
  }
}
