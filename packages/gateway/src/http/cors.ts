/** Lets pages of other sites use the gateway through a browser: those that are listed, and no others. */
import cors, { type FastifyCorsOptions } from '@fastify/cors';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** How long a browser need not ask again, in seconds. */
const MAX_AGE_S = 600;

/** The response headers that such a page may read, beside those that it may anyway. */
const exposed = [
  'accept-patch',
  'allow',
  'content-location',
  'etag',
  'isthmus-owner',
  'ratelimit-limit',
  'ratelimit-remaining',
  'ratelimit-reset',
  'retry-after',
  'traceparent',
  'www-authenticate',
  'x-call-id',
];

/** To be called before what refuses requests: a preflight has no credentials. */
export async function addCors(scope: FastifyInstance, origins: readonly string[]): Promise<void> {
  // An app that has the plugin around us answers for our routes too.
  if (origins.length === 0 || scope.hasRequestDecorator('corsPreflightEnabled')) return;
  const options: FastifyCorsOptions = {
    origin: [...origins],
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH'],
    exposedHeaders: exposed,
    maxAge: MAX_AGE_S,
    // Keys and tokens are sent by the page itself. Cookies are not used here, and certificates are not for pages of others.
    credentials: false,
  };
  await scope.register(cors, {
    delegator: (request: FastifyRequest, done: (error: Error | null, options?: FastifyCorsOptions) => void) =>
      // An OPTIONS that is no preflight is a method like any other.
      done(null, { ...options, preflight: request.headers['access-control-request-method'] !== undefined }),
  });
}
