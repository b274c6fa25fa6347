/** Instances of the service `feed`, and clients of it that are C programs. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { InferInput } from '@isthmus/schema';
import { compileService } from '../../../../test/support/compile.ts';
import { type Instance, startInstance } from '../../../../test/support/instance.ts';
import { feed, type Quote, type Tick } from './feed.schema.ts';

/** The program: a service, or a client where it is given a socket and a command. */
export function feedProgram(): string {
  return compileService(feed, readFileSync(new URL('feed.c', import.meta.url), 'utf8'));
}

export function startFeed(socket: string): Promise<Instance> {
  return startInstance(feedProgram(), socket);
}

/** What the C client says. @throws Error with what it complained of. */
export async function askFeed(socket: string, ...command: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(feedProgram(), [socket, ...command], { timeout: 60_000 });
  return stdout.trim();
}

/** A tick as the C program writes it. */
export function tickOf(count: bigint): InferInput<typeof Tick> {
  const words = Array.from({ length: 6 }, (_, i) => BigInt.asUintN(64, count * BigInt(i + 2)));
  return { count, words, side: count % 2n === 0n ? 'buy' : 'sell', low: Number(BigInt.asUintN(32, count)) };
}

export function quoteOf(symbol: string, price = 1): InferInput<typeof Quote> {
  return { symbol, price, size: 10, side: 'buy' };
}
