/** What a Node program imports to call a service. */

export {
  type ErrorCode,
  type ErrorEntry,
  errors,
  type InvalidField,
  IsthmusError,
  type Retryable,
} from '@isthmus/schema';
export type {
  Client,
  ClientControl,
  InstanceInfo,
  OneWayMethod,
  RemoteMethod,
  RemoteMethodOf,
  StreamMethod,
} from './client.ts';
export { connect } from './connect.ts';
export type { ConnectOptions, InstanceEvent, WaitMode } from './options.ts';
export type { CallInfo, CallOptions } from './pending.ts';
export type { TraceContext } from './trace.ts';
