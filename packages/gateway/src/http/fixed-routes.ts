/** The routes that do not depend on a method: the index, the probes, the OpenAPI document, and services' messages for protobuf. */
import { protoOf } from '@isthmus/codecs';
import type { Service } from '@isthmus/schema';
import type { FastifyInstance } from 'fastify';
import type { GatewayServices } from '../bridge-client.ts';
import type { ServedRegion } from '../regions/served-region.ts';
import { CALL_PREFIX } from './call-routes.ts';
import { refuseOtherMethods } from './other-methods.ts';
import { REGION_PREFIX } from './region-routes.ts';
import { WATCH_PATH } from './watch-route.ts';

/** The answer of `GET /readyz`. */
export interface Readiness {
  /** Whether every service has a live instance. */
  readonly ready: boolean;
  readonly services: readonly { readonly name: string; readonly instances: number; readonly inFlight: number }[];
  /**
   * Whether each region's owner is there. The gateway is ready without: the last value can be read, and a program that makes a
   * segment may well start after it.
   */
  readonly regions: readonly { readonly name: string; readonly live: boolean }[];
}

export function readinessOf(services: GatewayServices, regions: readonly ServedRegion[]): Readiness {
  const states = Object.values(services).map(({ schema, client }) => ({
    name: schema.name,
    instances: client.$instances.filter(({ draining }) => draining !== true).length,
    inFlight: client.$instances.reduce((sum, instance) => sum + instance.inFlight, 0),
  }));
  return {
    ready: states.every((state) => state.instances > 0),
    services: states,
    regions: regions.map(({ name, region }) => ({ name, live: region.isLive })),
  };
}

export interface FixedRouteOptions {
  readonly services: GatewayServices;
  readonly regions: readonly ServedRegion[];
  /** The OpenAPI document. */
  readonly document: object;
  /** Whether `/docs` is served, so that the index names it. */
  readonly docs: boolean;
  /** Whether callers need credentials: the probes, which do not, then say no more than they have to. */
  readonly isGuarded: boolean;
}

export function addFixedRoutes(scope: FastifyInstance, options: FixedRouteOptions): void {
  const { services, regions, document, docs, isGuarded } = options;
  const index = JSON.stringify({
    name: 'Isthmus gateway',
    calls: Object.values(services).flatMap(({ schema }) =>
      schema.methods.map((method) => `POST ${scope.prefix}${CALL_PREFIX}/${schema.name}/${method.name}`),
    ),
    regions: regions.map(({ name }) => `${scope.prefix}${REGION_PREFIX}/${name}`),
    watch: `${scope.prefix}${WATCH_PATH}`,
    proto: Object.values(services).map(({ schema }) => `${scope.prefix}${protoPathOf(schema)}`),
    openapi: `${scope.prefix}/openapi.json`,
    ...(docs && { docs: `${scope.prefix}/docs` }),
    health: `${scope.prefix}/healthz`,
    readiness: `${scope.prefix}/readyz`,
  });
  const openapi = JSON.stringify(document);
  for (const { schema } of Object.values(services)) {
    const body = protoOf(schema);
    addRoute(scope, protoPathOf(schema), () => ({ status: 200, body, type: 'text/plain; charset=utf-8' }));
  }
  addRoute(scope, '/', () => ({ status: 200, body: index }));
  addRoute(scope, '/openapi.json', () => ({ status: 200, body: openapi }));
  addRoute(scope, '/healthz', () => ({ status: 200, body: '{"status":"ok"}' }));
  addRoute(scope, '/readyz', () => {
    const readiness = readinessOf(services, regions);
    return {
      status: readiness.ready ? 200 : 503,
      body: JSON.stringify(isGuarded ? { ready: readiness.ready } : readiness),
    };
  });
}

/** Where a service's messages for protobuf are. */
export function protoPathOf({ name }: Service): string {
  return `/v1/proto/${name}.proto`;
}

interface Answer {
  readonly status: number;
  readonly body: string;
  /** Default: JSON. */
  readonly type?: string;
}

function addRoute(scope: FastifyInstance, url: string, answer: () => Answer): void {
  scope.route({
    method: 'GET',
    url,
    exposeHeadRoute: true,
    schema: { hide: true },
    handler(_request, reply) {
      const { status, body, type = 'application/json; charset=utf-8' } = answer();
      reply.code(status).header('content-type', type).header('cache-control', 'no-store').send(body);
    },
  });
  refuseOtherMethods(scope, url, ['GET', 'HEAD']);
}
