import { call, f64, service, struct } from '@isthmus/schema';

const Level = struct('Level', { metres: f64() });

export const tank = service('tank', { level: call({ input: Level, output: Level }) });

/** How instances are run where nothing is said of it, but for `cwd`. */
export const usualProcess = {
  instances: 1,
  threads: undefined,
  cpus: undefined,
  env: {},
  cleanEnv: false,
  after: [],
  startTimeoutMs: 10_000,
  drainTimeoutMs: 10_000,
  liveness: { intervalMs: 1000, timeoutMs: 10_000, replace: true },
  limits: {},
  user: undefined,
  group: undefined,
  socketMode: 0o600,
  allow: { uids: [], gids: [] },
};
