/** The HTTP front of Isthmus: a whole gateway, and the same as a Fastify plugin. */

export { API_KEY_PREFIX, hashOfApiKey, isApiKeyId, newApiKey } from './auth/api-keys.ts';
export type {
  ApiKeyEntry,
  AuthOptions,
  AuthSettings,
  CertificateEntry,
  JwtOptions,
  RateLimit,
  TlsOptions,
} from './auth/options.ts';
export { isScope } from './auth/scopes.ts';
export { type Count, type RateCounter, RateWindows, type WindowState } from './auth/windows.ts';
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
  type AllowConfig,
  type BridgeConfig,
  type BridgeSettings,
  type ClientSettings,
  type CommandServiceConfig,
  checkSupervised,
  defaultConfigFile,
  defineBridge,
  type ExposedSettings,
  exposureWarnings,
  type HttpConfig,
  type LivenessConfig,
  type LogConfig,
  type LogLevel,
  listCpus,
  loadConfig,
  maxWorkers,
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
  shareCpus,
  validateBridge,
  type WaitMode,
} from './config/index.ts';
export { createGateway, type Gateway, type GatewayCounts, type GatewayOptions, type ListenOptions } from './gateway.ts';
export { type Problem, problemOf } from './http/problem.ts';
export { secretLogPaths } from './http/secret-headers.ts';
export { openApiOf } from './openapi/document.ts';
export { exampleOf } from './openapi/example.ts';
export { type GatewayPluginOptions, isthmusGateway } from './plugin.ts';
export { mergePatch } from './regions/merge-patch.ts';
export { RowForms } from './regions/row-forms.ts';
export { timeText } from './regions/row-version.ts';
export type { GatewayRegion, GatewayRegions } from './regions/served-region.ts';
export { tagOf, type Version, versionOfTag } from './regions/tag.ts';
export {
  adminSocketName,
  type BackoffOptions,
  describeThreads,
  type Exit,
  endingOf,
  type InstanceState,
  type InstanceStatus,
  type Line,
  LineSplitter,
  type LivenessWatch,
  maxSocketPathBytes,
  type Pingable,
  type Readiness,
  type ResourceLimits,
  Restarts,
  type RestartsOptions,
  type RolloutEvent,
  type RolloutOptions,
  type SupervisedService,
  Supervisor,
  type SupervisorLog,
  type SupervisorOptions,
  watchLiveness,
} from './supervisor/index.ts';
