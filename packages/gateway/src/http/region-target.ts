/** Which region, and which row of it, a request is about. */
import { IsthmusError } from '@isthmus/schema';
import type { FastifyRequest } from 'fastify';
import type { ServedRegion } from '../regions/served-region.ts';

/** A row, or a whole region where `key` is undefined. */
export interface RegionTarget {
  readonly served: ServedRegion;
  /** In JSON form. */
  readonly key: unknown;
}

/**
 * @param query The parameter `key`: the other spelling of the path's segment, for keys that a path cannot say.
 * @throws IsthmusError `INVALID_ARGUMENT` for a key that cannot be one, where there are none, or that is given twice.
 */
export function targetOf(served: ServedRegion, request: FastifyRequest, query: string | undefined): RegionTarget {
  const segment: unknown = Reflect.get(Object(request.params), 'key');
  if (segment !== undefined && query !== undefined) {
    throw new IsthmusError('INVALID_ARGUMENT', { detail: 'the key is in the path already' });
  }
  const text = query ?? (typeof segment === 'string' ? segment : undefined);
  return { served, key: text === undefined ? undefined : served.forms.keyFromText(text) };
}
