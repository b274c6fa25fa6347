/** Puts the gateway's routes, hooks and error handling into a Fastify scope: the plugin's own, or a whole app. */
import { IsthmusError } from '@isthmus/schema';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { GatewayServices } from './bridge-client.ts';
import { addCallRoutes, CALL_PREFIX } from './http/call-routes.ts';
import { addDocsPage, canServeDocs } from './http/docs-page.ts';
import { addFixedRoutes } from './http/fixed-routes.ts';
import { toIsthmusError } from './http/framework-errors.ts';
import { sendProblem } from './http/problem.ts';
import { GONE, logRequest } from './http/request-log.ts';
import { openApiOf } from './openapi/document.ts';

export interface ServeOptions {
  /** The services by name, each with a connected client. The clients stay the caller's to close. */
  readonly services: GatewayServices;
  /** The largest request body, in bytes. Default 1 MiB. */
  readonly bodyLimitBytes?: number;
  /** The longest deadline that a caller may ask for with `x-timeout-ms`, in ms. Default 60,000. */
  readonly maxTimeoutMs?: number;
  /**
   * Whether to serve `/docs`. Default true; an app that has registered @fastify/swagger-ui itself never gets a second
   * page.
   */
  readonly docs?: boolean;
}

const DEFAULT_BODY_LIMIT_BYTES = 1024 * 1024;
const DEFAULT_MAX_TIMEOUT_MS = 60_000;

/** @throws IsthmusError `INVALID_ARGUMENT` when services and clients do not fit together. */
export async function serveBridge(scope: FastifyInstance, options: ServeOptions): Promise<void> {
  const { services, bodyLimitBytes = DEFAULT_BODY_LIMIT_BYTES, maxTimeoutMs = DEFAULT_MAX_TIMEOUT_MS } = options;
  checkNames(services);
  const docs = (options.docs ?? true) && canServeDocs(scope);
  const document = openApiOf(services, { prefix: scope.prefix, maxTimeoutMs });

  scope.decorateRequest('isthmusCall', null);
  scope.decorateRequest('isthmusError', null);
  scope.addHook('onRequest', (_request, reply, done) => {
    reply.header('x-content-type-options', 'nosniff');
    done();
  });
  scope.addHook('onResponse', (request, reply, done) => {
    logRequest(request, reply, reply.statusCode);
    done();
  });
  scope.setErrorHandler(answerError);

  addFixedRoutes(scope, { services, document, docs });
  await scope.register(async (calls) => addCallRoutes(calls, { services, bodyLimitBytes, maxTimeoutMs }), {
    prefix: CALL_PREFIX,
  });
  if (docs) await scope.register(async (page) => addDocsPage(page, document));
}

/** Answers whatever was thrown with a problem. Where the caller is gone, there is only the log to tell. */
export function answerError(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const error = toIsthmusError(thrown);
  request.isthmusError = error;
  if (reply.raw.closed) {
    reply.hijack();
    logRequest(request, reply, error.code === 'CANCELLED' ? error.httpStatus : GONE);
    return;
  }
  request.isthmusCall?.setHeaders(reply);
  sendProblem(reply, error, request.isthmusCall?.method.idempotent ?? false);
}

function checkNames(services: GatewayServices): void {
  for (const [name, { schema }] of Object.entries(services)) {
    if (name !== schema.name) {
      throw new IsthmusError('INVALID_ARGUMENT', {
        detail: `services.${name} has the schema of service ${schema.name}`,
      });
    }
  }
}
