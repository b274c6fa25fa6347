/** The server below the gateway: its bounds, and TLS. */
import { readFile } from 'node:fs/promises';
import { createServer as createPlain, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createSecure } from 'node:https';
import { IsthmusError } from '@isthmus/schema';
import type { FastifyBaseLogger } from 'fastify';
import type { TlsOptions } from '../auth/options.ts';

/** What one connection may take, and how many there may be. */
export interface ServerBounds {
  /** How long a caller may take to send a whole request, in ms: one that sends a byte a minute must not hold a socket. Default 30,000. */
  readonly requestTimeoutMs?: number;
  /** How long its head alone may take, in ms. Default 10,000. */
  readonly headersTimeoutMs?: number;
  /** The largest head of a request, in bytes. Default 16 KiB. */
  readonly maxHeaderBytes?: number;
  /** The most connections at a time; those beyond are closed at once. Default 20,000. */
  readonly maxConnections?: number;
  /** How long a connection without a request stays open, in ms. Default 72,000. */
  readonly keepAliveTimeoutMs?: number;
}

/** How often connections that take too long are looked for, in ms. Node's own 30,000 would make each bound half a minute longer. */
const CHECK_MS = 1000;
const TLS_HANDSHAKE_MS = 10_000;

export const serverDefaults: Required<ServerBounds> = {
  requestTimeoutMs: 30_000,
  headersTimeoutMs: 10_000,
  maxHeaderBytes: 16_384,
  maxConnections: 20_000,
  keepAliveTimeoutMs: 72_000,
};

/** What `https.createServer` takes of {@link TlsOptions}: the files' contents. */
export interface TlsFiles {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca: Buffer | undefined;
  readonly clientCertificates: 'none' | 'optional' | 'required';
}

/** @throws IsthmusError `INVALID_ARGUMENT` when a file cannot be read, or is missing. */
export async function readTls({ cert, key, ca, clientCertificates = 'none' }: TlsOptions): Promise<TlsFiles> {
  const read = (name: string, file: string) =>
    readFile(file).catch((cause: unknown) => {
      const detail = `tls.${name}: ${cause instanceof Error ? cause.message : String(cause)}`;
      throw new IsthmusError('INVALID_ARGUMENT', { detail, cause });
    });
  if (clientCertificates !== 'none' && ca === undefined) {
    const detail = 'tls.ca: is needed with clientCertificates: it says whose signatures on them count';
    throw new IsthmusError('INVALID_ARGUMENT', { detail });
  }
  return {
    cert: await read('cert', cert),
    key: await read('key', key),
    ca: ca === undefined ? undefined : await read('ca', ca),
    clientCertificates,
  };
}

/** @throws IsthmusError `INVALID_ARGUMENT` when certificate and key are none, or not of each other. */
export function createHttpServer(
  handler: RequestListener,
  bounds: Required<ServerBounds>,
  tls: TlsFiles | undefined,
): Server {
  const options: ServerOptions = {
    maxHeaderSize: bounds.maxHeaderBytes,
    requestTimeout: bounds.requestTimeoutMs,
    // A head is part of its request.
    headersTimeout: Math.min(bounds.headersTimeoutMs, bounds.requestTimeoutMs),
    keepAliveTimeout: bounds.keepAliveTimeoutMs,
    connectionsCheckingInterval: CHECK_MS,
    // Of a second `Authorization` or `Host` Node keeps nothing else, and a proxy in front may have looked at that one. Joined they are none.
    joinDuplicateHeaders: true,
  };
  const server = tls === undefined ? createPlain(options, handler) : secureServer(options, handler, tls);
  server.maxConnections = bounds.maxConnections;
  return server;
}

function secureServer(options: ServerOptions, handler: RequestListener, tls: TlsFiles): Server {
  const { cert, key, ca, clientCertificates } = tls;
  try {
    return createSecure(
      {
        ...options,
        cert,
        key,
        ...(ca !== undefined && { ca }),
        minVersion: 'TLSv1.2',
        handshakeTimeout: TLS_HANDSHAKE_MS,
        requestCert: clientCertificates !== 'none',
        // Where it is optional, a bad one is refused by the request, in words.
        rejectUnauthorized: clientCertificates === 'required',
      },
      handler,
    );
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new IsthmusError('INVALID_ARGUMENT', { detail: `tls: certificate or key cannot be used: ${reason}`, cause });
  }
}

/** One line for each connection that ends before it has a request: without it nobody learns why a client cannot connect. */
export function logHandshakes(server: Server, log: FastifyBaseLogger): void {
  server.on('tlsClientError', (error: Error, socket: { readonly remoteAddress?: string }) => {
    log.info({ address: socket.remoteAddress, detail: error.message }, 'TLS handshake failed');
  });
}
