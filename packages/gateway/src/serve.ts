/** Puts the gateway's routes, hooks and error handling into a Fastify scope: the plugin's own, or a whole app. */
import { IsthmusError } from '@isthmus/schema';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Authenticator } from './auth/authenticator.ts';
import { addGuard } from './auth/guard.ts';
import { createLimits } from './auth/limits.ts';
import type { AuthOptions, RateLimit } from './auth/options.ts';
import { type RateCounter, RateWindows } from './auth/windows.ts';
import type { GatewayServices } from './bridge-client.ts';
import { authSettings } from './config/auth.ts';
import { Admission } from './http/admission.ts';
import { addCallRoutes, CALL_PREFIX } from './http/call-routes.ts';
import { addCors } from './http/cors.ts';
import { addDocsPage, canServeDocs } from './http/docs-page.ts';
import { addFixedRoutes } from './http/fixed-routes.ts';
import { toIsthmusError } from './http/framework-errors.ts';
import { hostCheck } from './http/hosts.ts';
import { addPages, type Pages } from './http/pages.ts';
import { sendProblem } from './http/problem.ts';
import { addRegionRoutes, REGION_PREFIX } from './http/region-routes.ts';
import { GONE, logRequest } from './http/request-log.ts';
import { addWatchSocket } from './http/watch-route.ts';
import { openApiOf } from './openapi/document.ts';
import { RegionHub } from './regions/hub.ts';
import { type GatewayRegions, servedRegions } from './regions/served-region.ts';

export interface ServeOptions {
  /** The services by name, each with a connected client. The clients stay the caller's to close. */
  readonly services: GatewayServices;
  /** Regions beside those of the services: memory that is attached. It stays the caller's to detach. Default: none. */
  readonly regions?: GatewayRegions;
  /** The largest request body, in bytes. Default 1 MiB. */
  readonly bodyLimitBytes?: number;
  /** The longest deadline that a caller may ask for with `x-timeout-ms`, in ms. Default 60,000. */
  readonly maxTimeoutMs?: number;
  /**
   * Whether to serve `/docs`. Default true; an app that has registered @fastify/swagger-ui itself never gets a second
   * page.
   */
  readonly docs?: boolean;
  /** The most calls that are served at once; of more each is answered with 503 before its body is read. Default 4,096. */
  readonly maxInFlight?: number;
  /** The most watches of regions at a time, and the most connections that watch. Default 10,000. */
  readonly maxWatchers?: number;
  /**
   * Origins whose pages may use the gateway through a browser, beside its own: `https://example.com`. They may call, read and
   * write (CORS), and open the WebSocket. Default: none.
   */
  readonly origins?: readonly string[];
  /** Folders of pages, absolute, by the path under which they are served: `/examples/market`. Default: none. */
  readonly pages?: Pages;
  /** Who may do what. Default: everybody everything. */
  readonly auth?: AuthOptions | undefined;
  /** How many requests each caller may send; who has no name counts by address. Default: any number. */
  readonly rateLimit?: RateLimit | undefined;
  /** Who counts requests and wrong credentials. Default: this process, for itself. */
  readonly rateCounter?: RateCounter | undefined;
  /** The names that are answered to, without ports; others are `FORBIDDEN`. Default: any name. */
  readonly hosts?: readonly string[] | undefined;
}

const DEFAULT_BODY_LIMIT_BYTES = 1024 * 1024;
const DEFAULT_MAX_TIMEOUT_MS = 60_000;
const DEFAULT_MAX_IN_FLIGHT = 4096;
const DEFAULT_MAX_WATCHERS = 10_000;

/** @throws IsthmusError `INVALID_ARGUMENT` when services and clients do not fit together, or an option is not valid. */
export async function serveBridge(scope: FastifyInstance, options: ServeOptions): Promise<void> {
  const { services, bodyLimitBytes = DEFAULT_BODY_LIMIT_BYTES, maxTimeoutMs = DEFAULT_MAX_TIMEOUT_MS } = options;
  const { maxWatchers = DEFAULT_MAX_WATCHERS, origins = [] } = options;
  const admission = new Admission(options.maxInFlight ?? DEFAULT_MAX_IN_FLIGHT);
  checkNames(services);
  const regions = servedRegions(services, options.regions ?? {});
  const hub = new RegionHub({
    maxWatchers,
    onFault: (error, region) => scope.log.error({ region, err: error.cause ?? error }, 'watching failed'),
  });
  const docs = (options.docs ?? true) && canServeDocs(scope);
  const auth = options.auth === undefined ? undefined : authSettings(options.auth);
  const isLimited = options.rateLimit !== undefined;
  const document = openApiOf(services, {
    prefix: scope.prefix,
    maxTimeoutMs,
    regions: options.regions,
    auth,
    isLimited,
  });

  scope.decorateRequest('isthmusCall', null);
  scope.decorateRequest('isthmusError', null);
  scope.decorateRequest('isthmusIdentity', null);
  scope.decorateRequest('isthmusClaim', null);
  scope.addHook('onRequest', (_request, reply, done) => {
    reply.header('x-content-type-options', 'nosniff');
    done();
  });
  scope.addHook('onResponse', (request, reply, done) => {
    logRequest(request, reply, reply.statusCode);
    done();
  });
  scope.setErrorHandler(answerError);
  const checkHost = hostCheck(options.hosts);
  if (checkHost !== undefined) {
    scope.addHook('onRequest', ({ headers }, _reply, done) => {
      checkHost(headers.host);
      done();
    });
  }
  await addCors(scope, origins);
  if (auth !== undefined || isLimited) {
    const limits = createLimits(options.rateLimit, options.rateCounter ?? new RateWindows());
    const authenticator = auth === undefined ? undefined : await Authenticator.open(auth);
    addGuard(scope, { authenticator, limits, pages: Object.keys(options.pages ?? {}) });
  }

  // Before the server waits for the responses under way: a watch has no end of its own.
  scope.addHook('preClose', async () => hub.close());
  addFixedRoutes(scope, { services, regions, document, docs, isGuarded: auth !== undefined });
  await scope.register(async (calls) => addCallRoutes(calls, { services, bodyLimitBytes, maxTimeoutMs, admission }), {
    prefix: CALL_PREFIX,
  });
  await scope.register(async (routes) => addRegionRoutes(routes, { regions, hub, bodyLimitBytes }), {
    prefix: REGION_PREFIX,
  });
  await scope.register(async (socket) => addWatchSocket(socket, { regions, hub, origins }));
  await scope.register(async (site) => addPages(site, options.pages ?? {}));
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
