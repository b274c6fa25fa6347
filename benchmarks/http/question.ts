/** What all are asked, and whether the answer is right. */
import { quotePath } from './servers/quote.ts';

/** Hull's example "S = 42, K = 40". */
export const question = { spot: 42, strike: 40, rate: 0.1, expiry: 0.5, volatility: 0.2, kind: 'call' } as const;
export const questionText = JSON.stringify(question);

/** By the mathematics of the pricing example, whose own tests hold it against other sources. */
const answer: Readonly<Record<string, number>> = {
  price: 4.759422392871532,
  delta: 0.7791312909426689,
  gamma: 0.04996267040591185,
  vega: 8.813415059602853,
  theta: -4.559092194592626,
  rho: 13.982045913360281,
};
/** One C library's `exp` is not quite another's. */
const tolerance = 1e-12;
/** On a busy machine a server may wait for seconds before it runs at all. */
const timeoutMs = 60_000;

/** @throws Error if the server does not answer the quote; with `echoes`, if it does not answer what it was asked. */
export async function checkAnswer(url: string, { echoes }: { readonly echoes: boolean }): Promise<void> {
  const response = await fetch(new URL(quotePath, url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: questionText,
    signal: AbortSignal.timeout(timeoutMs),
  });
  const text = await response.text();
  if (response.status !== 200 || !isRight(JSON.parse(text), echoes ? question : answer)) {
    throw new Error(`it answered ${response.status} with ${text}`);
  }
}

function isRight(found: unknown, expected: Readonly<Record<string, unknown>>): boolean {
  if (typeof found !== 'object' || found === null) return false;
  if (Object.keys(found).length !== Object.keys(expected).length) return false;
  return Object.entries(expected).every(([name, value]) => isSame(Reflect.get(found, name), value));
}

function isSame(found: unknown, expected: unknown): boolean {
  if (typeof found !== 'number' || typeof expected !== 'number') return found === expected;
  return Math.abs(found - expected) <= tolerance * Math.abs(expected);
}
