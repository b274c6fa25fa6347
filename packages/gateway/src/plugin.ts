/** The gateway as a Fastify plugin, for an app of the user's own. */
import fastifyPlugin from 'fastify-plugin';
import type { ServeOptions } from './serve.ts';

export type GatewayPluginOptions = ServeOptions;

/**
 * Serves connected clients over HTTP inside any Fastify 5 app. Its hooks, parsers and error handler stay its own: the
 * rest of the app does not change. It logs one line a request, so an app that uses it may want
 * `logController: new LogController({ disableRequestLogging: true })`. When the app closes, in-flight calls are finished as Fastify does it.
 *
 * @example
 * await using client = await connect(pricing, { path: '/run/pricing' });
 * await app.register(isthmusGateway, { prefix: '/bridge', services: { pricing: { schema: pricing, client } } });
 */
export const isthmusGateway = fastifyPlugin<GatewayPluginOptions>(
  async (scope, options) => {
    const { serveBridge } = await import('./serve.ts');
    await serveBridge(scope, options);
  },
  { name: '@isthmus/gateway', fastify: '5.x', encapsulate: true },
);
