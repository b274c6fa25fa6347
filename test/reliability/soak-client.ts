/**
 * One client of the soak, in a process of its own: calls, streams and cancelled calls, regions that are read and watched, and
 * connections that come and go; every reply is checked. Ends when its parent says so, or has gone.
 *
 *   node test/reliability/soak-client.ts PRICING_SOCKETS FEED_SOCKETS
 */
import { type Client, connect } from '@isthmus/core';
import { feed } from '../../examples/pricing/market.schema.ts';
import { pricing } from '../../examples/pricing/pricing.schema.ts';

/** Hull, Options, Futures and Other Derivatives, the example S = 42, K = 40. */
const option = { spot: 42, strike: 40, rate: 0.1, volatility: 0.2, expiry: 0.5, kind: 'call' as const };
const price = 4.759422;
/** What is looked for is growth, not speed: the machine may be busy. */
const patience = { connectTimeoutMs: 60_000, timeoutMs: 60_000 };

const [pricingPath = '', feedPath = ''] = process.argv.slice(2);
const counts = { calls: 0, replies: 0, cancelled: 0, reads: 0, watched: 0, connections: 0 };
let stopping = false;

process.on('message', (message) => {
  if (message === 'stop') stopping = true;
  else process.send?.(counts);
});
const orphaned = (): never => process.exit(1);
process.on('disconnect', orphaned);

function check(good: boolean, what: string): void {
  if (!good) throw new Error(`a wrong ${what}`);
}

async function callMany(client: Client<typeof pricing>): Promise<void> {
  while (!stopping) {
    const replies = await Promise.all(Array.from({ length: 64 }, () => client.quote(option)));
    for (const reply of replies) check(Math.abs(reply.price - price) < 1e-6, 'price');
    counts.calls += replies.length;
    const many = await client.quoteMany({ options: [option, option] });
    check(many.outcomes.length === 2, 'number of quotes');
  }
}

async function stream(client: Client<typeof pricing>): Promise<void> {
  for (let round = 0; !stopping; round++) {
    let replies = 0;
    for await (const _ of client.ladder({ option, highest: 52, rungs: 6 })) {
      replies += 1;
      // Every other one is left early, which cancels it.
      if (round % 2 === 1 && replies === 3) break;
    }
    check(replies === (round % 2 === 1 ? 3 : 6), 'number of replies');
    counts.replies += replies;
    const given = new AbortController();
    const call = client.quote(option, { signal: given.signal });
    given.abort();
    await call.then(
      () => {},
      () => {
        counts.cancelled += 1;
      },
    );
  }
}

async function readRegions(client: Client<typeof feed>): Promise<void> {
  while (!stopping) {
    for (const { value } of client.market.rows()) {
      check(value.bid < value.ask, 'quote');
      counts.reads += 1;
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

async function watchRegions(client: Client<typeof feed>): Promise<void> {
  while (!stopping) {
    let seen = 0;
    for await (const { value } of client.market.watch()) {
      check(value.bid < value.ask, 'watched quote');
      counts.watched += 1;
      seen += 1;
      if (stopping || seen === 200) break;
    }
  }
}

async function reconnect(): Promise<void> {
  while (!stopping) {
    await using prices = await connect(pricing, { path: pricingPath, ...patience });
    await using market = await connect(feed, { path: feedPath, ...patience });
    check((await prices.quote(option)).price > 0 && market.market.rows().length > 0, 'first answer');
    counts.connections += 2;
  }
}

await using prices = await connect(pricing, { path: pricingPath, ...patience });
await using market = await connect(feed, { path: feedPath, ...patience });
await Promise.all([callMany(prices), stream(prices), readRegions(market), watchRegions(market), reconnect()]);
process.off('disconnect', orphaned);
process.disconnect();
