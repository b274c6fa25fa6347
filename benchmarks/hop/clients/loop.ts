/** What all TypeScript clients do: connect, check one echo, warm up, measure, and say what they found. */
import { once } from 'node:events';
import type { Measured } from '../contestant.ts';
import { type ClientArguments, clientArguments } from './arguments.ts';
import { Samples } from './samples.ts';
import { warmUp } from './warm-up.ts';

type Tally = Pick<Measured, 'calls' | 'ns'>;

/** A way to ask for an echo. Either form; `sync` where there is no other, or where that is what is timed. */
export type Hop = AsyncHop | SyncHop;

interface AsyncHop {
  /** Resolves with what came back. */
  call(request: Buffer): Promise<unknown>;
  sync?: undefined;
  /** Compares. Default: both are bytes. Called for the first echo, once. */
  same?(request: Buffer, reply: unknown): boolean;
  close(): Promise<void> | void;
}

interface SyncHop extends Omit<AsyncHop, 'call' | 'sync'> {
  call?: undefined;
  sync(request: Buffer): unknown;
}

/**
 * Runs a client from its command line to its end.
 *
 * @param connect Gets what the command line has; the hop that it resolves with must take `bytes` bytes, `inFlight` at a time.
 */
export async function runClient(connect: (given: ClientArguments) => Promise<Hop>): Promise<void> {
  const given = clientArguments();
  // Whoever wanted the figures is gone then, and perhaps the server with it, so that no reply would ever come.
  const abandoned = (): never => process.exit(1);
  process.stdin.once('end', abandoned).resume();
  const hop = await connect(given);
  try {
    const request = pattern(given.bytes);
    const reply = hop.sync === undefined ? await hop.call(request) : hop.sync(request);
    if (!(hop.same ?? sameBytes)(request, reply)) throw new Error('the echo is not what was sent');
    const ignored = new Samples();
    const nsOfCall = await warmUp(given.ms / 2, (ms) => measure(hop, request, given.inFlight, ms, ignored));
    process.stdout.write('warm\n');
    const samples = new Samples(nsOfCall);
    const { calls, ns } = await measure(hop, request, given.inFlight, given.ms, samples);
    const [p50, p99, p999] = samples.percentiles([0.5, 0.99, 0.999]);
    process.stdout.write(`${JSON.stringify({ calls, ns, p50, p99, p999 } satisfies Measured)}\n`);
    process.stdin.off('end', abandoned);
    await once(process.stdin, 'end');
  } finally {
    await hop.close();
  }
}

function measure(hop: Hop, request: Buffer, inFlight: number, ms: number, samples: Samples): Promise<Tally> | Tally {
  if (hop.sync !== undefined) return measureSync(hop, request, ms, samples);
  return measureAsync(hop, request, inFlight, ms, samples);
}

function measureSync(hop: SyncHop, request: Buffer, ms: number, samples: Samples): Tally {
  const begin = performance.now();
  let calls = 0;
  let now = begin;
  while (now - begin < ms) {
    if (++calls % samples.every !== 0) {
      hop.sync(request);
      continue;
    }
    const start = performance.now();
    hop.sync(request);
    now = performance.now();
    samples.add((now - start) * 1e6);
  }
  return { calls, ns: (now - begin) * 1e6 };
}

/** `inFlight` loops at a time, each of which makes its next call once it has the reply to the last. */
async function measureAsync(
  hop: AsyncHop,
  request: Buffer,
  inFlight: number,
  ms: number,
  samples: Samples,
): Promise<Tally> {
  const begin = performance.now();
  let calls = 0;
  let now = begin;
  const loop = async (): Promise<void> => {
    while (now - begin < ms) {
      if (++calls % samples.every !== 0) {
        await hop.call(request);
        continue;
      }
      const start = performance.now();
      await hop.call(request);
      now = performance.now();
      samples.add((now - start) * 1e6);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, loop));
  return { calls, ns: (performance.now() - begin) * 1e6 };
}

/** Bytes that tell places apart, so that an echo that is shifted or cut is found. */
function pattern(bytes: number): Buffer {
  const request = Buffer.alloc(bytes);
  for (let i = 0; i < bytes; i++) request[i] = (i * 31 + (i >> 8)) & 0xff;
  return request;
}

function sameBytes(request: Buffer, reply: unknown): boolean {
  return reply instanceof Uint8Array && request.equals(reply);
}
