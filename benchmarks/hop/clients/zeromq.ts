/**
 * zeromq.js to a C program. One at a time: REQ. More: DEALER, where each request and reply carry a number.
 * Usage: zeromq.ts --bytes N --in-flight K --ms M ENDPOINT
 */
import { Dealer, Request } from 'zeromq';
import { type Hop, runClient } from './loop.ts';

/** No limits on what waits, so that a send never has to, and nothing that keeps the process from ending. */
const options = { sendHighWaterMark: 0, receiveHighWaterMark: 0, linger: 0 };

function oneAtATime(endpoint: string): Hop {
  const socket = new Request(options);
  socket.connect(endpoint);
  return {
    call: async (request) => {
      await socket.send(request);
      const [reply] = await socket.receive();
      return reply;
    },
    close: () => socket.close(),
  };
}

/** A socket takes one `send` at a time: what comes meanwhile waits in `outbox`. */
function manyAtATime(endpoint: string): Hop {
  const socket = new Dealer(options);
  socket.connect(endpoint);
  const waiting = new Map<number, (reply: Buffer | undefined) => void>();
  let outbox: (readonly [Buffer, Buffer])[] = [];
  let sending = false;
  let last = 0;

  const send = async (): Promise<void> => {
    sending = true;
    while (outbox.length > 0) {
      const messages = outbox;
      outbox = [];
      for (const [id, request] of messages) await socket.send([id, request]);
    }
    sending = false;
  };
  const receive = async (): Promise<void> => {
    for await (const [id, reply] of socket) {
      const number = id?.readUInt32LE() ?? 0;
      waiting.get(number)?.(reply);
      waiting.delete(number);
    }
  };
  // Whatever goes wrong in either is an unhandled rejection, and ends the process.
  void receive();

  return {
    call: (request) =>
      new Promise((resolve) => {
        const id = Buffer.allocUnsafe(4);
        last = (last + 1) >>> 0;
        id.writeUInt32LE(last);
        waiting.set(last, resolve);
        outbox.push([id, request]);
        if (!sending) void send();
      }),
    close: () => socket.close(),
  };
}

await runClient(async ({ inFlight, rest: [endpoint = ''] }) =>
  inFlight === 1 ? oneAtATime(endpoint) : manyAtATime(endpoint),
);
