/**
 * Leads WebSockets to the gateway and everything else past it.
 *
 * Node hands every request that asks for an upgrade to whoever listens for one, as a bare socket whose body nobody reads: a
 * client that offers HTTP/2 along with its first request, as Java's does, would wait for ever. So one listener for each server
 * looks at what is asked for, and gives back to Node what is not a WebSocket of a gateway, without the offer.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';

/** By server, and by path: what takes the upgrades there, as it would from the server itself. */
const switches = new WeakMap<object, Switch>();

/** The upgrades of one path. */
export interface Upgrades {
  /** Emits `upgrade`, and nothing else: it never listens. */
  readonly server: Server;
  /** Ends it: requests for the path are like any others from then on. */
  close(): void;
}

/** @param path Without the query. */
export function upgradesOf(server: Server, path: string): Upgrades {
  const found = switches.get(server) ?? new Switch(server);
  switches.set(server, found);
  return { server: found.open(path), close: () => found.close(path) };
}

class Switch {
  readonly #server: Server;
  readonly #servers = new Map<string, Server>();

  constructor(server: Server) {
    this.#server = server;
  }

  open(path: string): Server {
    const server = createServer();
    if (this.#servers.size === 0) this.#server.on('upgrade', this.#onUpgrade);
    this.#servers.set(path, server);
    return server;
  }

  close(path: string): void {
    this.#servers.delete(path);
    if (this.#servers.size === 0) this.#server.off('upgrade', this.#onUpgrade);
  }

  readonly #onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const path = request.url?.split('?', 1)[0] ?? '';
    const isWebSocket = request.headers.upgrade?.toLowerCase() === 'websocket';
    const server = isWebSocket ? this.#servers.get(path) : undefined;
    if (server !== undefined) server.emit('upgrade', request, socket, head);
    // Somebody else in the same app who listens for upgrades will know what to do.
    else if (this.#server.listenerCount('upgrade') === 1) giveBack(this.#server, request, socket, head);
  };
}

/** Serves the request as if it had not asked for an upgrade, which RFC 9110 allows (7.8). */
function giveBack(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  // Node keeps there the response that the connection still owes. It would never send the one behind it, whose place would stay taken.
  if (Reflect.get(socket, '_httpMessage')) {
    socket.destroy();
    return;
  }
  const lines = [`${request.method} ${request.url} HTTP/${request.httpVersion}`];
  for (let index = 0; index + 1 < request.rawHeaders.length; index += 2) {
    const [name = '', value = ''] = request.rawHeaders.slice(index, index + 2);
    if (!/^(connection|upgrade|http2-settings)$/i.test(name)) lines.push(`${name}: ${value}`);
  }
  if (/\bclose\b/i.test(request.headers.connection ?? '')) lines.push('connection: close');
  const again = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  socket.unshift(Buffer.concat([again, head]));
  // As if it had just been accepted: Node says that a connection may be given to a server so.
  server.emit(socket instanceof TLSSocket ? 'secureConnection' : 'connection', socket);
}
