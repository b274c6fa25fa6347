/** Lets a request through only if who sent it may do what it asks for: before its body is read. */
import { IsthmusError } from '@isthmus/schema';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Access, accessOf } from './access.ts';
import type { Authenticator } from './authenticator.ts';
import type { Identity } from './identity.ts';
import type { Limits } from './limits.ts';
import { forbidden } from './viewer.ts';

export interface GuardOptions {
  /** Undefined: everybody may do everything. */
  readonly authenticator: Authenticator | undefined;
  readonly limits: Limits;
  /** The paths of the user's own pages. */
  readonly pages: readonly string[];
}

const REALM = 'Bearer realm="isthmus"';

/** To be called before the routes are added: each is told then what it takes. */
export function addGuard(scope: FastifyInstance, { authenticator, limits, pages }: GuardOptions): void {
  const { prefix } = scope;
  scope.addHook('onRoute', (route) => {
    route.config = { ...route.config, isthmusAccess: accessOf(route.url.slice(prefix.length), pages) };
  });
  scope.addHook('onRequest', async (request, reply) => {
    // Where no route belongs to a request, its path decides whether it learns that.
    const access =
      request.routeOptions.config.isthmusAccess ??
      accessOf((request.url.split('?', 1)[0] ?? '').slice(prefix.length), []);
    if (access === 'open') return;
    if (authenticator !== undefined) request.isthmusIdentity = await identify(authenticator, limits, request, reply);
    await limits.request(request, reply);
    if (request.isthmusIdentity !== null) authorize(request.isthmusIdentity, access, request, reply);
  });
}

async function identify(
  authenticator: Authenticator,
  limits: Limits,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Identity> {
  try {
    return await authenticator.identify(request, limits.brake);
  } catch (error) {
    if (error instanceof IsthmusError && error.code === 'UNAUTHENTICATED') {
      reply.header('www-authenticate', `${REALM}, error="invalid_token"`);
      await limits.failure(request);
    }
    throw error;
  }
}

/** @throws IsthmusError `UNAUTHENTICATED` where credentials could help, else `FORBIDDEN`. */
function authorize(
  { caller, scopes }: Identity,
  access: Exclude<Access, 'open'>,
  { method }: FastifyRequest,
  reply: FastifyReply,
): void {
  const missing = access(method).find((permission) => !scopes.allow(permission));
  if (caller === undefined) {
    if (missing === undefined && !scopes.isEmpty) return;
    reply.header('www-authenticate', REALM);
    throw new IsthmusError('UNAUTHENTICATED', { detail: 'this takes credentials, and the request has none' });
  }
  if (missing === undefined) return;
  // Quotes cannot be in it, nor anything else that does not belong into a header: of a path nobody knows only the kind is told.
  const name = /^[\w:.-]+$/.test(missing.name) ? missing.name : (missing.name.split(':', 1)[0] ?? '');
  reply.header('www-authenticate', `${REALM}, error="insufficient_scope", scope="${name}"`);
  throw forbidden(name);
}
