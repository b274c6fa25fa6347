/**
 * Any number of calls in flight from one process to the service in hop/servers/isthmus.c: one channel takes 65,536 at most, so more of them
 * go over several. Usage: in-flight.ts --bytes 64 --in-flight K --ms M SOCKET
 */
import { isDeepStrictEqual } from 'node:util';
import { type Client, connect } from '@isthmus/core';
import { runClient } from '../../hop/clients/loop.ts';
import { ringBytesOf } from '../../hop/contestants/isthmus.ts';
import { echo } from '../../hop/echo.schema.ts';

/** Of one channel. */
const most = 65_536;
/** A call waits for all that were made before it. */
const timeoutMs = 60_000;
const message = { h: 8, a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7 };

await runClient(async ({ bytes, inFlight, rest: [path = ''] }) => {
  const count = Math.ceil(inFlight / most);
  const share = Math.ceil(inFlight / count);
  const ringBytes = ringBytesOf({ bytes, inFlight: share });
  const options = {
    path,
    timeoutMs,
    // The default, and more where that is needed.
    maxInFlight: Math.max(4096, share),
    requestRingBytes: ringBytes,
    replyRingBytes: ringBytes,
  };
  const clients = await Promise.all(Array.from({ length: count }, () => connect(echo, options)));
  return {
    call: count === 1 ? oneOf(clients[0]) : leastOf(clients),
    same: (_, reply) => isDeepStrictEqual(reply, message),
    close: async () => {
      for (const client of clients) await client.$close();
    },
  };
});

type EchoClient = Client<typeof echo>;

function oneOf(client: EchoClient | undefined): () => Promise<unknown> {
  if (client === undefined) throw new Error('there is no channel');
  return () => client.echo(message);
}

/** By the channel with the fewest calls in flight, so that none has more than its share: to know that costs some 0.1 us a call. */
function leastOf(clients: readonly EchoClient[]): () => Promise<unknown> {
  const channels = clients.map((client) => ({ client, calls: 0 }));
  return async () => {
    const channel = channels.reduce((least, candidate) => (candidate.calls < least.calls ? candidate : least));
    channel.calls++;
    const reply = await channel.client.echo(message);
    channel.calls--;
    return reply;
  };
}
