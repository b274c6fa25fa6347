/**
 * Connects, and then does nothing: `idle.ts WAIT SOCKET`. Prints `ready` with one channel open; each line on stdin that is a number has it
 * open so many more, and print `connected`; the line `call` has each of them make one call, and it print `called`.
 */
import { createInterface } from 'node:readline';
import { type Client, type ConnectOptions, connect } from '@isthmus/core';
import { echo } from '../echo.schema.ts';

const message = { h: 8, a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7 };
const [mode, path = ''] = process.argv.slice(2);
const wait: ConnectOptions['wait'] = mode === 'block' || mode === 'spin' ? mode : 'adaptive';
const clients: Client<typeof echo>[] = [await connect(echo, { path, wait, connectTimeoutMs: 60_000 })];
process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'call') {
    for (const client of clients) await client.echo(message);
    process.stdout.write('called\n');
  } else {
    for (let more = Number(line); more > 0; more--)
      clients.push(await connect(echo, { path, wait, connectTimeoutMs: 60_000 }));
    process.stdout.write('connected\n');
  }
}
for (const client of clients) await client.$close();
