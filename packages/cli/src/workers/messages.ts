/** What a bridge and its workers say to each other, over the channel that only they have. */
import type { Count, WindowState } from '@isthmus/gateway';
import type { ErrorCode } from '@isthmus/schema';
import type { StartRequest } from '../start-settings.ts';

/** What a worker is to serve. */
export interface WorkerJob {
  /** From 1. */
  readonly number: number;
  readonly request: StartRequest;
  /** The folder that has a folder with sockets for each service that the bridge runs. */
  readonly runtimeFolder: string;
  /** How many instances of each service the bridge is connected to. */
  readonly instances: Readonly<Record<string, number>>;
  /** What the configuration came to when the bridge read it: see fingerprint.ts. */
  readonly fingerprint: string;
}

export interface NumberedCount extends Count {
  readonly id: number;
}

export interface NumberedState extends WindowState {
  readonly id: number;
}

export type ToWorker =
  /** The first message. */
  | { readonly type: 'serve'; readonly job: WorkerJob }
  /** The answer to `ready`. */
  | { readonly type: 'listen'; readonly port: number }
  | { readonly type: 'counted'; readonly states: readonly NumberedState[] }
  | { readonly type: 'report'; readonly id: number }
  /** Close as the bridge would, and end. */
  | { readonly type: 'stop' };

/** What a worker has to do, and has done. */
export interface WorkerCounts {
  /** Open connections. */
  readonly connections: number;
  /** Since it started. */
  readonly requests: number;
  /** Its connections to instances. */
  readonly instances: readonly WorkerInstance[];
}

export interface WorkerInstance {
  readonly service: string;
  readonly socket: string;
  readonly inFlight: number;
  readonly draining: boolean;
}

export type FromWorker =
  /** All is there; it waits to be told the port. */
  | { readonly type: 'ready' }
  | { readonly type: 'listening'; readonly url: string }
  /** Why it ends. */
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly detail: string }
  | { readonly type: 'count'; readonly counts: readonly NumberedCount[] }
  | { readonly type: 'report'; readonly id: number; readonly counts: WorkerCounts };
