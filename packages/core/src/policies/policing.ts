import type { Service } from '@isthmus/schema';
import type { Pool } from '../pool.ts';
import { Lending } from './lending.ts';
import { PolicedMethod } from './policed-method.ts';
import type { ClientPolicies } from './types.ts';

/** What looks after the calls of a client that has policies, or pool options. */
export class Policing {
  readonly methods: ReadonlyMap<string, PolicedMethod>;
  readonly #lending: Lending;

  constructor(schema: Service, pool: Pool, { methods, pool: settings }: ClientPolicies) {
    const lending = new Lending(pool, settings);
    const policed = new Map<string, PolicedMethod>();
    for (const method of schema.methods) {
      const policy = methods.get(method.name);
      if (policy !== undefined) policed.set(method.name, new PolicedMethod(method, policy, lending));
    }
    this.methods = policed;
    this.#lending = lending;
  }

  close(): void {
    this.#lending.close();
  }
}
