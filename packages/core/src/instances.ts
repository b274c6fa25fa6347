import { IsthmusError, type Service } from '@isthmus/schema';
import type { Channel, ChannelOwner } from './channel.ts';
import { Discovery, type FoundSocket } from './discovery.ts';
import { errorOf } from './errors.ts';
import type { Form } from './form.ts';
import type { InstanceEvent, Settings } from './options.ts';
import { openChannel } from './peer.ts';
import type { LanePing } from './pings.ts';
import type { AttemptPlan } from './policies/plan.ts';

/** Waits between attempts to reach a socket that is there but does not answer, in ms. */
const firstRetryMs = 10;
const maxRetryMs = 1000;
/** How many attempts at a socket that was just found calls wait for: one in whose place nobody listens holds up none for long. */
const hopefulAttempts = 4;
/** How long closing waits for connections that are being made, in ms: a peer that is silent must not hold it up. */
const closeWaitMs = 100;

/** Errors that another attempt at the same socket file would only repeat. */
const lasting: ReadonlySet<string> = new Set([
  'SCHEMA_MISMATCH',
  'PROTOCOL_MISMATCH',
  'NOT_ISTHMUS',
  'SEGMENT_REFUSED',
  'PERMISSION_DENIED',
  'INVALID_ARGUMENT',
]);

/** The signs of life of one instance. */
export interface InstancePing {
  /** Its socket. */
  readonly path: string;
  /** Its process id as this PID namespace sees it; 0 where it does not. */
  readonly pid: number;
  /** One for each of its serving threads. */
  readonly lanes: readonly LanePing[];
}

interface Candidate {
  readonly path: string;
  identity: string;
  state: 'connecting' | 'up' | 'waiting' | 'refused';
  channel: Channel | undefined;
  /** How many more attempts at it calls wait for. */
  hope: number;
  retryMs: number;
  timer: NodeJS.Timeout | undefined;
}

/**
 * The instances of a service behind one path: opens a channel to each that appears, again when it comes back, and never to
 * one that was refused, until its socket is a new one.
 */
export class Instances {
  readonly channels: Channel[] = [];
  /** Those whose instance ends: they get no calls, and close once they have none left. */
  readonly draining = new Set<Channel>();
  /** Why the last instance could not be reached; for the detail of NO_INSTANCE. */
  lastError: IsthmusError | undefined;
  readonly #schema: Service;
  readonly #settings: Settings;
  readonly #owner: ChannelOwner;
  readonly #candidates = new Map<string, Candidate>();
  readonly #discovery: Discovery;
  readonly #opening = new Set<Promise<void>>();
  readonly #watchers = new Set<() => void>();
  /** How many of the channels are to another version of the schema. */
  #peers = 0;
  /** How many scans for those that replace one that drains are under way. */
  #looking = 0;
  #parked = false;
  #closed = false;

