/** How many requests a caller may send, and how many wrong credentials an address. */
import { normalizeIP } from '@fastify/rate-limit';
import { IsthmusError } from '@isthmus/schema';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { callerName } from './identity.ts';
import type { RateLimit } from './options.ts';
import type { RateCounter } from './windows.ts';

/** The wrong credentials that one address may show before it is told to wait. */
export const failureLimit: RateLimit = { max: 30, windowMs: 60_000 };

export interface Limits {
  /** Counts a request, and says in the reply's headers what is left. @throws IsthmusError `RATE_LIMITED`. */
  request(request: FastifyRequest, reply: FastifyReply): Promise<void>;
  /** Counts wrong credentials. @throws IsthmusError `RATE_LIMITED`. */
  failure(request: FastifyRequest): Promise<void>;
  /** Whether the address has shown too many already. @throws IsthmusError `RATE_LIMITED`. */
  brake(request: FastifyRequest): Promise<void>;
}

/** @param counter Who counts: for this gateway alone, or for all that share its port. */
export function createLimits(common: RateLimit | undefined, counter: RateCounter): Limits {
  const failures = (request: FastifyRequest, add: boolean) =>
    counter.count({ of: 'failures', name: addressOf(request), windowMs: failureLimit.windowMs, add });
  return {
    async request(request, reply) {
      const limit = request.isthmusIdentity?.rateLimit ?? common;
      if (limit === undefined) return;
      const { max, windowMs } = limit;
      const { count, leftMs } = await counter.count({ of: 'requests', name: nameOf(request), windowMs, add: true });
      reply
        .header('ratelimit-limit', max)
        .header('ratelimit-remaining', Math.max(0, max - count))
        .header('ratelimit-reset', Math.ceil(leftMs / 1000));
      if (count > max) throw tooMany(leftMs, `more than ${max} requests in ${windowMs} ms`);
    },
    async failure(request) {
      const { count, leftMs } = await failures(request, true);
      if (count > failureLimit.max) throw tooManyFailures(leftMs);
    },
    async brake(request) {
      const { count, leftMs } = await failures(request, false);
      if (count >= failureLimit.max) throw tooManyFailures(leftMs);
    },
  };
}

function tooManyFailures(leftMs: number): IsthmusError {
  return tooMany(leftMs, 'too many wrong credentials came from this address');
}

function tooMany(retryAfterMs: number, detail: string): IsthmusError {
  return new IsthmusError('RATE_LIMITED', { detail, retryAfterMs });
}

/** The caller, or else the address. */
function nameOf(request: FastifyRequest): string {
  const caller = request.isthmusIdentity?.caller;
  return caller === undefined ? addressOf(request) : callerName(caller);
}

/** IPv6 by network of 64 bits: who has one address there has all of them. */
export function addressOf({ ip }: FastifyRequest): string {
  return normalizeIP(ip);
}
