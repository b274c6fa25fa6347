/** Whom a configuration lets in. */
import { IsthmusError } from '@isthmus/schema';
import { isLoopback } from '../http/hosts.ts';
import type { BridgeSettings } from './types.ts';

/** The part of the settings that says who can reach the gateway, and who may. */
export interface ExposedSettings extends Pick<BridgeSettings, 'auth' | 'insecure'> {
  readonly http: Pick<BridgeSettings['http'], 'host' | 'tls'>;
}

/**
 * What somebody should know who starts a gateway so, a sentence each; empty: nothing.
 *
 * @throws IsthmusError `CONFIG_INVALID` when it would let in everybody from everywhere, and nobody has said that it may.
 */
export function exposureWarnings({ http: { host, tls }, auth, insecure }: ExposedSettings): readonly string[] {
  if (isLoopback(host)) return [];
  const everybody = `whoever reaches ${host} may call and write everything`;
  if (auth === undefined) {
    if (insecure) return [`insecure: there is no auth, so ${everybody}`];
    const detail =
      `http.host: ${host} is reached from other machines, and there is no auth, so ${everybody}. ` +
      'Set auth, listen on 127.0.0.1, or say insecure: true';
    throw new IsthmusError('CONFIG_INVALID', { detail });
  }
  const warnings: string[] = [];
  if (tls === undefined) {
    warnings.push(
      `there is no http.tls: keys and tokens can be read on their way to ${host}, unless a proxy in front has TLS`,
    );
  }
  if (auth.anonymous.scopes.includes('*')) warnings.push(`auth.anonymous has the scope *, so ${everybody}`);
  return warnings;
}
