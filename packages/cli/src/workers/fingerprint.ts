/** Whether two processes have read the same out of a configuration. */
import { createHash } from 'node:crypto';
import type { BridgeSettings } from '@isthmus/gateway';
import { isService } from '@isthmus/schema';

/** A hash of everything but the descriptions in schemas. */
export function fingerprintOf(settings: BridgeSettings): string {
  const text = JSON.stringify(settings, (_key, value: unknown) => {
    if (isService(value)) return Buffer.from(value.hash).toString('hex');
    return typeof value === 'bigint' ? String(value) : value;
  });
  return createHash('sha256').update(text).digest('hex');
}
