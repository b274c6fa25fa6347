import type { Method, Service } from '@isthmus/schema';
import { OptionReader } from '../option-reader.ts';
import type {
  BreakerSettings,
  ClientPolicies,
  GateSettings,
  PolicySettings,
  PoolSettings,
  RetrySettings,
} from './types.ts';

export interface CheckedPolicies {
  /** Undefined where there are problems, or neither policies nor a pool. */
  readonly settings: ClientPolicies | undefined;
  /** A line each: where, and what is wrong there. */
  readonly problems: readonly string[];
}

const maxMs = 2 ** 31 - 1;
const maxCount = 1_000_000;
const maxInFlight = 65_536;
const maxQueued = 10_000;
const maxAttempts = 100;
const defaultBudget = 0.1;
const parts = ['retry', 'breaker', 'bulkhead', 'hedge', 'shed'] as const;
const gateNames = ['maxActive', 'maxQueued', 'maxWaitMs'] as const;
const poolNames = [...gateNames, 'testOnBorrowMs', 'idleEvictMs', 'ejectAfter', 'ejectMs'] as const;

/** What `'*'` and a method say, as readers of each part that there is. */
type Part = (typeof parts)[number];

/**
 * Checks policies and pool options that may be anything, and puts the defaults in place.
 *
 * @param path Names them in problems; empty: the options' own names suffice.
 */
export function checkPolicies(
  schema: Service,
  given: { readonly policies?: unknown; readonly pool?: unknown },
  path = '',
): CheckedPolicies {
  if (given.policies === undefined && given.pool === undefined) return { settings: undefined, problems: [] };
  const problems: string[] = [];
  const prefix = path === '' ? '' : `${path}.`;
  const names = ['*', ...schema.methods.map(({ name }) => name)];
  const reader = new OptionReader(given.policies ?? {}, `${prefix}policies`, problems, names);
  const shared = reader.has('*') ? reader.inner('*', parts) : undefined;
  // Said once, and not for every method that has it.
  if (shared !== undefined) checkPolicy(undefined, undefined, shared);
  const methods = new Map<string, PolicySettings>();
  for (const method of schema.methods) {
    const own = reader.has(method.name) ? reader.inner(method.name, parts) : undefined;
    const said = problems.length;
    const settings = checkPolicy(method, own, shared);
    // What is wrong in '*' has been said already.
    if (own === undefined) problems.length = said;
    methods.set(method.name, settings);
  }
  const pool = given.pool === undefined ? undefined : checkPool(schema, given.pool, `${prefix}pool`, problems);
  return { settings: problems.length === 0 ? { methods, pool } : undefined, problems: [...new Set(problems)] };
}

/** @param method Undefined: any. */
function checkPolicy(
  method: Method | undefined,
  own: OptionReader | undefined,
  shared: OptionReader | undefined,
): PolicySettings {
  /** The one that says something about a part; undefined where nobody does, or it is turned off. */
  const saying = (part: Part): OptionReader | undefined => {
    const reader = own?.has(part) ? own : shared?.has(part) ? shared : undefined;
    return reader?.value(part) === false ? undefined : reader;
  };
  const retry = saying('retry')?.inner('retry', ['attempts', 'initialDelayMs', 'maxDelayMs', 'budget']);
  const breaker = saying('breaker')?.inner('breaker', ['failures', 'openMs', 'minTimeoutMs']);
  const bulkhead = saying('bulkhead')?.inner('bulkhead', gateNames);
  const hedging = saying('hedge');
  const hedge = hedging?.inner('hedge', ['afterMs']);
  const canHedge = method === undefined || (method.idempotent && method.replies === 'one');
  if (hedging === own && hedging !== undefined && !canHedge) {
    hedging.refuse('hedge', `is for idempotent methods with one reply, and ${method?.name} is not one`);
  }
  const afterMs = hedge?.number('afterMs', 0, maxMs);
  return {
    retry: retry === undefined ? undefined : retryOf(retry),
    breaker: breaker === undefined ? undefined : breakerOf(breaker),
    bulkhead: bulkhead === undefined ? undefined : gateOf(bulkhead),
    hedge: afterMs === undefined || !canHedge ? undefined : { afterMs },
    shed: saying('shed')?.boolean('shed', false) ?? false,
    budget: retry?.number('budget', 0, 1, defaultBudget) ?? defaultBudget,
  };
}

function retryOf(reader: OptionReader): RetrySettings {
  return {
    attempts: reader.integer('attempts', 2, maxAttempts, 3),
    initialDelayMs: reader.number('initialDelayMs', 0, maxMs, 10),
    maxDelayMs: reader.number('maxDelayMs', 0, maxMs, 1000),
  };
}

function breakerOf(reader: OptionReader): BreakerSettings {
  return {
    failures: reader.integer('failures', 1, maxCount, 5),
    openMs: reader.number('openMs', 1, maxMs, 5000),
    minTimeoutMs: optionalNumber(reader, 'minTimeoutMs', 0),
  };
}

function gateOf(reader: OptionReader, highest = maxInFlight): GateSettings {
  return {
    maxActive: reader.integer('maxActive', 1, highest),
    maxQueued: reader.integer('maxQueued', 0, maxQueued, 128),
    maxWaitMs: reader.number('maxWaitMs', 0, maxMs, 1000),
  };
}

function checkPool(schema: Service, given: unknown, path: string, problems: string[]): PoolSettings {
  const reader = new OptionReader(given, path, problems, poolNames);
  const waiting = (['maxQueued', 'maxWaitMs'] as const).filter((name) => reader.has(name));
  if (!reader.has('maxActive'))
    for (const name of waiting) reader.refuse(name, 'is of no use without maxActive: nothing waits');
  if (reader.has('idleEvictMs') && schema.regionList.length > 0)
    reader.refuse('idleEvictMs', `cannot be used with regions, which ${schema.name} has: they are read without calls`);
  return {
    gate: reader.has('maxActive') ? gateOf(reader, maxCount) : undefined,
    testOnBorrowMs: optionalNumber(reader, 'testOnBorrowMs', 0),
    idleEvictMs: optionalNumber(reader, 'idleEvictMs', 1),
    ejectAfter: reader.has('ejectAfter') ? reader.integer('ejectAfter', 1, maxCount) : undefined,
    ejectMs: reader.number('ejectMs', 1, maxMs, 5000),
  };
}

function optionalNumber(reader: OptionReader, name: string, low: number): number | undefined {
  return reader.has(name) ? reader.number(name, low, maxMs, low) : undefined;
}
