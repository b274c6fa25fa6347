/**
 * The whole gateway: a Fastify app of its own that listens, logs and closes without losing a call. Fastify and the parts that go with it are
 * loaded once a gateway is made: commands that make none begin sooner.
 */
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { IsthmusError } from '@isthmus/schema';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import type { TlsOptions } from './auth/options.ts';
import { answerClientError } from './http/client-error.ts';
import { usualHosts } from './http/hosts.ts';
import { refuseMethod } from './http/other-methods.ts';
import { createHttpServer, logHandshakes, readTls, type ServerBounds, serverDefaults } from './http/server.ts';
import type { ServeOptions } from './serve.ts';

export interface GatewayOptions extends ServeOptions, ServerBounds {
  /** Address to listen on. Default `127.0.0.1`: this machine only. */
  readonly host?: string;
  /** TCP port; 0 takes a free one. Default 8080. */
  readonly port?: number;
  /** HTTPS in place of HTTP. Default: none. */
  readonly tls?: TlsOptions | undefined;
  /**
   * Proxies whose `X-Forwarded-For` is believed: addresses or networks, such as `10.0.0.0/8`. It says who is counted and logged.
   * Default: none.
   */
  readonly trustProxy?: readonly string[];
  /**
   * The names that are answered to, without ports; others are `FORBIDDEN`, which keeps pages out whose name was made to lead here.
   * `*`: any. Default: where only this machine reaches it, `localhost`, `127.0.0.1`, `[::1]` and `host`; else any.
   */
  readonly hosts?: readonly string[] | undefined;
  /** Where the log lines go: a pino logger. Default: nowhere. */
  readonly logger?: FastifyBaseLogger;
}

export interface ListenOptions {
  /** In place of the one that the gateway was made with. */
  readonly port?: number;
  /**
   * Lets other processes of the same user listen on the port too, if they ask for the same: the kernel then gives each connection to one
   * of them (`SO_REUSEPORT`). Default false.
   */
  readonly shared?: boolean;
}

export interface GatewayCounts {
  /** Open connections. */
  readonly connections: number;
  /** Requests since it was made. */
  readonly requests: number;
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
  listen(options?: ListenOptions): Promise<string>;
  /** What it has to do, and has done. */
  counts(): Promise<GatewayCounts>;
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
const DEFAULT_HOST = '127.0.0.1';
/** The longest part of a path that is a key. `maxHeaderBytes` bounds the whole of a request's head. */
const MAX_KEY_CHARACTERS = 16_384;

/** @throws IsthmusError `INVALID_ARGUMENT` when services and clients do not fit together, or an option is not valid. */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { host = DEFAULT_HOST, trustProxy = [], hosts = usualHosts(host) } = options;
  const tls = options.tls === undefined ? undefined : await readTls(options.tls);
  const bounds = boundsOf(options);
  const [{ default: Fastify, LogController }, { answerError, serveBridge }] = await Promise.all([
    import('fastify'),
    import('./serve.ts'),
  ]);
  const app = Fastify({
    ...(options.logger === undefined ? { logger: false } : { loggerInstance: options.logger }),
    // The gateway writes its own line; see request-log.ts.
    logController: new LogController({ disableRequestLogging: true }),
    // A logger of its own for each request would cost more than a call: lines name their request by its trace.
    childLoggerFactory: (logger) => logger,
    return503OnClosing: false,
    serverFactory: (handler) => createHttpServer(handler, bounds, tls),
    trustProxy: trustProxy.length === 0 ? false : [...trustProxy],
    // A row's key may be as long as the text or the bytes that it is, in percent-encoding.
    routerOptions: { maxParamLength: MAX_KEY_CHARACTERS },
    frameworkErrors: answerError,
    clientErrorHandler: (error, socket) => answerClientError(error, socket, app.log),
  });
  logHandshakes(app.server, app.log);
  let closing: Promise<void> | undefined;

  let requests = 0;
  app.addHook('onRequest', (_request, reply, done) => {
    requests += 1;
    if (closing === undefined) return done();
    reply.header('connection', 'close');
    done(new IsthmusError('SHUTTING_DOWN'));
  });
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (closing !== undefined) reply.header('connection', 'close');
    done();
  });
  await serveBridge(app, { ...options, hosts });
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
    async listen({ port = options.port ?? 8080, shared = false } = {}) {
      await app.listen({
        ...{ host, port, reusePort: shared },
        listenTextResolver: (address) => `listening on ${address}`,
      });
      return urlOf(app.server.address(), tls === undefined ? 'http' : 'https');
    },
    async counts() {
      return { connections: await promisify(app.server.getConnections.bind(app.server))(), requests };
    },
    close({ timeoutMs = DEFAULT_CLOSE_TIMEOUT_MS } = {}) {
      closing ??= close(timeoutMs);
      return closing;
    },
    [Symbol.asyncDispose]: () => gateway.close(),
  };
  return gateway;
}

/** Defaults in place, also of what is given as undefined. */
function boundsOf(options: ServerBounds): Required<ServerBounds> {
  const {
    requestTimeoutMs = serverDefaults.requestTimeoutMs,
    headersTimeoutMs = serverDefaults.headersTimeoutMs,
    maxHeaderBytes = serverDefaults.maxHeaderBytes,
    maxConnections = serverDefaults.maxConnections,
    keepAliveTimeoutMs = serverDefaults.keepAliveTimeoutMs,
  } = options;
  return { requestTimeoutMs, headersTimeoutMs, maxHeaderBytes, maxConnections, keepAliveTimeoutMs };
}

function urlOf(address: AddressInfo | string | null, scheme: 'http' | 'https'): string {
  if (address === null || typeof address === 'string')
    throw new IsthmusError('INTERNAL', { detail: 'the server has no address' });
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `${scheme}://${host}:${address.port}`;
}
