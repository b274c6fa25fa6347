/** The shape of `isthmus.config.ts`: what a user may write, and what the programs work with once defaults are in place. */
import type { AttachOptions, AttachSettings, Policies } from '@isthmus/core';
import type { Service, Struct } from '@isthmus/schema';
import type { AuthOptions, AuthSettings, RateLimit, TlsOptions } from '../auth/options.ts';
import type { ServerBounds } from '../http/server.ts';
import type { ResourceLimits } from '../supervisor/limits.ts';
import type { ClientPolicySettings, PoolConfig } from './policies.ts';

/** How a side waits for records; see the wait modes in docs/config.md. */
export type WaitMode = 'adaptive' | 'block' | 'spin';

/** The HTTP front. All optional. */
export interface HttpConfig extends ServerBounds {
  /** Address to listen on. Default `127.0.0.1`: this machine only. Any other takes `auth`, or `insecure: true`. */
  readonly host?: string;
  /** TCP port, 0 to 65,535; 0 takes a free one. Default 8080. */
  readonly port?: number;
  /**
   * How many processes `isthmus start` serves HTTP with, all on the same port, 1 to 64; `auto`: as many as there are processors that it may
   * use. Default 1: its own.
   */
  readonly workers?: number | 'auto';
  /**
   * The CPUs that these processes are pinned to, as `2,4-7`: one each, and from the beginning again where there are fewer. One of them is
   * then a process of its own too, so that neither the bridge nor what it starts is pinned. Default: not pinned.
   */
  readonly cpus?: string | undefined;
  /** The largest request body, in bytes, 1 to 1 GiB. Default 1 MiB. More is answered with 413. */
  readonly bodyLimitBytes?: number;
  /** The longest deadline that a caller may ask for with `x-timeout-ms`, in ms. Default 60,000. */
  readonly maxTimeoutMs?: number;
  /** The most calls that are served at once, 1 to 1,000,000. Default 4,096. More are answered with 503 before their body is read. */
  readonly maxInFlight?: number;
  /** The most watches of regions at a time, and the most connections that watch, 1 to 1,000,000. Default 10,000. */
  readonly maxWatchers?: number;
  /** HTTPS in place of HTTP. Files count from the config's folder. Default: none. */
  readonly tls?: TlsOptions | undefined;
  /**
   * The names that are answered to, without ports; `*`: any. Default: where only this machine reaches it, `localhost`, `127.0.0.1`,
   * `[::1]` and `host`; else any.
   */
  readonly hosts?: readonly string[] | undefined;
  /** How many requests each caller may send; who has no name counts by address. Default: any number. */
  readonly rateLimit?: RateLimit | undefined;
  /** Proxies whose `X-Forwarded-For` is believed: addresses or networks, such as `10.0.0.0/8`. Default: none. */
  readonly trustProxy?: readonly string[];
  /** Origins whose pages may use the gateway through a browser, beside its own: `https://example.com`. Default: none. */
  readonly origins?: readonly string[];
  /**
   * Folders of your own pages, relative to the config's folder, by the path under which they are: `{ '/panel': './panel' }`. All that
   * lies in them is served to everybody, but for names that begin with a dot. Default: none.
   */
  readonly pages?: Readonly<Record<string, string>>;
}

/** What the `isthmus` command logs. */
export interface LogConfig {
  /** The least severe level that is written. Default `info`. */
  readonly level?: LogLevel;
}

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

/** What every service has, whether Isthmus starts it or only connects. */
interface CommonServiceConfig {
  /** The service's schema: what `service(...)` of `@isthmus/schema` returned. */
  readonly schema: Service;
  /** Deadline of calls that name none, in ms, 1 to 86,400,000. Default 5,000. */
  readonly timeoutMs?: number;
  /** How long a call may wait for room when the request ring is full, in ms; 0 fails at once. Default 0. */
  readonly patienceMs?: number;
  /** How client and, where Isthmus starts them, instances wait. Default `adaptive`. */
  readonly wait?: WaitMode;
  /** The most calls in flight to each instance, 1 to 65,536. Default 4,096. */
  readonly maxInFlight?: number;
  /** Size of each request ring, in bytes: a power of two, 4 KiB to 1 GiB. Default 1 MiB. */
  readonly requestRingBytes?: number;
  /** Size of each reply ring, in bytes: a power of two, 4 KiB to 1 GiB. Default 1 MiB. */
  readonly replyRingBytes?: number;
  /** How long connecting to one instance may take, in ms. Default 2,000. */
  readonly connectTimeoutMs?: number;
  /** How methods are called, each by its name or `'*'` all: retries, breakers and more; see docs/policies.md. */
  readonly policies?: Policies;
  /** How calls borrow connections; see docs/policies.md. */
  readonly pool?: PoolConfig;
  /** Example inputs by method, in their JSON form: `isthmus start` prints a call made from the first. */
  readonly example?: Readonly<Record<string, unknown>>;
  /**
   * Where `isthmus gen` and `isthmus start` write the C header, relative to the config's folder. Without it neither
   * writes one, but for `sources`, which needs none: its header lies in `.isthmus/include`.
   */
  readonly header?: string;
}

