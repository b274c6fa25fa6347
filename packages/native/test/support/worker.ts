/** A Worker that connects, and then calls until it is ended or told to do something else. */
import { parentPort, workerData } from 'node:worker_threads';
import { connect } from '@isthmus/core';
import { probe } from '../../../../test/support/probe.schema.ts';

const { socket, what, copyReplies } = workerData as {
  readonly socket: string;
  readonly what: 'sum' | 'load' | 'sync' | 'exit' | 'open' | 'silent' | 'stream';
  readonly copyReplies: boolean;
};

if (what === 'open') {
  parentPort?.postMessage('connecting');
  for (;;) await connect(probe, { path: socket, copyReplies });
}
if (what === 'silent') {
  await connect(probe, { path: socket, connectTimeoutMs: 60_000 });
}

const client = await connect(probe, { path: socket, copyReplies });
if (what === 'sum') {
  let sum = 0n;
  const calls = Array.from({ length: 2000 }, (_, i) => client.double({ value: BigInt(i) }));
  for (const call of calls) sum += (await call).value;
  parentPort?.postMessage(sum);
} else if (what === 'sync') {
  parentPort?.postMessage('calling');
  for (;;) client.double.sync({ value: 1n });
} else if (what === 'stream') {
  const take = async (pauseMicroseconds: number): Promise<void> => {
    for await (const { number } of client.burst({ count: 4e9, textBytes: 200, pauseMicroseconds })) {
      if (number === 100) parentPort?.postMessage('taking');
      if (number % 50 === 0) client.double.sync({ value: 1n });
    }
  };
  // One that stalls, one as fast as it can, some slow ones.
  await client.burst({ count: 4e9, textBytes: 1000 }).next();
  await Promise.all([0, 50, 50].map(take));
} else {
  let calls = 0;
  const load = async (): Promise<never> => {
    for (;;) {
      await client.double({ value: 1n });
      calls += 1;
      if (calls === 1000) parentPort?.postMessage('calling');
      if (calls > 1000 && what === 'exit') process.exit(0);
    }
  };
  await Promise.all(Array.from({ length: 100 }, load));
}