  constructor(schema: Service, settings: Settings, owner: Pick<ChannelOwner, 'failed'>) {
    this.#schema = schema;
    this.#settings = settings;
    this.#owner = {
      failed: owner.failed,
      unusable: (channel) => this.#withdraw(channel),
      draining: (channel) => this.#startDraining(channel),
      drained: (channel) => this.#drained(channel),
      lost: (channel, error) => this.#lost(channel, error),
    };
    this.#discovery = new Discovery(settings.path, (sockets) => this.#found(sockets));
  }

  start(): Promise<void> {
    return this.#discovery.scan();
  }

  /**
   * The channel with the fewest calls in flight, other than `except` if there is another. Of those whose version of the schema
   * has this form of call, if there are any; and of those that the plan likes, likewise.
   */
  pick(except: Channel | undefined, form: Form, plan?: AttemptPlan): Channel | undefined {
    const { channels } = this;
    let best = channels[0];
    if (channels.length < 2) return best;
    const pinned = plan?.pinned;
    if (pinned !== undefined && pinned !== except && channels.includes(pinned)) return pinned;
    let able = this.#peers === 0 ? channels : ableOf(channels, form);
    if (plan !== undefined) able = likedOf(able, plan);
    best = able[0];
    for (const channel of able) {
      if (best === undefined || best === except || (channel !== except && channel.inFlight < best.inFlight))
        best = channel;
    }
    // Ties go to whoever comes first, so the order has to change.
    const moved = channels.shift();
    if (moved !== undefined) channels.push(moved);
    return best;
  }

  /** The same of those whose schema is exactly ours. */
  pickExact(): Channel | undefined {
    let best: Channel | undefined;
    for (const channel of this.channels) {
      if (channel.peer === undefined && (best === undefined || channel.inFlight < best.inFlight)) best = channel;
    }
    return best;
  }

  /**
   * Whether one may be there soon: a socket that is new is being connected to, or looked for since an instance drains. One that is
   * lost, and nothing more, gives no such hope.
   */
  get areComing(): boolean {
    if (this.#closed || this.#parked) return false;
    if (this.#looking > 0) return true;
    for (const { state, hope } of this.#candidates.values()) {
      if (hope > 0 && (state === 'connecting' || state === 'waiting')) return true;
    }
    return false;
  }

  /** Resolves once a channel is open; rejects when the time is over, or once every instance there is was refused. */
  async waitForFirst(timeoutMs: number): Promise<void> {
    const deadline = Promise.withResolvers<'late'>();
    // Not unref'd: whoever awaits this wants the process to wait.
    const timer = setTimeout(() => deadline.resolve('late'), timeoutMs);
    try {
      for (;;) {
        if (this.channels.length > 0) return;
        if (this.#closed) throw new IsthmusError('CLOSED');
        const states = [...this.#candidates.values()].map((candidate) => candidate.state);
        if (states.length > 0 && states.every((state) => state === 'refused')) throw this.noInstance(true);
        const changed = Promise.withResolvers<'changed'>();
        const notify = (): void => changed.resolve('changed');
        this.#watchers.add(notify);
        const what = await Promise.race([changed.promise, deadline.promise]);
        this.#watchers.delete(notify);
        if (what === 'late') throw this.noInstance(false);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Asks each serving thread for a sign of life; of the instance at `path` alone, where that is given. Instances that go meanwhile,
   * or that drain, are left out.
   *
   * @throws IsthmusError `CLOSED`.
   */
  async ping(timeoutMs: number, path: string | undefined): Promise<readonly InstancePing[]> {
    if (this.#closed) throw new IsthmusError('CLOSED');
    const asked = this.channels.filter((channel) => path === undefined || channel.path === path);
    const pings = await Promise.all(asked.map(async (channel) => ({ channel, lanes: await channel.ping(timeoutMs) })));
    return pings.flatMap(({ channel: { path, pid }, lanes }) => (lanes === undefined ? [] : [{ path, pid, lanes }]));
  }

  /** All channels were closed for want of calls. */
  get isParked(): boolean {
    return this.#parked;
  }

  /** Closes all channels, and opens none, until `wake`. */
  park(): void {
    this.#parked = true;
    this.#peers = 0;
    for (const channel of this.channels.splice(0)) {
      channel.close();
      this.#tell({ type: 'down', path: channel.path });
    }
    for (const candidate of this.#candidates.values()) {
      clearTimeout(candidate.timer);
      candidate.channel = undefined;
      if (candidate.state === 'up') candidate.state = 'waiting';
    }
    this.#changed();
  }

  /** Opens them again. */
  wake(): void {
    if (!this.#parked || this.#closed) return;
    this.#parked = false;
    for (const candidate of this.#candidates.values()) {
      if (candidate.state === 'waiting') this.#connect(candidate);
    }
  }

  /** Has `listener` called when channels have come or gone, until the function that is returned is called. */
  onChange(listener: () => void): () => void {
    this.#watchers.add(listener);
    return () => this.#watchers.delete(listener);
  }

  /** The error for a call that finds no channel. `refused`: the refusal itself says more than NO_INSTANCE. */
  noInstance(refused: boolean): IsthmusError {
    const { lastError } = this;
    if (refused && lastError !== undefined) return lastError;
    const why = lastError?.message ?? this.#discovery.obstacle;
    const detail = why === undefined ? this.#settings.path : `${this.#settings.path}: ${why}`;
    return new IsthmusError('NO_INSTANCE', { detail, cause: lastError });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.channels.splice(0);
    this.#peers = 0;
    for (const candidate of this.#candidates.values()) {
      clearTimeout(candidate.timer);
      candidate.channel?.close();
    }
    for (const channel of this.draining) channel.close();
    this.draining.clear();
    this.#changed();
    await this.#discovery.close();
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(() => late.resolve(), closeWaitMs);
    await Promise.race([Promise.all(this.#opening), late.promise]);
    clearTimeout(timer);
  }

  #found(sockets: readonly FoundSocket[]): void {
    if (this.#closed) return;
    const paths = new Set(sockets.map((socket) => socket.path));
    for (const candidate of this.#candidates.values()) {
      // A channel outlives its socket file: an instance that shuts down removes it first.
      if (!paths.has(candidate.path) && candidate.state !== 'up' && candidate.state !== 'connecting')
        this.#forget(candidate);
    }
    for (const { path, identity } of sockets) {
      const known = this.#candidates.get(path);
      if (known === undefined) {
        const candidate: Candidate = {
          path,
          identity,
          state: 'waiting',
          channel: undefined,
          hope: hopefulAttempts,
          retryMs: firstRetryMs,
          timer: undefined,
        };
        this.#candidates.set(path, candidate);
        this.#connect(candidate);
      } else if (known.identity !== identity) {
        known.identity = identity;
        known.retryMs = firstRetryMs;
        if (known.state !== 'up') known.hope = hopefulAttempts;
        if (known.state === 'refused' || known.state === 'waiting') this.#connect(known);
      }
    }
    this.#changed();
  }

  #forget(candidate: Candidate): void {
    clearTimeout(candidate.timer);
    this.#candidates.delete(candidate.path);
  }

  #connect(candidate: Candidate): void {
    clearTimeout(candidate.timer);
    if (this.#parked) {
      candidate.state = 'waiting';
      return;
    }
    candidate.state = 'connecting';
    const opening = this.#open(candidate).finally(() => this.#opening.delete(opening));
    this.#opening.add(opening);
  }

  async #open(candidate: Candidate): Promise<void> {
    const { identity } = candidate;
    try {
      const channel = await openChannel(this.#schema, candidate.path, this.#settings, this.#owner);
      if (this.#closed || this.#parked) {
        channel.close();
        candidate.state = 'waiting';
        return;
      }
      if (channel.closed) {
        this.#retry(candidate);
        return;
      }
      candidate.state = 'up';
      candidate.channel = channel;
      candidate.hope = 0;
      candidate.retryMs = firstRetryMs;
      this.channels.push(channel);
      const { peer } = channel;
      if (peer !== undefined) this.#peers += 1;
      this.#tell({ type: 'up', path: candidate.path, ...(peer !== undefined && { adapted: peer.differences }) });
    } catch (cause) {
      if (this.#closed) return;
      const error = errorOf(cause);
      this.lastError = error;
      if (lasting.has(error.code) && candidate.identity === identity) {
        candidate.state = 'refused';
        this.#tell({ type: 'refused', path: candidate.path, error });
      } else {
        this.#retry(candidate);
      }
    }
    this.#changed();
  }

  #retry(candidate: Candidate): void {
    candidate.state = 'waiting';
    candidate.hope = Math.max(candidate.hope - 1, 0);
    candidate.timer = setTimeout(() => {
      // A socket file that is gone leaves the list with the next scan; until then trying does no harm.
      if (candidate.state === 'waiting' && !this.#closed) this.#connect(candidate);
    }, candidate.retryMs).unref();
    candidate.retryMs = Math.min(candidate.retryMs * 2, maxRetryMs);
  }

  #lost(channel: Channel, error: IsthmusError): void {
    this.#withdraw(channel);
    if (this.draining.delete(channel)) this.#changed();
    else if (this.#release(channel, error) === undefined) return;
    else void this.#discovery.scan();
    this.#tell({ type: 'down', path: channel.path, error });
  }

  #startDraining(channel: Channel): void {
    const candidate = this.#release(channel, new IsthmusError('INSTANCE_DRAINING', { detail: channel.path }));
    if (candidate === undefined) return;
    // Whoever replaces it may listen on the same path, while this one still answers; or on another, that was not looked at yet.
    candidate.hope = hopefulAttempts;
    this.#looking += 1;
    void this.#discovery.scan().finally(() => {
      this.#looking -= 1;
    });
    this.draining.add(channel);
    this.#withdraw(channel);
    this.#tell({ type: 'draining', path: channel.path });
  }

  #drained(channel: Channel): void {
    if (!this.draining.delete(channel)) return;
    this.#changed();
    this.#tell({ type: 'down', path: channel.path });
  }

  /** Has another channel opened to the same path. Undefined: nobody was told that this one is up, or cares any more. */
  #release(channel: Channel, error: IsthmusError): Candidate | undefined {
    const candidate = this.#candidates.get(channel.path);
    if (this.#closed || candidate?.channel !== channel) return undefined;
    candidate.channel = undefined;
    this.lastError = error;
    this.#retry(candidate);
    return candidate;
  }

  #withdraw(channel: Channel): void {
    const at = this.channels.indexOf(channel);
    if (at < 0) return;
    this.channels.splice(at, 1);
    if (channel.peer !== undefined) this.#peers -= 1;
    this.#changed();
  }

  /** Whatever the listener does, instances go on being looked after. */
  #tell(event: InstanceEvent): void {
    try {
      this.#settings.onEvent(event);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  #changed(): void {
    for (const notify of this.#watchers) notify();
  }
}

function ableOf(channels: readonly Channel[], form: Form): readonly Channel[] {
  const able = channels.filter(({ peer }) => peer === undefined || peer.has(form));
  // None: then any of them says what it lacks.
  return able.length === 0 ? channels : able;
}

function likedOf(channels: readonly Channel[], plan: AttemptPlan): readonly Channel[] {
  const { avoided } = plan;
  const liked = channels.filter((channel) => channel !== avoided && !plan.isPassedOver(channel));
  if (liked.length > 0) return liked;
  const others = channels.filter((channel) => channel !== avoided);
  return others.length > 0 ? others : channels;
}
