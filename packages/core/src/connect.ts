import { IsthmusError, type Service } from '@isthmus/schema';
import { type Client, clientOf } from './client.ts';
import { native } from './native.ts';
import { type ConnectOptions, settingsOf } from './options.ts';
import { checkPolicies } from './policies/check.ts';
import { Policing } from './policies/policing.ts';
import { Pool } from './pool.ts';

/**
 * Connects to the instances of a service.
 *
 * Resolves once the first instance is connected (or at once, with `waitForInstance: false`); others are connected as they
 * appear, and again when they come back. Calls go to the instance with the fewest in flight.
 *
 * @throws IsthmusError `INVALID_ARGUMENT` for an option; `NO_INSTANCE` when none came within `connectTimeoutMs`; the reason of
 *   the refusal, such as `SCHEMA_MISMATCH`, when every instance was refused; `NATIVE_MISSING`.
 */
export async function connect<S extends Service>(schema: S, options: ConnectOptions): Promise<Client<S>> {
  const settings = settingsOf(options);
  const policies = checkPolicies(schema, options);
  if (policies.problems.length > 0)
    throw new IsthmusError('INVALID_ARGUMENT', { detail: policies.problems.join('; ') });
  // Without it no instance could ever be connected: said now, not as the reason of some later NO_INSTANCE.
  native();
  const pool = new Pool(schema, settings);
  try {
    await pool.instances.start();
    if (settings.waitForInstance) await pool.instances.waitForFirst(settings.connectTimeoutMs);
  } catch (error) {
    await pool.close();
    throw error;
  }
  return clientOf(schema, pool, policies.settings && new Policing(schema, pool, policies.settings));
}
