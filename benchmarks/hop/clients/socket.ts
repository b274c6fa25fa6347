/** Asks the program in servers/echo.c over a socket: `socket.ts unix PATH`, or `socket.ts tcp FILE`, where the file has the port. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { runClient } from './loop.ts';
import { streamHop } from './stream.ts';

await runClient(async ({ bytes, inFlight, rest: [kind = '', path = ''] }) => {
  const socket =
    kind === 'tcp' ? connect({ port: Number(readFileSync(path, 'utf8')), noDelay: true }) : connect({ path });
  await once(socket, 'connect');
  return streamHop(socket, socket, bytes, inFlight, () => socket.destroy());
});
