/** `GET …/watch`: a region, or one row of it, as server-sent events. */
import type { ServerResponse } from 'node:http';
import { IsthmusError } from '@isthmus/schema';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { atTime } from '../auth/expiry.ts';
import { expired, viewerOf } from '../auth/viewer.ts';
import type { RegionHub, WatchConnection } from '../regions/hub.ts';
import type { RowVersion } from '../regions/row-version.ts';
import type { ServedRegion } from '../regions/served-region.ts';
import type { Receiver, Subscription } from '../regions/subscription.ts';
import { versionOfTag } from '../regions/tag.ts';
import { refuseDisconnected } from './disconnect.ts';
import { EVENTS_TYPE } from './media-type.ts';
import { type Problem, problemOf } from './problem.ts';
import { queryOf } from './query.ts';
import { targetOf } from './region-target.ts';
import { logRequest } from './request-log.ts';

/** Events a second where the watcher does not say. */
export const DEFAULT_MAX_RATE = 10;
export const LEAST_RATE = 0.001;
export const MOST_RATE = 1000;

/** How long a browser waits before it connects again, in ms. */
const RECONNECT_MS = 1000;

/** A watcher that takes nothing for so many heartbeats is cut off. */
const PATIENCE_BEATS = 4;

export function watchRegion(
  hub: RegionHub,
  served: ServedRegion,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply | undefined {
  // Its end would not be heard of any more.
  refuseDisconnected(reply);
  const query = queryOf(request, ['key', 'max-rate']);
  const { key } = targetOf(served, request, query.key);
  const maxRate = rateOf(query['max-rate']);
  reply.header('content-type', `${EVENTS_TYPE}; charset=utf-8`).header('cache-control', 'no-store');
  // For nginx, which else keeps events back to send several at once.
  reply.header('x-accel-buffering', 'no');
  if (request.method === 'HEAD') return reply.send();
  const stream = new EventStream(reply.raw, hub);
  // Of a table the last event tells the version of one row only.
  const last = served.rows === undefined || key !== undefined ? request.headers['last-event-id'] : undefined;
  const known = typeof last === 'string' ? versionOfTag(last) : undefined;
  stream.begin(
    () => hub.watch(served, key, stream, { maxRate, known }),
    () => {
      reply.hijack();
      const headers = Object.entries(reply.getHeaders()).filter(([, value]) => value !== undefined);
      reply.raw.writeHead(200, Object.fromEntries(headers));
    },
  );
  const callOff = atTime(viewerOf(request.isthmusIdentity).expiresMs, () => stream.fail(expired()));
  reply.raw.once('close', callOff);
  // A response that is cut short is no response for Fastify, which then tells nobody. Here that is the usual end.
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) logRequest(request, reply, 200);
  });
  return undefined;
}

/** @throws IsthmusError `INVALID_ARGUMENT`. */
function rateOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_MAX_RATE;
  const rate = /^\d{1,4}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  if (rate >= LEAST_RATE && rate <= MOST_RATE) return rate;
  const detail = `max-rate must be a number of events a second from ${LEAST_RATE} to ${MOST_RATE}`;
  throw new IsthmusError('INVALID_ARGUMENT', { detail });
}

class EventStream implements Receiver, WatchConnection {
  readonly #raw: ServerResponse;
  readonly #hub: RegionHub;
  #subscription: Subscription | undefined;
  #isOpen = true;
  #isBusy = false;
  #missedBeats = 0;

  constructor(raw: ServerResponse, hub: RegionHub) {
    this.#raw = raw;
    this.#hub = hub;
  }

  /** @throws IsthmusError `TOO_MANY_WATCHERS`, before anything is written. */
  begin(subscribe: () => Subscription, writeHead: () => void): void {
    this.#hub.enter(this);
    try {
      this.#subscription = subscribe();
    } catch (error) {
      this.#hub.leave(this);
      throw error;
    }
    writeHead();
    this.#raw.on('drain', () => {
      this.#isBusy = false;
      this.#subscription?.resume();
    });
    this.#raw.on('close', () => this.#close());
    // Writing to a connection that is gone; `close` follows.
    this.#raw.on('error', () => {});
    this.#write(`retry: ${RECONNECT_MS}\n\n`);
  }

  /** No more is kept for it than what its socket has not taken yet. */
  get isReady(): boolean {
    return this.#isOpen && !this.#isBusy;
  }

  value(version: RowVersion): void {
    this.#write(version.event);
  }

  live(isLive: boolean): void {
    this.#write(isLive ? liveEvent : goneEvent);
  }

  problem(problem: Problem, isLast: boolean): void {
    this.#write(`event: problem\ndata: ${JSON.stringify(problem)}\n\n`);
    if (isLast) this.#finish();
  }

  heartbeat(): void {
    if (this.isReady) {
      this.#missedBeats = 0;
      this.#write(':\n\n');
    } else if (++this.#missedBeats >= PATIENCE_BEATS) {
      this.#raw.destroy();
    }
  }

  end(): void {
    this.fail(new IsthmusError('SHUTTING_DOWN'));
  }

  /** Ends it with a last word. */
  fail(error: IsthmusError): void {
    if (this.#isOpen) this.problem(problemOf(error, false), true);
  }

  #write(data: string | Buffer): void {
    if (!this.#raw.write(data)) this.#isBusy = true;
  }

  #finish(): void {
    this.#close();
    this.#raw.end();
  }

  #close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#subscription?.stop();
    this.#hub.leave(this);
  }
}

const liveEvent = 'event: live\ndata: {"live":true}\n\n';
const goneEvent = 'event: live\ndata: {"live":false}\n\n';
