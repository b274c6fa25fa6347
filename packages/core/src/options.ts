import { type NativeOptions, waitModes } from '@isthmus/native';
import { IsthmusError } from '@isthmus/schema';
import type { Policies, PoolOptions } from './policies/types.ts';

/** How a client waits for replies: what is gained in latency is paid for in CPU time. See {@link ConnectOptions.wait}. */
export type WaitMode = 'adaptive' | 'block' | 'spin';

/** What happened to one instance of the service. */
export interface InstanceEvent {
  /** `draining`: it ends, gets no new calls, and answers those that it has; `down` follows once it has. */
  readonly type: 'up' | 'draining' | 'down' | 'refused';
  /** The instance's socket. */
  readonly path: string;
  /** Why it went down or was refused. None where it had drained. */
  readonly error?: IsthmusError;
  /** Of one that is up with another version of the schema, to which calls are adapted: what is otherwise there, in words. */
  readonly adapted?: readonly string[];
}

export interface ConnectOptions {
  /** A Unix socket, or a folder of them (`*.sock`), whose instances may come and go. */
  readonly path: string;
  /**
   * `block` sleeps in the kernel, `spin` polls as long as calls are in flight, `adaptive` polls for `spinMicroseconds` after
   * the last reply and then sleeps; after 32 times in vain it polls for a 32nd of the time, until that finds something.
   * Default: `adaptive`.
   */
  readonly wait?: WaitMode | undefined;
  /** How long `adaptive` polls before it sleeps, in microseconds. Default: 50. */
  readonly spinMicroseconds?: number | undefined;
  /** Deadline of a call that names none, in ms, up to 2^31 - 1. Default: 5000. */
  readonly timeoutMs?: number | undefined;
  /** How long a call waits for room when the ring is full or too many calls are in flight, in ms. Default: 0, not at all. */
  readonly patienceMs?: number | undefined;
  /** Calls in flight at once to each instance, 1 to 65536. Default: 4096. */
  readonly maxInFlight?: number | undefined;
  /** Bytes of each request ring, a power of two from 4096 to 2^30. A record takes at most half of it. Default: 2^20. */
  readonly requestRingBytes?: number | undefined;
  /** Bytes of each reply ring, likewise. */
  readonly replyRingBytes?: number | undefined;
  /**
   * Of each call with many replies: how many bytes of them may be on their way here, or here and not taken yet, from 1024 to
   * 2^22. The instance waits with more until some are taken. Default: 2^18.
   */
  readonly streamWindowBytes?: number | undefined;
  /**
   * How long connecting to one instance, and waiting for the first, may take, in ms. Also how long a call that was not sent waits
   * while no instance is left, but a new one is being connected to. Default: 2000.
   */
  readonly connectTimeoutMs?: number | undefined;
  /** False: `connect` resolves at once, and calls fail with NO_INSTANCE until one is found. Default: true. */
  readonly waitForInstance?: boolean | undefined;
  /** True: replies are copied out of shared memory, as on runtimes that refuse external memory. Default: false. */
  readonly copyReplies?: boolean | undefined;
  /** How methods are called: `'*'` all, or each by its name. See docs/policies.md. Default: none. */
  readonly policies?: Policies | undefined;
  /** How calls borrow connections. See docs/policies.md. Default: without bounds or tests. */
  readonly pool?: PoolOptions | undefined;
  /** Called when an instance comes, drains, goes, or is refused. What it throws becomes an uncaught exception. */
  readonly onEvent?: ((event: InstanceEvent) => void) | undefined;
}

/** The options with their defaults. */
export interface Settings {
  readonly path: string;
  readonly wait: WaitMode;
  readonly spinMicroseconds: number;
  readonly timeoutMs: number;
  readonly patienceMs: number;
  readonly maxInFlight: number;
  readonly requestRingBytes: number;
  readonly replyRingBytes: number;
  readonly streamWindowBytes: number;
  readonly connectTimeoutMs: number;
  readonly waitForInstance: boolean;
  readonly copyReplies: boolean;
  readonly onEvent: (event: InstanceEvent) => void;
}

const maxTimeoutMs = 2 ** 31 - 1;
const waits: readonly unknown[] = ['adaptive', 'block', 'spin'];
const ring = { low: 4096, high: 2 ** 30, powerOfTwo: true };
/** Services use no more of it. */
const streamWindow = { low: 1024, high: 2 ** 22, whole: true };

function invalid(detail: string): IsthmusError {
  return new IsthmusError('INVALID_ARGUMENT', { detail });
}

function number(
  name: string,
  value: number | undefined,
  fallback: number,
  bounds: { readonly low: number; readonly high: number; readonly whole?: boolean; readonly powerOfTwo?: boolean },
): number {
  const result = value ?? fallback;
  const { low, high, whole = false, powerOfTwo = false } = bounds;
  const good =
    typeof result === 'number' &&
    result >= low &&
    result <= high &&
    (!(whole || powerOfTwo) || Number.isInteger(result)) &&
    (!powerOfTwo || (result & (result - 1)) === 0);
  if (good) return result;
  const kind = powerOfTwo ? 'a power of two' : whole ? 'a whole number' : 'a number';
  throw invalid(`${name} must be ${kind} from ${low} to ${high}, not ${String(value)}`);
}

/** @throws IsthmusError `INVALID_ARGUMENT` naming the option. */
export function settingsOf(options: ConnectOptions): Settings {
  if (typeof options.path !== 'string' || options.path === '') throw invalid('path must be a socket or a folder');
  const wait = options.wait ?? 'adaptive';
  if (!waits.includes(wait)) throw invalid(`wait must be adaptive, block or spin, not ${String(wait)}`);
  return {
    path: options.path,
    wait,
    spinMicroseconds: number('spinMicroseconds', options.spinMicroseconds, 50, { low: 1, high: 1e6 }),
    timeoutMs: timeoutOf(options.timeoutMs, 5000),
    patienceMs: number('patienceMs', options.patienceMs, 0, { low: 0, high: maxTimeoutMs }),
    maxInFlight: number('maxInFlight', options.maxInFlight, 4096, { low: 1, high: 65536, whole: true }),
    requestRingBytes: number('requestRingBytes', options.requestRingBytes, 2 ** 20, ring),
    replyRingBytes: number('replyRingBytes', options.replyRingBytes, 2 ** 20, ring),
    streamWindowBytes: number('streamWindowBytes', options.streamWindowBytes, 2 ** 18, streamWindow),
    connectTimeoutMs: number('connectTimeoutMs', options.connectTimeoutMs, 2000, { low: 1, high: maxTimeoutMs }),
    waitForInstance: options.waitForInstance ?? true,
    copyReplies: options.copyReplies ?? false,
    onEvent: options.onEvent ?? (() => {}),
  };
}

/** A call's own timeout, or the client's. */
export function timeoutOf(value: number | undefined, fallback: number): number {
  return value === undefined ? fallback : number('timeoutMs', value, fallback, { low: 0.001, high: maxTimeoutMs });
}

/** What the addon is told. */
export function nativeOptionsOf(settings: Settings): NativeOptions {
  return {
    requestRingBytes: settings.requestRingBytes,
    replyRingBytes: settings.replyRingBytes,
    maxInFlight: settings.maxInFlight,
    wait: waitModes[settings.wait],
    spinNs: settings.spinMicroseconds * 1000,
    connectTimeoutMs: settings.connectTimeoutMs,
    streamWindowBytes: settings.streamWindowBytes,
    copy: settings.copyReplies ? 1 : 0,
  };
}
