/**
 * Asks the service in servers/isthmus.c: `isthmus.ts MODE SOCKET RING_BYTES`, where the mode is `sync`, how to wait, `borrow` (an echo that
 * is only looked at where it lies, polling) or `read` (the same of a reply to a request of 8 bytes, asleep while it waits).
 */
import { isDeepStrictEqual } from 'node:util';
import { type Client, type ConnectOptions, connect } from '@isthmus/core';
import { echo } from '../echo.schema.ts';
import { type Hop, runClient } from './loop.ts';

/** On a busy machine a thread may not run for seconds. */
const patience = { connectTimeoutMs: 60_000, timeoutMs: 60_000 };
/** Of 64 bytes: a struct, since that is what one would use. */
const message = { h: 8, a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7 };

await runClient(async ({ bytes, rest: [mode = '', path = '', ringBytes = ''] }) => {
  const wait: ConnectOptions['wait'] =
    mode === 'read' ? 'block' : mode === 'block' || mode === 'adaptive' ? mode : 'spin';
  const size = { requestRingBytes: Number(ringBytes), replyRingBytes: Number(ringBytes) };
  const client = await connect(echo, { path, wait, ...size, ...patience });
  if (mode === 'borrow') return borrowHop(client);
  if (mode === 'read') return readHop(client, bytes);
  return bytes === 64 ? structHop(client, mode) : bytesHop(client, mode);
});

function structHop(client: Client<typeof echo>, mode: string): Hop {
  const control = {
    same: (_: Buffer, reply: unknown) => isDeepStrictEqual(reply, message),
    close: () => client.$close(),
  };
  return mode === 'sync'
    ? { sync: () => client.echo.sync(message), ...control }
    : { call: () => client.echo(message), ...control };
}

function bytesHop(client: Client<typeof echo>, mode: string): Hop {
  const close = (): Promise<void> => client.$close();
  return mode === 'sync'
    ? { sync: (request) => client.carry.sync(request), close }
    : { call: (request) => client.carry(request), close };
}

function borrowHop(client: Client<typeof echo>): Hop {
  let isFirst = true;
  const isEcho = (request: Buffer, reply: Uint8Array): boolean => {
    if (!isFirst) return reply.length === request.length && reply.at(-1) === request.at(-1);
    isFirst = false;
    return request.equals(reply);
  };
  return {
    call: (request) => client.carry.borrow(request, (reply) => isEcho(request, reply)),
    same: (_, isSame) => isSame === true,
    close: () => client.$close(),
  };
}

function readHop(client: Client<typeof echo>, bytes: number): Hop {
  const request = Buffer.alloc(8);
  request.writeBigUInt64LE(BigInt(bytes));
  const isRight = (reply: Uint8Array): boolean =>
    reply.length === bytes && reply[0] === request[0] && reply.at(-1) === request.at(-1);
  return {
    call: () => client.fill.borrow(request, isRight),
    same: (_, isSame) => isSame === true,
    close: () => client.$close(),
  };
}
