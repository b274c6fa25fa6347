/**
 * Reads the region one way for a while and prints the ns of one reading. Run by region.ts, pinned, while nobody writes.
 * Usage: reader.ts read|get SOCKET MILLISECONDS
 */
import { connect } from '@isthmus/core';
import { state } from './state.schema.ts';

const [mode = '', path = '', ms = '500'] = process.argv.slice(2);
const batch = 10_000;
/** Looked at in the end, so that nothing of what is timed can be left out. */
let sum = 0;

await using client = await connect(state, { path });
const { quote } = client;

function readAll(): void {
  for (let i = 0; i < batch; i++) {
    const { value, version } = quote.read();
    const { symbol, bid, ask, last, open, volume, updates, time } = value;
    sum += bid + ask + last + open + symbol.length;
    if (volume === 1n || updates === 0n || time === 1n || version === 0n) sum += 1;
  }
}

function getOne(): void {
  for (let i = 0; i < batch; i++) sum += quote.get('last');
}

function timed(duration: number, run: () => void): number {
  const begin = performance.now();
  let done = 0;
  do {
    run();
    done += batch;
  } while (performance.now() - begin < duration);
  return ((performance.now() - begin) * 1e6) / done;
}

const run = mode === 'get' ? getOne : readAll;
timed(Number(ms) / 2, run);
const ns = timed(Number(ms), run);
if (!Number.isFinite(sum) || sum === 0) throw new Error('nothing was read');
process.stdout.write(`${ns.toFixed(1)}\n`);