/** Processes that Isthmus starts and keeps running. */
interface ProcessConfig {
  /** How many processes, 1 to 64. Default 1. */
  readonly instances?: number;
  /** Serving threads of each instance, 1 to 64: handed over as `--threads N`. Left out: the program decides. */
  readonly threads?: number;
  /**
   * The CPUs that the serving threads are pinned to, as `2,4-7`: one each, over all instances, and from the beginning again where there are
   * fewer. Handed over as `--cpus`. Default: not pinned.
   */
  readonly cpus?: string;
  /** Environment variables beside those of the `isthmus` process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Hands on nothing of the `isthmus` process's environment but PATH, so that its secrets stay its own. Default false. */
  readonly cleanEnv?: boolean;
  /** Where `build` and `command` run, relative to the config's folder. Default: the config's folder. */
  readonly cwd?: string;
  /** Services that take calls before this one is started. */
  readonly after?: readonly string[];
  /** How long an instance may take to answer after its start, in ms. Default 10,000. */
  readonly startTimeoutMs?: number;
  /** How long an instance that a rollout replaces waits for its clients to leave, in ms. Default 10,000. */
  readonly drainTimeoutMs?: number;
  /** Whether instances that no longer answer are found, and replaced. False: they are not looked for. */
  readonly liveness?: LivenessConfig | false;
  /** What each instance may take of the machine. */
  readonly limits?: ResourceLimits;
  /** Whose rights the instances have, a name or a number: for bridges that root runs. Default: the bridge's own. */
  readonly user?: string;
  /** Their group, a name or a number. Default: the user's own. */
  readonly group?: string;
  /** Permission bits of the sockets: handed over as `--mode`. Default 0o600. */
  readonly socketMode?: number;
  /** Who of those that the socket lets in may connect. Default: all of them. */
  readonly allow?: AllowConfig;
}

/** How instances that hang are found. */
export interface LivenessConfig {
  /** How often each serving thread is asked for a sign of life, in ms. Default 1,000. */
  readonly intervalMs?: number;
  /**
   * How long it may take to give one, in ms: a handler that runs for longer is taken for one that hangs. Default 10,000, or the service's
   * `timeoutMs` where that is more.
   */
  readonly timeoutMs?: number;
  /** Whether an instance that gives none is killed, and started again. Default true. */
  readonly replace?: boolean;
}

/** Peers by the credentials that the kernel knows: one of these users, or a member of one of these groups. At most 64 each. */
export interface AllowConfig {
  readonly uids?: readonly number[];
  readonly gids?: readonly number[];
}

/** A service that Isthmus starts from a command. */
export interface CommandServiceConfig extends CommonServiceConfig, ProcessConfig {
  /** The program and its arguments; run without a shell. */
  readonly command: readonly [string, ...string[]];
  /** What `isthmus start` runs first, to bring the program up to date. */
  readonly build?: readonly [string, ...string[]];
  readonly sources?: never;
  readonly path?: never;
}

/** A service that Isthmus compiles from C files and starts. */
export interface SourceServiceConfig extends CommonServiceConfig, ProcessConfig {
  /** C files, relative to the config's folder: compiled together with the C library by `$CC`, else `cc`. */
  readonly sources: readonly [string, ...string[]];
  readonly command?: never;
  readonly build?: never;
  readonly path?: never;
}

/** A service that somebody else starts. */
export interface PathServiceConfig extends CommonServiceConfig {
  /** A socket, or a folder of `*.sock` files, relative to the config's folder. */
  readonly path: string;
  readonly command?: never;
  readonly build?: never;
  readonly sources?: never;
  readonly instances?: never;
  readonly threads?: never;
  readonly cpus?: never;
  readonly env?: never;
  readonly cleanEnv?: never;
  readonly cwd?: never;
  readonly after?: never;
  readonly startTimeoutMs?: never;
  readonly drainTimeoutMs?: never;
  readonly liveness?: never;
  readonly limits?: never;
  readonly user?: never;
  readonly group?: never;
  readonly socketMode?: never;
  readonly allow?: never;
}

