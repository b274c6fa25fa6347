/** `GET /v1/watch`: many regions over one WebSocket. */
import type { WebSocket } from '@fastify/websocket';
import { IsthmusError } from '@isthmus/schema';
import { atTime } from '../auth/expiry.ts';
import { expired, type Viewer, viewerOf } from '../auth/viewer.ts';
import type { RegionHub, WatchConnection } from '../regions/hub.ts';
import { keyMember, type RowVersion } from '../regions/row-version.ts';
import type { ServedRegion } from '../regions/served-region.ts';
import type { Receiver, Subscription } from '../regions/subscription.ts';
import { toIsthmusError } from './framework-errors.ts';
import { type Problem, problemOf } from './problem.ts';
import { parseWatchRequest, type WatchRequest } from './watch-request.ts';

/** The largest message that a client may send, in bytes. */
export const MAX_MESSAGE_BYTES = 16 * 1024;

/** The most watches of one connection. */
const MAX_WATCHES = 1000;

/** The most messages that it may send in a window of that many ms: each has the others' event loop for a moment. */
const MAX_MESSAGES = 5 * MAX_WATCHES;
const MESSAGE_WINDOW_MS = 1000;

/** What may wait in the server for a client that does not take it: values up to the first, answers up to the second. In bytes. */
const BUSY_BYTES = 64 * 1024;
const FULL_BYTES = 1024 * 1024;

/** How long a client may take to close after it was asked to, in ms. */
const CLOSE_MS = 500;

/** Codes of RFC 6455, 7.4.1. */
const GOING_AWAY = 1001;
const UNSUPPORTED_DATA = 1003;
const POLICY_VIOLATION = 1008;
const MESSAGE_TOO_BIG = 1009;
const TRY_AGAIN_LATER = 1013;

/** Lets a client watch those of these regions that it may see, until it leaves, or may not any more. */
export function serveSocket(
  socket: WebSocket,
  regions: ReadonlyMap<string, ServedRegion>,
  hub: RegionHub,
  viewer: Viewer = viewerOf(null),
): void {
  const client = new WatchSocket(socket, regions, hub, viewer);
  try {
    hub.enter(client);
  } catch (error) {
    // There was still room when the handshake began.
    socket.send(problemMessage('', problemOf(toIsthmusError(error), false)));
    endSocket(socket, TRY_AGAIN_LATER);
    return;
  }
  client.listen();
}

/** One client. What it is told is either a version, whether an owner is there, or a problem. */
class WatchSocket implements WatchConnection {
  readonly #socket: WebSocket;
  readonly #regions: ReadonlyMap<string, ServedRegion>;
  readonly #hub: RegionHub;
  readonly #viewer: Viewer;
  readonly #watches = new Map<string, Watch>();
  #windowBegunMs = 0;
  #messages = 0;
  #isAlive = true;
  #isBusy = false;

  constructor(socket: WebSocket, regions: ReadonlyMap<string, ServedRegion>, hub: RegionHub, viewer: Viewer) {
    this.#socket = socket;
    this.#regions = regions;
    this.#hub = hub;
    this.#viewer = viewer;
  }

