/** What a client of `GET /v1/watch` may say. */
import { pointerStep } from '@isthmus/codecs';
import { type InvalidField, IsthmusError } from '@isthmus/schema';
import { isObject } from '../regions/merge-patch.ts';
import { type Version, versionOfTag } from '../regions/tag.ts';
import { DEFAULT_MAX_RATE, LEAST_RATE, MOST_RATE } from './event-stream.ts';
import { parseJsonBody } from './json-body.ts';

export type WatchRequest =
  | {
      readonly kind: 'watch';
      readonly region: string;
      /** In JSON form, as it was sent; undefined: the whole region. */
      readonly key: unknown;
      readonly maxRate: number;
      readonly known: Version | undefined;
    }
  | { readonly kind: 'unwatch'; readonly region: string; readonly key: unknown };

/** @throws IsthmusError `MALFORMED_BODY`, or `INVALID_INPUT` that names each bad member. */
export function parseWatchRequest(message: Buffer): WatchRequest {
  const value = parseJsonBody(message);
  if (!isObject(value)) throw invalid([{ pointer: '', message: 'must be an object' }]);
  const { watch, unwatch, key, maxRate = DEFAULT_MAX_RATE, after } = value;
  const known = typeof after === 'string' ? versionOfTag(after) : undefined;
  const isWatch = watch !== undefined || unwatch === undefined;
  const members = isWatch ? ['watch', 'key', 'maxRate', 'after'] : ['unwatch', 'key'];
  const region = isWatch ? watch : unwatch;
  const fields = Object.keys(value)
    .filter((name) => !members.includes(name))
    .map((name) => ({ pointer: pointerStep(name), message: `is not one of ${members.join(', ')}` }));
  if (typeof region !== 'string') {
    fields.push({ pointer: pointerStep(isWatch ? 'watch' : 'unwatch'), message: 'must be the name of a region' });
  }
  if (!isWatch && fields.length === 0 && typeof region === 'string') return { kind: 'unwatch', region, key };
  const isRate = typeof maxRate === 'number' && maxRate >= LEAST_RATE && maxRate <= MOST_RATE;
  if (!isRate) fields.push({ pointer: '/maxRate', message: `must be a number from ${LEAST_RATE} to ${MOST_RATE}` });
  if (after !== undefined && known === undefined)
    fields.push({ pointer: '/after', message: 'must be the tag of a version' });
  if (fields.length > 0 || !isRate || typeof region !== 'string') throw invalid(fields);
  return { kind: 'watch', region, key, maxRate, known };
}

function invalid(fields: readonly InvalidField[]): IsthmusError {
  const [first] = fields;
  const detail = `${first?.pointer === '' ? 'the message' : first?.pointer} ${first?.message}`;
  return new IsthmusError('INVALID_INPUT', { detail, fields });
}
