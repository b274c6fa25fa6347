/** What a Node program imports to call a service. */

export {
  type ErrorCode,
  type ErrorEntry,
  errors,
  type InvalidField,
  IsthmusError,
  type Retryable,
} from '@isthmus/schema';
export type { Caller } from './caller.ts';
export type {
  Client,
  ClientControl,
  InstanceInfo,
  OneWayMethod,
  PingOptions,
  RemoteMethod,
  RemoteMethodOf,
  StreamMethod,
} from './client.ts';
export { connect } from './connect.ts';
export type { InstancePing } from './instances.ts';
export type { ConnectOptions, InstanceEvent, WaitMode } from './options.ts';
export type { CallInfo, CallOptions } from './pending.ts';
export type { LanePing } from './pings.ts';
export { type CheckedPolicies, checkPolicies } from './policies/check.ts';
export type {
  BreakerPolicy,
  BulkheadPolicy,
  ClientPolicies,
  HedgePolicy,
  Policies,
  Policy,
  PoolOptions,
  RetryPolicy,
} from './policies/types.ts';
export { type Owner, type OwnerControl, type OwnOptions, ownRegions } from './regions/owner.ts';
export type { RemoteRegionOf, RemoteRegions } from './regions/remote.ts';
export type {
  AttachedRegion,
  Expected,
  Region,
  RegionEvent,
  RowImage,
  Snapshot,
  Stamp,
  Table,
  UntypedRegion,
  WatchOptions,
  WriteOptions,
} from './regions/types.ts';
export { attach } from './segments/attach.ts';
export { type CheckedOptions, checkAttachOptions } from './segments/check-options.ts';
export {
  type CreatableSource,
  type CreateOptions,
  createSegment,
  type RemovableSource,
  removeSegment,
  removeSegmentSync,
} from './segments/create.ts';
export { listSegments, type SegmentInfo } from './segments/list.ts';
export {
  type AttachOptions,
  type AttachSettings,
  attachDefaults,
  attachOptionNames,
  type SegmentGuard,
  type SegmentMagic,
  type SegmentSource,
  type SystemVName,
} from './segments/options.ts';
export type { TraceContext } from './trace.ts';
