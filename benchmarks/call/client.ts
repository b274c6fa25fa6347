/**
 * One contestant's client: makes 64-byte calls one way for a while and prints the ns of one call. Run by call.ts, pinned.
 * Usage: client.ts MODE SOCKET MILLISECONDS
 */
import { connect as connectSocket } from 'node:net';
import { connect, type WaitMode } from '@isthmus/core';
import { echo } from './echo.schema.ts';

const message = { h: 8, a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7 };
const flight = 1024;
const batch = 2000;

/** Runs `calls(n)` for a warm-up and then for `ms`; the ns of one call. */
async function timed(ms: number, calls: (count: number) => Promise<void> | void): Promise<number> {
  for (const [duration, warm] of [[ms / 2, true] as const, [ms, false] as const]) {
    const begin = performance.now();
    let done = 0;
    do {
      await calls(batch);
      done += batch;
    } while (performance.now() - begin < duration);
    if (!warm) return ((performance.now() - begin) * 1e6) / done;
  }
  throw new Error('unreachable');
}

async function measureIsthmus(mode: string, path: string, ms: number): Promise<number> {
  const wait: WaitMode = mode.endsWith('block') ? 'block' : mode.endsWith('adaptive') ? 'adaptive' : 'spin';
  await using client = await connect(echo, { path, wait });
  if (mode === 'sync') {
    return await timed(ms, (count) => {
      for (let i = 0; i < count; i++) client.echo.sync(message);
    });
  }
  if (mode.startsWith('flight')) {
    return await timed(ms, async (count) => {
      let left = count * 10;
      const worker = async (): Promise<void> => {
        while (left-- > 0) await client.echo(message);
      };
      await Promise.all(Array.from({ length: flight }, worker));
    }).then((ns) => ns / 10);
  }
  return await timed(ms, async (count) => {
    for (let i = 0; i < count; i++) await client.echo(message);
  });
}

async function measureSocket(path: string, ms: number): Promise<number> {
  const socket = connectSocket(path);
  const request = Buffer.alloc(64, 1);
  let answered: (() => void) | undefined;
  let missing = 0;
  socket.on('data', (chunk: Buffer) => {
    missing -= chunk.length;
    if (missing === 0) answered?.();
  });
  const ns = await timed(ms, async (count) => {
    for (let i = 0; i < count; i++) {
      const { promise, resolve } = Promise.withResolvers<void>();
      answered = resolve;
      missing = request.length;
      socket.write(request);
      await promise;
    }
  });
  socket.destroy();
  return ns;
}

const [mode = '', path = '', ms = '500'] = process.argv.slice(2);
const measured = mode === 'socket' ? measureSocket(path, Number(ms)) : measureIsthmus(mode, path, Number(ms));
process.stdout.write(`${(await measured).toFixed(1)}\n`);
