/** The HTTP front of Isthmus: a whole gateway, and the same as a Fastify plugin. */

export {
  type BridgeClient,
  type CallInfo,
  type CallOptions,
  type ClientMethod,
  clientMethodOf,
  type GatewayService,
  type GatewayServices,
  manyOf,
  type Outcome,
  oneOf,
  regionOf,
} from './bridge-client.ts';
export {
  type BridgeConfig,
  type BridgeSettings,
  type ClientSettings,
  type CommandServiceConfig,
  defaultConfigFile,
  defineBridge,
  type HttpConfig,
  type LogConfig,
  type LogLevel,
  loadConfig,
  type PathServiceConfig,
  type ProcessSettings,
  type RegionConfig,
  type RegionSettings,
  type SegmentCreation,
  type ServiceConfig,
  type ServiceOrigin,
  type ServiceSettings,
  type SourceServiceConfig,
  schemaProblem,
  validateBridge,
  type WaitMode,
} from './config/index.ts';
export { createGateway, type Gateway, type GatewayOptions } from './gateway.ts';
export { type Problem, problemOf } from './http/problem.ts';
export { openApiOf } from './openapi/document.ts';
export { exampleOf } from './openapi/example.ts';
export { type GatewayPluginOptions, isthmusGateway } from './plugin.ts';
export { mergePatch } from './regions/merge-patch.ts';
export { RowForms } from './regions/row-forms.ts';
export { timeText } from './regions/row-version.ts';
export type { GatewayRegion, GatewayRegions } from './regions/served-region.ts';
export { tagOf, type Version, versionOfTag } from './regions/tag.ts';
export {
  type BackoffOptions,
  type InstanceState,
  type InstanceStatus,
  type Line,
  LineSplitter,
  maxSocketPathBytes,
  type SupervisedService,
  Supervisor,
  type SupervisorLog,
  type SupervisorOptions,
} from './supervisor/index.ts';
