/**
 * Where a running bridge is asked what it does, and told to replace the instances of a service: HTTP over a socket in its private folder, to
 * which its own user alone can write. Whoever can may have any program run as that user, who he is already.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { checkSupervised, type Supervisor } from '@isthmus/gateway';
import { IsthmusError } from '@isthmus/schema';
import type { Connection } from '../clients.ts';
import { readinessThrough } from '../readiness.ts';
import type { Workers } from '../workers/workers.ts';
import { reportOf } from './status.ts';

/** The longest description of a service, in bytes. */
const maxBodyBytes = 1024 * 1024;
/** How long a request may take to arrive, in ms. */
const requestTimeoutMs = 10_000;

export interface AdminOptions {
  readonly supervisor: Supervisor;
  /** The bridge's connections, by service. */
  readonly connections: ReadonlyMap<string, Connection>;
  /** Undefined: the bridge has none. */
  readonly workers?: Pick<Workers, 'report'> | undefined;
}

/**
 * `GET /status` answers with a BridgeReport; `POST /rollout` takes a SupervisedService and answers with a line of JSON for each event, of
 * which the last is `done` or `failed`. A rollout goes on when nobody listens any more.
 *
 * @returns What ends it, and with it the connections that it has.
 * @throws the system's error.
 */
export async function listenAdmin(options: AdminOptions): Promise<() => Promise<void>> {
  const server = createServer({ requestTimeout: requestTimeoutMs, keepAlive: false }, (request, response) => {
    response.setHeader('connection', 'close');
    // Whoever asked may have gone: the rollout goes on, and has the log.
    response.on('error', () => {});
    answer(request, response, options).catch((error: unknown) => refuse(response, error));
  });
  // The socket is made within listen(), before anybody else runs.
  const umask = process.umask(0o177);
  try {
    server.listen(options.supervisor.adminSocket);
  } finally {
    process.umask(umask);
  }
  await once(server, 'listening');
  return async () => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, options: AdminOptions): Promise<void> {
  const { supervisor, connections } = options;
  const route = `${request.method} ${request.url}`;
  if (route === 'GET /status') {
    const workers = (await options.workers?.report()) ?? [];
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(reportOf({ supervisor, connections, workers })));
  } else if (route === 'POST /rollout') {
    const service = checkSupervised(JSON.parse(await bodyOf(request)));
    response.setHeader('content-type', 'application/x-ndjson');
    const report = (event: object) => response.write(`${JSON.stringify(event)}\n`);
    await supervisor.rollout(service, { isReady: readinessThrough(connections), report });
    response.end('{"event":"done"}\n');
  } else {
    throw new IsthmusError('NOT_FOUND', { detail: `there is no ${route}` });
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const buffer = Buffer.from(chunk);
    bytes += buffer.length;
    if (bytes > maxBodyBytes) throw new IsthmusError('BODY_TOO_LARGE', { detail: `more than ${maxBodyBytes} bytes` });
    chunks.push(buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** As the last line, where lines have gone already. */
function refuse(response: ServerResponse, thrown: unknown): void {
  const error =
    thrown instanceof IsthmusError
      ? thrown
      : thrown instanceof SyntaxError
        ? new IsthmusError('MALFORMED_BODY', { detail: thrown.message, cause: thrown })
        : new IsthmusError('INTERNAL', { detail: String(thrown), cause: thrown });
  if (!response.headersSent) response.statusCode = error.httpStatus;
  response.end(`${JSON.stringify({ event: 'failed', code: error.code, detail: error.detail })}\n`);
}
