/** `/v1/regions`: the list, and for each region its value, its rows, and their changes. */
import { IsthmusError } from '@isthmus/schema';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { RegionHub } from '../regions/hub.ts';
import type { ServedRegion } from '../regions/served-region.ts';
import { watchRegion } from './event-stream.ts';
import { parseJsonBody } from './json-body.ts';
import { JSON_TYPE, OCTETS_TYPE } from './media-type.ts';
import { refuseMethod, refuseOtherMethods } from './other-methods.ts';
import { readRegion } from './region-reads.ts';
import { MERGE_PATCH_TYPE, patchRegion, putRegion } from './region-writes.ts';

export interface RegionRouteOptions {
  readonly regions: readonly ServedRegion[];
  readonly hub: RegionHub;
  /** The largest body, in bytes. */
  readonly bodyLimitBytes: number;
}

const READING = ['GET', 'HEAD'];
const WRITING = ['PUT', 'PATCH'];

/** Where the regions are, below the gateway's own prefix. */
export const REGION_PREFIX = '/v1/regions';

/** The JSON Schema of what is read of a region: in the OpenAPI document's components. */
export function regionSchemaName({ name, service, forms }: ServedRegion): string {
  return `${service ?? `regions.${name}`}.${forms.struct.name}.output`;
}

/** Adds the routes to a scope whose prefix is `REGION_PREFIX`. */
export function addRegionRoutes(scope: FastifyInstance, options: RegionRouteOptions): void {
  const { regions, hub } = options;
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser<Buffer>([JSON_TYPE, MERGE_PATCH_TYPE], { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, parseJsonBody(body));
  });
  scope.addContentTypeParser<Buffer>(OCTETS_TYPE, { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body);
  });
  scope.route({
    method: 'GET',
    url: '',
    exposeHeadRoute: true,
    schema: { hide: true },
    handler: (_request, reply) =>
      reply
        .header('content-type', `${JSON_TYPE}; charset=utf-8`)
        .header('cache-control', 'no-store')
        .send(listText(regions, scope.prefix)),
  });
  refuseOtherMethods(scope, '', READING);
  for (const served of regions) {
    addValueRoutes(scope, served, `/${served.name}`, options);
    addWatchRoute(scope, served, `/${served.name}/watch`, hub);
    if (served.rows === undefined) continue;
    addValueRoutes(scope, served, `/${served.name}/:key`, options);
    addWatchRoute(scope, served, `/${served.name}/:key/watch`, hub);
  }
  refuseUnknownRegions(scope, regions);
}

function addValueRoutes(
  scope: FastifyInstance,
  served: ServedRegion,
  url: string,
  { bodyLimitBytes }: RegionRouteOptions,
): void {
  const schema = { hide: true };
  scope.route({
    method: 'GET',
    url,
    exposeHeadRoute: true,
    schema,
    handler: (request, reply) => readRegion(served, request, reply),
  });
  if (!served.isWritable) {
    const refuse = async (_request: FastifyRequest, reply: FastifyReply): Promise<never> =>
      refuseWriting(served, reply);
    scope.route({ method: [...WRITING], url, schema, onRequest: refuse, handler: refuse });
    refuseOtherMethods(scope, url, READING, WRITING);
    return;
  }
  const bodyLimit = bodyLimitBytes;
  scope.route({
    method: 'PUT',
    url,
    bodyLimit,
    schema,
    handler: (request, reply) => putRegion(served, request, reply),
  });
  scope.route({
    method: 'PATCH',
    url,
    bodyLimit,
    schema,
    handler: (request, reply) => patchRegion(served, request, reply),
  });
  refuseOtherMethods(scope, url, [...READING, ...WRITING]);
}

/** @throws IsthmusError `REGION_READ_ONLY`, always. */
function refuseWriting({ name }: ServedRegion, reply: FastifyReply): never {
  reply.header('allow', READING.join(', '));
  throw new IsthmusError('REGION_READ_ONLY', { detail: `${name} can only be read` });
}

function addWatchRoute(scope: FastifyInstance, served: ServedRegion, url: string, hub: RegionHub): void {
  scope.route({
    method: 'GET',
    url,
    exposeHeadRoute: true,
    schema: { hide: true },
    handler: async (request, reply) => watchRegion(hub, served, request, reply),
  });
  refuseOtherMethods(scope, url, READING);
}

/** `GET /v1/regions`: what there is, and how it is reached. */
function listText(regions: readonly ServedRegion[], prefix: string): string {
  const gateway = prefix.slice(0, -REGION_PREFIX.length);
  return JSON.stringify({
    regions: regions.map((served) => ({
      name: served.name,
      ...(served.description !== undefined && { description: served.description }),
      struct: served.forms.struct.name,
      schema: { $ref: `${gateway}/openapi.json#/components/schemas/${regionSchemaName(served)}` },
      ...(served.rows !== undefined && { key: served.forms.key?.name, rows: served.rows }),
      writable: served.isWritable,
      live: served.region.isLive,
      path: `${prefix}/${served.name}`,
      watch: `${prefix}/${served.name}/watch`,
    })),
  });
}

/** 404 that says which part of the path is unknown, before any body is read. */
function refuseUnknownRegions(scope: FastifyInstance, regions: readonly ServedRegion[]): void {
  scope.addHook('onRequest', async (request, reply) => {
    if (!request.is404) return;
    const path = request.url.split('?', 1)[0] ?? '';
    const [name = '', ...rest] = path.slice(scope.prefix.length + 1).split('/');
    const served = regions.find((one) => one.name === name);
    if (served === undefined) {
      const known = regions.length === 0 ? 'none' : regions.map((one) => one.name).join(', ');
      throw new IsthmusError('UNKNOWN_REGION', { detail: `there is no region ${name}; there is ${known}` });
    }
    // Methods that Fastify does not know (PROPFIND and the like) come here even for paths that exist.
    if (rest.length === 0) refuseMethod(reply, served.isWritable ? [...READING, ...WRITING] : READING);
    throw new IsthmusError('NOT_FOUND', { detail: `there is nothing at ${path}` });
  });
  // Never reached: the hook above answers first. It takes a handler of its own for Fastify to route to this scope.
  scope.setNotFoundHandler(() => {
    throw new IsthmusError('NOT_FOUND');
  });
}
