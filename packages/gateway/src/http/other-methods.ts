/** 405 for what a path does not allow. */
import { IsthmusError } from '@isthmus/schema';
import type { FastifyInstance, FastifyReply } from 'fastify';

/**
 * Answers every other HTTP method on this path with 405 and an `Allow` header, before any body is read.
 *
 * @param refused Methods that are refused elsewhere.
 */
export function refuseOtherMethods(
  scope: FastifyInstance,
  url: string,
  allowed: readonly string[],
  refused: readonly string[] = [],
): void {
  scope.route({
    method: scope.supportedMethods.filter((method) => !allowed.includes(method) && !refused.includes(method)),
    url,
    schema: { hide: true },
    async onRequest(_request, reply) {
      refuseMethod(reply, allowed);
    },
    // Never reached: the hook refuses first. Fastify wants a handler.
    handler: (_request, reply) => refuseMethod(reply, allowed),
  });
}

/**
 * @param reason Why, where the methods alone do not say it.
 * @throws IsthmusError `METHOD_NOT_ALLOWED`, always, having set the `Allow` header.
 */
export function refuseMethod(reply: FastifyReply, allowed: readonly string[], reason?: string): never {
  reply.header('allow', allowed.join(', '));
  const detail = `allowed: ${allowed.join(', ')}${reason === undefined ? '' : `; ${reason}`}`;
  throw new IsthmusError('METHOD_NOT_ALLOWED', { detail });
}