  listen(): void {
    this.#socket.on('message', (data, isBinary) => this.#take(data, isBinary));
    this.#socket.on('pong', () => {
      this.#isAlive = true;
    });
    const callOff = atTime(this.#viewer.expiresMs, () => this.#expire());
    this.#socket.on('close', () => {
      callOff();
      this.#close();
    });
  }

  heartbeat(): void {
    // Neither an answer to the last ping nor anything else since then.
    if (!this.#isAlive) this.#socket.terminate();
    this.#isAlive = false;
    if (this.isOpen) this.#socket.ping();
  }

  end(): void {
    this.#close();
    endSocket(this.#socket, GOING_AWAY, 'the gateway shuts down');
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  /** Whether values can go to the client now. */
  get isReady(): boolean {
    return this.isOpen && !this.#isBusy;
  }

  send(data: string | Buffer): void {
    if (!this.isOpen) return;
    this.#socket.send(data, { binary: false }, this.#onSent);
    const waiting = this.#socket.bufferedAmount;
    if (waiting > BUSY_BYTES) this.#isBusy = true;
    // Values stop long before that: it sends requests and does not read what they are answered.
    if (waiting > FULL_BYTES) this.#socket.terminate();
  }

  /** A watch has ended by itself. */
  forget(id: string): void {
    this.#watches.delete(id);
  }

  readonly #onSent = (): void => {
    if (!this.#isBusy || this.#socket.bufferedAmount > 0) return;
    this.#isBusy = false;
    for (const watch of this.#watches.values()) watch.resume();
  };

  #take(data: Buffer | ArrayBuffer | Buffer[], isBinary: boolean): void {
    // It is being closed: what comes now was sent before the client knew.
    if (!this.isOpen) return;
    this.#isAlive = true;
    if (isBinary || !Buffer.isBuffer(data)) {
      endSocket(this.#socket, UNSUPPORTED_DATA, 'messages are JSON text');
      return;
    }
    // Where the server is the app's own, its bound may be another one.
    if (data.length > MAX_MESSAGE_BYTES) {
      endSocket(this.#socket, MESSAGE_TOO_BIG);
      return;
    }
    if (!this.#mayTalk()) {
      endSocket(this.#socket, POLICY_VIOLATION, `more than ${MAX_MESSAGES} messages in ${MESSAGE_WINDOW_MS} ms`);
      return;
    }
    let request: WatchRequest | undefined;
    try {
      request = parseWatchRequest(data);
      this.#follow(request);
    } catch (error) {
      this.#problem(toIsthmusError(error), request === undefined ? '' : placeOf(request.region, request.key));
    }
  }

  #mayTalk(): boolean {
    const nowMs = performance.now();
    if (nowMs - this.#windowBegunMs >= MESSAGE_WINDOW_MS) {
      this.#windowBegunMs = nowMs;
      this.#messages = 0;
    }
    return ++this.#messages <= MAX_MESSAGES;
  }

  #expire(): void {
    this.#problem(expired(), '');
    this.#close();
    endSocket(this.#socket, POLICY_VIOLATION, 'the credentials have expired');
  }

  #follow(request: WatchRequest): void {
    // First, so that nobody learns which regions there are by what he is refused with.
    this.#viewer.requireRead(request.region);
    const served = this.#regions.get(request.region);
    if (served === undefined) {
      throw new IsthmusError('UNKNOWN_REGION', { detail: `there is no region ${request.region.slice(0, 200)}` });
    }
    const key = request.key === undefined ? undefined : served.forms.keyFromJson(request.key);
    const id = placeOf(served.name, key);
    // Of a table a tag tells the version of one row only.
    if (request.kind === 'watch' && request.known !== undefined && served.rows !== undefined && key === undefined) {
      const field = { pointer: '/after', message: 'needs a key: each row has versions of its own' };
      throw new IsthmusError('INVALID_INPUT', { detail: `${field.pointer} ${field.message}`, fields: [field] });
    }
    // A second watch of the same takes the place of the first.
    this.#watches.get(id)?.stop();
    this.#watches.delete(id);
    if (request.kind === 'unwatch') return;
    if (this.#watches.size >= MAX_WATCHES) {
      throw new IsthmusError('TOO_MANY_WATCHERS', { detail: `a connection has at most ${MAX_WATCHES} watches` });
    }
    const { maxRate, known } = request;
    const watch = new Watch(this, id);
    watch.begin((receiver) => this.#hub.watch(served, key, receiver, { maxRate, known }));
    this.#watches.set(id, watch);
  }

  /** @param place The members that say what it is about; empty: the message could not be read. */
  #problem(error: IsthmusError, place: string): void {
    this.send(problemMessage(place, problemOf(error, false)));
  }

  #close(): void {
    for (const watch of this.#watches.values()) watch.stop();
    this.#watches.clear();
    this.#hub.leave(this);
  }
}

/** One of the regions, or rows, that a client watches. */
class Watch implements Receiver {
  readonly #socket: WatchSocket;
  readonly #place: string;
  #subscription: Subscription | undefined;

  constructor(socket: WatchSocket, place: string) {
    this.#socket = socket;
    this.#place = place;
  }

  begin(subscribe: (receiver: Receiver) => Subscription): void {
    this.#subscription = subscribe(this);
  }

  get isReady(): boolean {
    return this.#subscription !== undefined && this.#socket.isReady;
  }

  value(version: RowVersion, skipped: number, isLive: boolean): void {
    this.#socket.send(version.message(skipped, isLive));
  }

  live(isLive: boolean): void {
    this.#socket.send(`{${this.#place},"live":${isLive}}`);
  }

  problem(problem: Problem, isLast: boolean): void {
    this.#socket.send(problemMessage(this.#place, problem));
    if (isLast) this.#socket.forget(this.#place);
  }

  resume(): void {
    this.#subscription?.resume();
  }

  stop(): void {
    this.#subscription?.stop();
    this.#subscription = undefined;
  }
}

/** Asks the client to close, and does not wait long for it. */
function endSocket(socket: WebSocket, code: number, reason?: string): void {
  socket.close(code, reason);
  setTimeout(() => socket.terminate(), CLOSE_MS).unref();
}

/** The members that say what a message is about. */
function placeOf(region: string, key: unknown): string {
  return `"region":${JSON.stringify(region)}${keyMember(key)}`;
}

function problemMessage(place: string, problem: Problem): string {
  return `{${place}${place === '' ? '' : ','}"problem":${JSON.stringify(problem)}}`;
}
