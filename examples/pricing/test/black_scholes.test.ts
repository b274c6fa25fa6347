import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { anyOption, anyVolatility, ordinaryOption, ordinaryVolatility } from './arbitraries.ts';
import { Mathematics, type Option, type Quote, Refusal } from './math.ts';
import { published } from './published.ts';

let mathematics: Mathematics;
before(async () => {
  mathematics = await Mathematics.start();
});
after(() => mathematics[Symbol.asyncDispose]());

/** Both legs discounted to today: the numbers that all bounds are made of. */
function legs({ spot, strike, rate, dividendYield = 0, expiry }: Option): { spot: number; strike: number } {
  return { spot: spot * Math.exp(-dividendYield * expiry), strike: strike * Math.exp(-rate * expiry) };
}

function assertNear(actual: number, expected: number, tolerance: number, what: string): void {
  assert(Math.abs(actual - expected) <= tolerance, `${what}: ${actual}, expected ${expected} within ${tolerance}`);
}

async function check<Values extends [unknown, ...unknown[]]>(
  property: fc.IAsyncProperty<Values>,
  numRuns = 300,
): Promise<void> {
  await fc.assert(property, { numRuns });
}

describe('published values', () => {
  for (const { source, option, volatility, results } of published) {
    it(source, async () => {
      const quote: Quote & Record<string, number> = { ...(await mathematics.quote(option, volatility)) };
      for (const [name, printed] of Object.entries(results)) {
        const decimals = printed.length - printed.indexOf('.') - 1;
        // One unit of the last digit, not half: Haug's normal distribution is a polynomial approximation.
        assertNear(quote[name] ?? Number.NaN, Number(printed), 10 ** -decimals, name);
      }
    });
  }

  it('gives the digits that the README promises', async () => {
    const option = { spot: 42, strike: 40, rate: 0.1, expiry: 0.5 };
    const call = await mathematics.quote({ ...option, kind: 'call' }, 0.2);
    const put = await mathematics.quote({ ...option, kind: 'put' }, 0.2);
    assert.match(String(call.price), /^4\.759422/);
    assert.match(String(put.price), /^0\.808599/);
  });
});

describe('the price', () => {
  it('is the discounted expectation of the payoff, integrated numerically', async () => {
    await check(
      fc.asyncProperty(ordinaryOption, ordinaryVolatility, async (option, volatility) => {
        const { price } = await mathematics.quote(option, volatility);
        assertNear(price, expectedPayoff(option, volatility), 1e-9 * (option.spot + option.strike), 'price');
      }),
    );
  });

  it('keeps put-call parity', async () => {
    await check(
      fc.asyncProperty(ordinaryOption, ordinaryVolatility, async (option, volatility) => {
        const call = await mathematics.quote({ ...option, kind: 'call' }, volatility);
        const put = await mathematics.quote({ ...option, kind: 'put' }, volatility);
        const { spot, strike } = legs(option);
        assertNear(call.price - put.price, spot - strike, 1e-14 * (spot + strike), 'call - put');
        assertNear(call.delta - put.delta, spot / option.spot, 1e-14, 'delta of call - put');
        assert.equal(call.gamma, put.gamma, 'gamma');
        assert.equal(call.vega, put.vega, 'vega');
      }),
    );
  });

  it('stays between its no-arbitrage bounds', async () => {
    await check(
      fc.asyncProperty(ordinaryOption, fc.oneof(ordinaryVolatility, anyVolatility), async (option, volatility) => {
        const { price } = (await answerOrRefusal(option, volatility)) ?? { price: Number.NaN };
        if (Number.isNaN(price)) return;
        const { spot, strike } = legs(option);
        const rounding = 1e-15 * (spot + strike);
        const [lower, upper] = option.kind === 'call' ? [spot - strike, spot] : [strike - spot, strike];
        assert(price >= Math.max(0, lower - rounding) && price <= upper + rounding, `${price} in ${lower}..${upper}`);
      }),
    );
  });

  it('grows with volatility, and for a call with spot and against strike', async () => {
    await check(
      fc.asyncProperty(
        ordinaryOption,
        ordinaryVolatility,
        fc.double({ min: 1e-6, max: 1, noNaN: true }),
        async (option, volatility, growth) => {
          const sign = option.kind === 'call' ? 1 : -1;
          const rounding = 1e-14 * (option.spot + option.strike);
          const { price } = await mathematics.quote(option, volatility);
          const vaguer = await mathematics.quote(option, volatility * (1 + growth));
          assert(vaguer.price >= price - rounding, 'volatility');
          const higher = await mathematics.quote({ ...option, spot: option.spot * (1 + growth) }, volatility);
          assert(sign * (higher.price - price) >= -rounding, 'spot');
          const dearer = await mathematics.quote({ ...option, strike: option.strike * (1 + growth) }, volatility);
          assert(sign * (price - dearer.price) >= -rounding, 'strike');
        },
      ),
    );
  });
});

