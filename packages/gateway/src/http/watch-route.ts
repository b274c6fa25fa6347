/** `GET /v1/watch`: the WebSocket's route, and its server where the app has none of its own. */
import websocket from '@fastify/websocket';
import { IsthmusError } from '@isthmus/schema';
import type { FastifyInstance } from 'fastify';
import { WATCH_PROTOCOL } from '../auth/credentials.ts';
import { callerName } from '../auth/identity.ts';
import { viewerOf } from '../auth/viewer.ts';
import type { RegionHub } from '../regions/hub.ts';
import type { ServedRegion } from '../regions/served-region.ts';
import { refuseForeignOrigin } from './origin.ts';
import { refuseOtherMethods } from './other-methods.ts';
import { upgradesOf } from './upgrades.ts';
import { MAX_MESSAGE_BYTES, serveSocket } from './watch-socket.ts';

export interface WatchRouteOptions {
  readonly regions: readonly ServedRegion[];
  readonly hub: RegionHub;
  /** Origins whose pages may connect, beside the gateway's own. */
  readonly origins: readonly string[];
}

export const WATCH_PATH = '/v1/watch';

/** To be called in a scope of its own, below the gateway's. */
export async function addWatchSocket(scope: FastifyInstance, options: WatchRouteOptions): Promise<void> {
  const { regions, hub, origins } = options;
  const byName = new Map(regions.map((served) => [served.name, served]));
  // An app that has registered the plugin around us handles upgrades to our path too.
  if (!scope.hasDecorator('websocketServer')) {
    const upgrades = upgradesOf(scope.server, `${scope.prefix}${WATCH_PATH}`);
    scope.addHook('preClose', async () => upgrades.close());
    await scope.register(websocket, {
      options: {
        server: upgrades.server,
        maxPayload: MAX_MESSAGE_BYTES,
        // Never what else is offered: the credentials may be there, and the answer is no place for them.
        handleProtocols: (protocols: ReadonlySet<string>) => (protocols.has(WATCH_PROTOCOL) ? WATCH_PROTOCOL : false),
      },
      // What clients do wrong, such as a message that is too large: they are told by the close code.
      errorHandler: (error, socket, request) => {
        request.log.debug({ err: error }, 'a WebSocket failed');
        socket.terminate();
      },
    });
  }
  scope.addHook('onResponse', (request, _reply, done) => {
    // Refused by a hook of the app, ahead of the plugin, which else does this: nobody reads from that socket any more.
    if (request.headers.upgrade !== undefined) request.raw.socket.destroySoon();
    done();
  });
  scope.route({
    method: 'GET',
    url: WATCH_PATH,
    exposeHeadRoute: false,
    schema: { hide: true },
    async onRequest({ headers }) {
      refuseForeignOrigin(headers, origins);
      hub.requireRoom();
    },
    handler() {
      throw new IsthmusError('INVALID_ARGUMENT', { detail: 'this is a WebSocket: connect to it with ws:// or wss://' });
    },
    wsHandler(socket, { url, log, isthmusIdentity }) {
      const begunMs = performance.now();
      serveSocket(socket, byName, hub, viewerOf(isthmusIdentity));
      const caller = isthmusIdentity?.caller;
      // As of any other request, when it is over.
      socket.on('close', () => {
        const durationMs = Math.round((performance.now() - begunMs) * 1000) / 1000;
        const line = { http: `GET ${url.split('?', 1)[0]}`, status: 101, durationMs };
        log.info({ ...line, ...(caller !== undefined && { caller: callerName(caller) }) }, 'request');
      });
    },
  });
  refuseOtherMethods(scope, WATCH_PATH, ['GET']);
}
