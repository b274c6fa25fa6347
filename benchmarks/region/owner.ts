/**
 * Owns the region and writes it: once, or RATE times a second, until its stdin ends.
 * Usage: owner.ts SOCKET RATE
 */
import { setInterval } from 'node:timers';
import { ownRegions } from '@isthmus/core';
import { state } from './state.schema.ts';

const [path = '', rate = '0'] = process.argv.slice(2);
await using owner = await ownRegions(state, { path });
const quote = { symbol: 'ISTH', bid: 99.5, ask: 100.5, last: 100, open: 98, volume: 0n, updates: 0n, time: 0n };

function write(): void {
  quote.volume += 10n;
  quote.updates += 1n;
  quote.time = BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e6));
  owner.quote.write(quote);
}

write();
const timer = Number(rate) > 0 ? setInterval(write, 1000 / Number(rate)) : undefined;
process.stdout.write('ready\n');
process.stdin.resume();
await new Promise((resolve) => process.stdin.once('end', resolve));
clearInterval(timer);
