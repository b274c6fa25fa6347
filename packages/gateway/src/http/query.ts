/** The parameters behind the path. */
import { IsthmusError } from '@isthmus/schema';
import type { FastifyRequest } from 'fastify';

/** @throws IsthmusError `INVALID_ARGUMENT` for a parameter that is given twice or is not one of `known`. */
export function queryOf<const Name extends string>(
  request: FastifyRequest,
  known: readonly Name[],
): Partial<Record<Name, string>> {
  const found: Partial<Record<Name, string>> = {};
  for (const [given, value] of Object.entries(Object(request.query))) {
    const name = known.find((one) => one === given);
    if (name === undefined) {
      const detail = `${given} is not a parameter here; known are: ${known.join(', ')}`;
      throw new IsthmusError('INVALID_ARGUMENT', { detail });
    }
    if (typeof value !== 'string') throw new IsthmusError('INVALID_ARGUMENT', { detail: `${name} is given twice` });
    found[name] = value;
  }
  return found;
}
