import { call, f64, service, struct } from '@isthmus/schema';

const Level = struct('Level', { metres: f64() });

export const tank = service('tank', { level: call({ input: Level, output: Level }) });