describe('the greeks', () => {
  it('are the derivatives of the price', async () => {
    await check(
      fc.asyncProperty(ordinaryOption, ordinaryVolatility, async (option, volatility) => {
        const { spot, strike, rate, dividendYield = 0, expiry } = option;
        const quote = await mathematics.quote(option, volatility);
        const price = async (changes: Partial<Option>, sigma = volatility): Promise<number> =>
          (await mathematics.quote({ ...option, ...changes }, sigma)).price;
        // The steps and tolerances follow the scale on which each variable moves the price.
        const deviation = volatility * Math.sqrt(expiry);
        const leg = Math.max(legs(option).spot, legs(option).strike);

        const bySpot = await derivatives((h) => price({ spot: spot + h }), 0.01 * spot * Math.min(deviation, 1));
        assertNear(quote.delta, bySpot.first, 1e-6, 'delta');
        assertNear(quote.gamma, bySpot.second, 1e-5 / (spot * Math.min(deviation, 1)), 'gamma');
        const byVolatility = await derivatives((h) => price({}, volatility + h), 0.01 * volatility);
        assertNear(quote.vega, byVolatility.first, (1e-6 * leg) / volatility, 'vega');
        const byExpiry = await derivatives((h) => price({ expiry: expiry + h }), 0.01 * expiry);
        const speed = 1 / expiry + Math.abs(rate) + Math.abs(dividendYield);
        assertNear(quote.theta, -byExpiry.first, 1e-6 * leg * speed, 'theta');
        const byRate = await derivatives((h) => price({ rate: rate + h }), (0.01 * Math.min(deviation, 1)) / expiry);
        assertNear(quote.rho, byRate.first, (1e-6 * strike * expiry) / Math.min(deviation, 1), 'rho');
      }),
      200,
    );
  });

  it('of a future option: rho with the yield following the rate is -expiry * price', async () => {
    const future = (rate: number): Option => ({
      kind: 'put',
      spot: 20,
      strike: 21,
      rate,
      dividendYield: rate,
      expiry: 0.5,
    });
    const { price } = await mathematics.quote(future(0.09), 0.25);
    const slope = await derivatives(async (h) => (await mathematics.quote(future(0.09 + h), 0.25)).price, 1e-3);
    assertNear(slope.first, -0.5 * price, 1e-9, 'the rule in README.md');
  });
});

