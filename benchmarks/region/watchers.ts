/**
 * Watches the region over HTTP with many clients at once, and prints how old what they got was: the time from the owner's write to the
 * client's reading of it.
 * Usage: watchers.ts URL CLIENTS RATE SECONDS
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createHistogram } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

const [url = '', clients = '1000', rate = '10', seconds = '10'] = process.argv.slice(2);
const { hostname, port } = new URL(url);
const ages = createHistogram();
let counting = false;

/** In microseconds since 1970, by the clock that the owner stamps with. */
function now(): number {
  return (performance.timeOrigin + performance.now()) * 1e3;
}

async function watch(): Promise<Socket> {
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.write(`GET /v1/regions/state.quote/watch?max-rate=${rate} HTTP/1.1\r\nhost: ${hostname}:${port}\r\n\r\n`);
  let text = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    const arrived = now();
    text += chunk;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const [, time] = /"time":"([^"]+)"/.exec(text.slice(0, end)) ?? [];
      if (time !== undefined && counting) ages.record(Math.max(1, Math.round(arrived - microsecondsOf(time))));
      text = text.slice(end + 2);
    }
  });
  return socket;
}

/** Date.parse knows milliseconds only. */
function microsecondsOf(time: string): number {
  const [, digits = ''] = /\.(\d+)Z$/.exec(time) ?? [];
  return Date.parse(time.replace(/\.\d+Z$/, 'Z')) * 1000 + Number(digits.padEnd(6, '0').slice(0, 6));
}

const sockets: Socket[] = [];
while (sockets.length < Number(clients)) {
  const batch = Math.min(100, Number(clients) - sockets.length);
  sockets.push(...(await Promise.all(Array.from({ length: batch }, watch))));
}
await sleep(1000);
counting = true;
await sleep(Number(seconds) * 1000);
counting = false;
const perSecond = ages.count / Number(seconds);
const ms = (share: number): number => ages.percentile(share) / 1000;
process.stdout.write(`${JSON.stringify({ perSecond, p50: ms(50), p99: ms(99), max: ages.max / 1000 })}\n`);
for (const socket of sockets) socket.destroy();