export type ServiceConfig = CommandServiceConfig | SourceServiceConfig | PathServiceConfig;

/** A segment that Isthmus makes when there is none. */
export interface SegmentCreation {
  /** Permission bits, whatever the umask. Default 0o600. */
  readonly mode?: number | undefined;
  /** Its owner. Another one than the process's own takes privileges. Default: the process's. */
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

/**
 * A region in memory that another program made, or in a file: where it is and how it is guarded, as `attach` of `@isthmus/core`
 * takes it. The bridge starts without it: until it is there, the region answers SEGMENT_MISSING.
 */
export type RegionConfig = Omit<AttachOptions, 'lazy' | 'systemV' | 'posix' | 'file' | 'fd'> &
  Pick<AttachOptions, 'systemV' | 'posix' | 'file' | 'fd'> & {
    /** What lies there: what `struct(...)` of `@isthmus/schema` returned, of a fixed size. */
    readonly struct: Struct;
    /** What it is, for the list of regions and the OpenAPI document. */
    readonly description?: string;
    /** Left out: the segment is never made here. */
    readonly create?: SegmentCreation;
  };

/** The whole of `isthmus.config.ts`. */
export interface BridgeConfig {
  readonly http?: HttpConfig;
  /** Who may do what. Default: whoever reaches the gateway may do everything, and `isthmus start` listens for this machine only. */
  readonly auth?: AuthOptions;
  /** Lets `isthmus start` listen for other machines without `auth`. Default false. */
  readonly insecure?: boolean;
  readonly log?: LogConfig;
  /** The services by name, which is the schema's own. May be left out where there are regions. */
  readonly services?: Readonly<Record<string, ServiceConfig>>;
  /** Regions beside those of the services, by name: letters, digits, `_` and `-`, beginning with a letter. */
  readonly regions?: Readonly<Record<string, RegionConfig>>;
}

/** Settings of the client's connections: defaults in place. */
export interface ConnectionSettings {
  readonly timeoutMs: number;
  readonly patienceMs: number;
  readonly wait: WaitMode;
  readonly maxInFlight: number;
  readonly requestRingBytes: number;
  readonly replyRingBytes: number;
  readonly connectTimeoutMs: number;
}

/** Settings of the client. */
export type ClientSettings = ConnectionSettings & ClientPolicySettings;

/** How the instances of a service come to be. */
export type ServiceOrigin =
  | {
      readonly kind: 'command';
      readonly command: readonly string[];
      readonly build: readonly string[] | undefined;
      readonly process: ProcessSettings;
    }
  | { readonly kind: 'sources'; readonly sources: readonly string[]; readonly process: ProcessSettings }
  | { readonly kind: 'path'; readonly path: string };

export interface ProcessSettings {
  readonly instances: number;
  readonly threads: number | undefined;
  readonly cpus: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly cleanEnv: boolean;
  /** Absolute. */
  readonly cwd: string;
  readonly after: readonly string[];
  readonly startTimeoutMs: number;
  readonly drainTimeoutMs: number;
  /** Undefined: not looked for. */
  readonly liveness: Required<LivenessConfig> | undefined;
  readonly limits: ResourceLimits;
  readonly user: string | undefined;
  readonly group: string | undefined;
  readonly socketMode: number;
  readonly allow: Required<AllowConfig>;
}

/** One service of a validated config. Paths are absolute. */
export interface ServiceSettings {
  readonly name: string;
  readonly schema: Service;
  readonly client: ClientSettings;
  readonly origin: ServiceOrigin;
  readonly example: Readonly<Record<string, unknown>>;
  readonly header: string | undefined;
}

/** One region of a validated config. Paths are absolute. */
export interface RegionSettings {
  readonly name: string;
  readonly struct: Struct;
  readonly description: string | undefined;
  /** What `attach` takes; `lazy`. */
  readonly options: AttachSettings;
  /** How to make the segment where there is none; undefined: not at all. */
  readonly create: SegmentCreation | undefined;
}

/** A validated config: every default in place, every path absolute. */
export interface BridgeSettings {
  /** The config's folder. */
  readonly folder: string;
  readonly http: Required<HttpConfig>;
  /** Undefined: everybody may do everything. */
  readonly auth: AuthSettings | undefined;
  readonly insecure: boolean;
  readonly log: Required<LogConfig>;
  readonly services: readonly ServiceSettings[];
  readonly regions: readonly RegionSettings[];
}
