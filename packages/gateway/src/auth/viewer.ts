/** What somebody who watches regions may see, and until when. */
import { IsthmusError } from '@isthmus/schema';
import type { Identity } from './identity.ts';
import { permission } from './scopes.ts';

export interface Viewer {
  /** @throws IsthmusError `FORBIDDEN`. */
  requireRead(region: string): void;
  /** As Date.now() counts; Infinity: for ever. */
  readonly expiresMs: number;
}

/** Where there is no authentication. */
const everybody: Viewer = { requireRead: () => {}, expiresMs: Infinity };

export function viewerOf(identity: Identity | null): Viewer {
  if (identity === null) return everybody;
  return {
    requireRead(region) {
      const read = permission(`read:${region}`);
      if (!identity.scopes.allow(read)) throw forbidden(read.name);
    },
    expiresMs: identity.expiresMs,
  };
}

export function forbidden(scope: string): IsthmusError {
  return new IsthmusError('FORBIDDEN', { detail: `it takes the scope ${scope}` });
}

/** What a watch ends with when the credentials behind it do. */
export function expired(): IsthmusError {
  return new IsthmusError('UNAUTHENTICATED', { detail: 'the credentials have expired' });
}
