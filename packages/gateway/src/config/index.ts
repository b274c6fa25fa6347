export { listCpus, shareCpus } from './cpus.ts';
export { type ExposedSettings, exposureWarnings } from './exposure.ts';
export { maxWorkers } from './http.ts';
export { defaultConfigFile, defineBridge, loadConfig } from './load.ts';
export { schemaProblem } from './schema-problem.ts';
export { checkSupervised } from './supervised.ts';
export type {
  AllowConfig,
  BridgeConfig,
  BridgeSettings,
  ClientSettings,
  CommandServiceConfig,
  HttpConfig,
  LivenessConfig,
  LogConfig,
  LogLevel,
  PathServiceConfig,
  ProcessSettings,
  RegionConfig,
  RegionSettings,
  SegmentCreation,
  ServiceConfig,
  ServiceOrigin,
  ServiceSettings,
  SourceServiceConfig,
  WaitMode,
} from './types.ts';
export { validateBridge } from './validate.ts';
