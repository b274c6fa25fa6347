/** ioredis, ECHO: the server itself answers. Usage: redis-echo.ts --bytes N --in-flight K --ms M SOCKET */
import { runClient } from './loop.ts';
import { redisOf } from './redis.ts';

await runClient(async (given) => {
  const redis = redisOf(given);
  return { call: (request) => redis.echoBuffer(request), close: () => redis.disconnect() };
});
