export type { BackoffOptions } from './backoff.ts';
export type { InstanceState } from './instance.ts';
export { type Line, LineSplitter } from './lines.ts';
export type { SupervisorLog } from './log.ts';
export { maxSocketPathBytes } from './runtime-folder.ts';
export { type InstanceStatus, type SupervisedService, Supervisor, type SupervisorOptions } from './supervisor.ts';
