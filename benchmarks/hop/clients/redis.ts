/** How clients of Redis connect. */
import { Redis } from 'ioredis';
import type { ClientArguments } from './arguments.ts';

/** Commands of one turn go out together where there are many small ones; one command, or large ones, would only be delayed. */
export function redisOf({ bytes, inFlight, rest: [path = ''] }: ClientArguments): Redis {
  return new Redis({ path, enableAutoPipelining: inFlight > 1 && bytes < 65_536, retryStrategy: () => null });
}
