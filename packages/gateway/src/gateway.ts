/** The whole gateway: a Fastify app of its own that listens, logs and closes without losing a call. */
import type { AddressInfo } from 'node:net';
import { IsthmusError } from '@isthmus/schema';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { answerClientError } from './http/client-error.ts';
import { refuseMethod } from './http/other-methods.ts';
import { answerError, type ServeOptions, serveBridge } from './serve.ts';

export interface GatewayOptions extends ServeOptions {
  /** Address to listen on. Default `127.0.0.1`: this machine only. */
  readonly host?: string;
  /** TCP port; 0 takes a free one. Default 8080. */
  readonly port?: number;
  /** Where the log lines go: a pino logger. Default: nowhere. */
  readonly logger?: FastifyBaseLogger;
}

export interface Gateway extends AsyncDisposable {
  /** The Fastify app, to add routes or plugins before `listen()`, or to `inject()` requests in tests. */
  readonly app: FastifyInstance;
  /**
   * Begins to accept connections.
   *
   * @returns the base URL, `http://127.0.0.1:8080` for example.
   * @throws the system's error, such as `EADDRINUSE`.
   */
  listen(): Promise<string>;
  /**
   * Stops accepting connections, answers new requests on the open ones with 503 `SHUTTING_DOWN`, and waits until the
   * requests in flight are answered, for at most `timeoutMs` (default 1,000); then their connections are cut, which
   * cancels their calls. The services' clients stay open. A second call waits for the first.
   */
  close(options?: { timeoutMs?: number }): Promise<void>;
}

const DEFAULT_CLOSE_TIMEOUT_MS = 1000;
/** How often connections that have become idle are closed while the gateway shuts down, in ms. */
const IDLE_SWEEP_MS = 20;
/** How long a caller may take to send a whole request, in ms: one that sends a byte a minute must not hold a socket. */
const REQUEST_TIMEOUT_MS = 30_000;
/** The longest part of a path that is a key. Node bounds the whole of the request's head to 16 KiB. */
const MAX_KEY_CHARACTERS = 16_384;

/** @throws IsthmusError `INVALID_ARGUMENT` when services and clients do not fit together. */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const app = Fastify({
    ...(options.logger === undefined ? { logger: false } : { loggerInstance: options.logger }),
    // The gateway writes its own line; see request-log.ts.
    logController: new LogController({ disableRequestLogging: true }),
    return503OnClosing: false,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // A row's key may be as long as the text or the bytes that it is, in percent-encoding.
    routerOptions: { maxParamLength: MAX_KEY_CHARACTERS },
    frameworkErrors: answerError,
    clientErrorHandler: (error, socket) => answerClientError(error, socket, app.log),
  });
  let closing: Promise<void> | undefined;

  app.addHook('onRequest', async (_request, reply) => {
    if (closing === undefined) return;
    reply.header('connection', 'close');
    throw new IsthmusError('SHUTTING_DOWN');
  });
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (closing !== undefined) reply.header('connection', 'close');
    done();
  });
  await serveBridge(app, options);
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '';
    // Methods that Fastify does not know (PROPFIND and the like) come here even for paths that exist.
    if (app.hasRoute({ method: 'GET', url: path })) refuseMethod(reply, ['GET', 'HEAD']);
    throw new IsthmusError('NOT_FOUND', { detail: `there is nothing at ${path}` });
  });

  async function close(timeoutMs: number): Promise<void> {
    const sweep = setInterval(() => app.server.closeIdleConnections(), IDLE_SWEEP_MS);
    const bound = setTimeout(() => app.server.closeAllConnections(), timeoutMs);
    try {
      await app.close();
    } finally {
      clearInterval(sweep);
      clearTimeout(bound);
    }
  }

  const gateway: Gateway = {
    app,
    async listen() {
      await app.listen({
        host: options.host ?? '127.0.0.1',
        port: options.port ?? 8080,
        listenTextResolver: (address) => `listening on ${address}`,
      });
      return urlOf(app.server.address());
    },
    close({ timeoutMs = DEFAULT_CLOSE_TIMEOUT_MS } = {}) {
      closing ??= close(timeoutMs);
      return closing;
    },
    [Symbol.asyncDispose]: () => gateway.close(),
  };
  return gateway;
}

function urlOf(address: AddressInfo | string | null): string {
  if (address === null || typeof address === 'string')
    throw new IsthmusError('INTERNAL', { detail: 'the server has no address' });
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}`;
}
