/** How regions are watched, in the OpenAPI document. */
import { DEFAULT_MAX_RATE, LEAST_RATE, MOST_RATE } from '../http/event-stream.ts';
import { EVENTS_TYPE } from '../http/media-type.ts';
import type { ServedRegion } from '../regions/served-region.ts';
import { problemResponses, watchErrors } from './problems.ts';
import { keyQuery, methodNotAllowed, operationId } from './region-parts.ts';

export function watchOperation(served: ServedRegion, isRow: boolean): object {
  const isTable = served.rows !== undefined && !isRow;
  return {
    operationId: operationId(served, isRow ? 'watchRow' : 'watch'),
    summary: `The changes of ${isRow ? `a row of ${served.name}` : served.name}`,
    description:
      'Server-sent events: the newest value first, then newer ones, at most `max-rate` a second; who is slow is given the ' +
      'newest. An event `live` says when the owner comes or goes, an event `problem` what went wrong.',
    tags: ['regions'],
    parameters: [
      ...(isTable ? [keyQuery(served)] : []),
      {
        name: 'max-rate',
        in: 'query',
        description: `The most events a second${isTable ? ' for each row' : ''}.`,
        schema: { type: 'number', minimum: LEAST_RATE, maximum: MOST_RATE, default: DEFAULT_MAX_RATE },
      },
      {
        name: 'last-event-id',
        in: 'header',
        description: 'The version that is known already, where one row is watched.',
        schema: { type: 'string' },
      },
    ],
    responses: {
      '200': {
        description: 'The events, until the watcher closes the connection.',
        content: {
          [EVENTS_TYPE]: { schema: { type: 'string', description: 'Events whose data is a value each, as JSON.' } },
        },
      },
      ...problemResponses(watchErrors),
      '405': methodNotAllowed,
    },
  };
}

export const socketOperation = {
  operationId: 'watch',
  summary: 'Many regions over one WebSocket',
  description:
    'Send `{"watch": "name", "key"?, "maxRate"?, "after"?}` and `{"unwatch": "name", "key"?}`. What comes is ' +
    '`{"region", "key"?, "tag", "time", "value", "skipped", "live"}`, `{"region", "key"?, "live"}` or ' +
    '`{"region"?, "key"?, "problem"}`.',
  tags: ['gateway'],
  responses: {
    '101': { description: 'The WebSocket is open.' },
    ...problemResponses([...watchErrors, 'ORIGIN_REFUSED']),
    '405': methodNotAllowed,
  },
};
