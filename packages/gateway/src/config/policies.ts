/** The policies of a service's calls: `@isthmus/core` says what they are, and checks them. */
import { checkPolicies, type Policies, type PoolOptions } from '@isthmus/core';
import type { Service } from '@isthmus/schema';
import type { Key } from './keys.ts';
import { ConfigProblem, refuse } from './problem.ts';

/** What `connect` takes, but for closing connections: a bridge keeps its own, so that it can say whether a service is ready. */
export type PoolConfig = Omit<PoolOptions, 'idleEvictMs'>;

export interface PolicyValues {
  readonly policies: unknown;
  readonly pool: unknown;
}

export interface ClientPolicySettings {
  readonly policies: Policies | undefined;
  readonly pool: PoolConfig | undefined;
}

const anything: Key<unknown> = { default: undefined, check: (value) => value };

/** Checked once the schema is known, which has the methods. */
export const policyKeys: { readonly [K in keyof PolicyValues]: Key<unknown> } = { policies: anything, pool: anything };

export function checkServicePolicies(schema: Service, values: PolicyValues, path: string): ClientPolicySettings {
  const { policies, pool } = values;
  if (typeof pool === 'object' && pool !== null && 'idleEvictMs' in pool)
    refuse(`${path}.pool.idleEvictMs`, 'is for connect(): a bridge keeps its connections');
  const { problems } = checkPolicies(schema, { policies, pool }, path);
  if (problems.length > 0) throw new ConfigProblem(problems);
  // `as`: that is what was checked.
  return { policies: policies as Policies | undefined, pool: pool as PoolConfig | undefined };
}
