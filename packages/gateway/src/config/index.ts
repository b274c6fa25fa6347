export { defaultConfigFile, defineBridge, loadConfig } from './load.ts';
export { schemaProblem } from './schema-problem.ts';
export type {
  BridgeConfig,
  BridgeSettings,
  ClientSettings,
  CommandServiceConfig,
  HttpConfig,
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
