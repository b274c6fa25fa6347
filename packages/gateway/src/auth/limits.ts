/** How many requests a caller may send, and how many wrong credentials an address. */
import rateLimit, { normalizeIP } from '@fastify/rate-limit';
import { IsthmusError } from '@isthmus/schema';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { callerName } from './identity.ts';
import type { RateLimit } from './options.ts';

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

/** Windows that are remembered, by caller and by address, are bounded: the oldest make room. */
export async function addLimits(scope: FastifyInstance, common: RateLimit | undefined): Promise<Limits> {
  await scope.register(rateLimit, { global: false });
  const limitOf = (request: FastifyRequest) => request.isthmusIdentity?.rateLimit ?? common;
  const requests = scope.createRateLimit({
    keyGenerator: (request) => keyOf(request),
    max: (request) => limitOf(request)?.max ?? Infinity,
    timeWindow: (request) => limitOf(request)?.windowMs ?? 0,
    allowList: [],
  });
  const failures = scope.createRateLimit({
    keyGenerator: (request) => addressOf(request),
    max: failureLimit.max,
    timeWindow: failureLimit.windowMs,
    allowList: [],
  });
  return {
    async request(request, reply) {
      if (limitOf(request) === undefined) return;
      const state = await requests(request);
      if (state.isAllowed) return;
      reply
        .header('ratelimit-limit', state.max)
        .header('ratelimit-remaining', state.remaining)
        .header('ratelimit-reset', state.ttlInSeconds);
      if (state.isExceeded) {
        throw tooMany(state.ttl, `more than ${state.max} requests in ${state.timeWindow} ms`);
      }
    },
    async failure(request) {
      const state = await failures(request);
      if (!state.isAllowed && state.isExceeded) throw tooManyFailures(state.ttl);
    },
    async brake(request) {
      const state = await failures(request, { increment: false });
      if (!state.isAllowed && state.remaining === 0) throw tooManyFailures(state.ttl);
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
function keyOf(request: FastifyRequest): string {
  const caller = request.isthmusIdentity?.caller;
  return caller === undefined ? addressOf(request) : callerName(caller);
}

/** IPv6 by network of 64 bits: who has one address there has all of them. */
export function addressOf({ ip }: FastifyRequest): string {
  return normalizeIP(ip);
}
