/**
 * Writes chain.ndjson: an option chain of 50,000 rows, each the JSON input of a `quote`. 50 underlyings, each with 10
 * expiries, 50 strikes about its spot, and a call and a put. Run it with `node generate-chain.ts [FILE]`.
 *
 * The same rows come out on every machine: the random numbers are whole numbers of a generator with a fixed seed, and the
 * rest is + - * /, which IEEE 754 rounds the same everywhere (unlike Math.exp and its like).
 */
import { writeFile } from 'node:fs/promises';

/** Days to expiry: weeklies, monthlies, and the long ones. */
const expiryDays = [7, 14, 30, 60, 91, 182, 273, 365, 547, 730];

/** Numerical Recipes' linear congruential generator, modulo 2^32; only its upper bits are used, the better ones. */
function createRandom(seed: number): (from: number, to: number) => number {
  let state = seed;
  return (from, to) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return from + ((state >>> 8) % (to - from + 1));
  };
}

function round(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}

/** The rows, each a line of JSON without its end. */
function* chain(): Generator<string> {
  const random = createRandom(1973);
  for (let underlying = 0; underlying < 50; underlying++) {
    const spot = random(1000, 50_000) / 100;
    const atTheMoney = random(10, 60) / 100;
    const rate = random(100, 600) / 10_000;
    const dividendYield = underlying % 2 === 0 ? {} : { dividendYield: random(5, 60) / 1000 };
    for (const days of expiryDays) {
      const expiry = round(days / 365, 4);
      for (let step = 0; step < 50; step++) {
        const moneyness = 0.51 + step * 0.02;
        const strike = round(spot * moneyness, 2);
        // A smile with a skew: the further from the money the higher, and more so for low strikes.
        const volatility = round(atTheMoney * (1 + 0.4 * (moneyness - 1) * (moneyness - 1) - 0.2 * (moneyness - 1)), 4);
        for (const kind of ['call', 'put']) {
          yield JSON.stringify({ spot, strike, rate, volatility, expiry, kind, ...dividendYield });
        }
      }
    }
  }
}

const lines = [...chain()].map((row) => `${row}\n`);
await writeFile(process.argv[2] ?? new URL('chain.ndjson', import.meta.url), lines.join(''));