describe('the edges', () => {
  it('expiry 0: the intrinsic value', async () => {
    const option = { strike: 40, rate: 0.1, dividendYield: 0.02, expiry: 0 };
    const inside = await mathematics.quote({ ...option, kind: 'call', spot: 42 }, 0.2);
    assert.deepEqual(inside, { price: 2, delta: 1, gamma: 0, vega: 0, theta: 0.02 * 42 - 0.1 * 40, rho: 0 });
    const outside = await mathematics.quote({ ...option, kind: 'put', spot: 42 }, 0.2);
    for (const value of Object.values(outside)) assertNear(value, 0, 0, 'a worthless put');
  });

  it('volatility 0: the discounted intrinsic value of the forward', async () => {
    const option = { kind: 'call', spot: 42, strike: 40, rate: 0.1, expiry: 0.5 } as const;
    const { price, delta, gamma, vega } = await mathematics.quote(option, 0);
    assertNear(price, 42 - 40 * Math.exp(-0.05), 1e-14, 'price');
    assert.deepEqual({ delta, gamma, vega }, { delta: 1, gamma: 0, vega: 0 });
    const put = await mathematics.quote({ ...option, kind: 'put' }, 0);
    assertNear(put.price, 0, 0, 'put');
  });

  it('is continuous there: the limits are what small values approach', async () => {
    const option = { kind: 'put', spot: 38, strike: 40, rate: 0.03, dividendYield: 0.01, expiry: 0.5 } as const;
    const limit = await mathematics.quote(option, 0);
    const near = await mathematics.quote(option, 1e-4);
    for (const name of ['price', 'delta', 'gamma', 'vega', 'theta', 'rho'] as const) {
      assertNear(near[name], limit[name], 1e-12, name);
    }
  });

  it('the kink, where no time value is left and the forward is at the strike, is refused: gamma is infinite', async () => {
    for (const kind of ['call', 'put'] as const) {
      const expired = { kind, spot: 40, strike: 40, rate: 0.1, expiry: 0 };
      await assert.rejects(mathematics.quote(expired, 0.2), new Refusal('gamma'));
      await assert.rejects(mathematics.quote({ ...expired, rate: 0, expiry: 1 }, 0), new Refusal('gamma'));
    }
  });

  it('deep in the money: the forward; deep out of it: a tiny value with all its digits, or 0', async () => {
    const option = { kind: 'call', spot: 100, rate: 0.05, expiry: 1 } as const;
    const deep = await mathematics.quote({ ...option, strike: 1e-6 }, 0.2);
    assertNear(deep.price, 100 - 1e-6 * Math.exp(-0.05), 1e-13, 'price');
    assert.equal(deep.delta, 1);
    const far = await mathematics.quote({ ...option, strike: 400 }, 0.2);
    const integral = expectedPayoff({ ...option, strike: 400 }, 0.2);
    assertNear(far.price / integral, 1, 1e-8, 'price of about 1e-10, relative to the integral');
    const hopeless = await mathematics.quote({ ...option, strike: 1e9 }, 0.2);
    assert.equal(hopeless.price, 0);
  });

  it('whatever comes: finite numbers, or a refusal that names the result', async () => {
    let answers = 0;
    await check(
      fc.asyncProperty(anyOption, anyVolatility, async (option, volatility) => {
        if ((await answerOrRefusal(option, volatility)) !== undefined) answers++;
      }),
      3000,
    );
    assert(answers > 300, `a fair part is answered: ${answers}`);
  });
});

/** The quote (which math.ts holds to be finite), or undefined for a refusal that names a result. */
async function answerOrRefusal(option: Option, volatility: number): Promise<Quote | undefined> {
  try {
    return await mathematics.quote(option, volatility);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    assert.match(error.message, /^(price|delta|gamma|vega|theta|rho)$/);
    return undefined;
  }
}

/**
 * The price from its definition: the payoff's expectation under the lognormal distribution of the underlying at expiry,
 * discounted. By Simpson's rule over the part where the option pays, 12 standard deviations wide.
 */
function expectedPayoff(option: Option, volatility: number): number {
  const { spot, strike, rate, dividendYield = 0, expiry } = option;
  const deviation = volatility * Math.sqrt(expiry);
  const drift = (rate - dividendYield) * expiry - (deviation * deviation) / 2;
  const sign = option.kind === 'call' ? 1 : -1;
  const kink = (Math.log(strike / spot) - drift) / deviation;
  const far = option.kind === 'call' ? Math.max(kink, deviation) + 12 : Math.min(kink, 0) - 12;
  const near = option.kind === 'call' ? Math.max(kink, deviation - 12) : Math.min(kink, 12);
  const integrand = (z: number): number =>
    (sign * (spot * Math.exp(drift + deviation * z) - strike) * Math.exp(-0.5 * z * z)) / Math.sqrt(2 * Math.PI);
  const steps = 4000;
  const width = (far - near) / steps;
  let sum = integrand(near) + integrand(far);
  for (let i = 1; i < steps; i++) sum += (i % 2 === 1 ? 4 : 2) * integrand(near + i * width);
  return (Math.exp(-rate * expiry) * Math.abs(width) * sum) / 3;
}

/** The first two derivatives at 0 by five-point central differences, whose errors are of the order of `step` ** 4. */
async function derivatives(
  of: (offset: number) => Promise<number>,
  step: number,
): Promise<{ first: number; second: number }> {
  const far = [await of(-2 * step), await of(2 * step)] as const;
  const near = [await of(-step), await of(step)] as const;
  const middle = await of(0);
  return {
    first: (8 * (near[1] - near[0]) - (far[1] - far[0])) / (12 * step),
    second: (16 * (near[0] + near[1]) - (far[0] + far[1]) - 30 * middle) / (12 * step * step),
  };
}
