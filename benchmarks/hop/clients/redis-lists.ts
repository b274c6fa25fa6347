/**
 * ioredis: a request goes onto one list, and its reply comes back on another. There is one worker, so replies come in the order of the
 * requests, and none needs a number. Usage: redis-lists.ts --bytes N --in-flight K --ms M SOCKET
 */
import { runClient } from './loop.ts';
import { redisOf } from './redis.ts';

await runClient(async (given) => {
  const sender = redisOf(given);
  // Its connection is taken up by the command that waits.
  const receiver = redisOf({ ...given, inFlight: 1 });
  const waiting: ((reply: unknown) => void)[] = [];
  let closed = false;

  const receive = async (): Promise<void> => {
    while (!closed) {
      const found = await receiver.blmpopBuffer(0, 1, 'replies', 'LEFT', 'COUNT', given.inFlight);
      for (const reply of found?.[1] ?? []) waiting.shift()?.(reply);
    }
  };
  receive().catch((error: unknown) => {
    if (!closed) throw error;
  });

  return {
    call: async (request) => {
      const { promise, resolve } = Promise.withResolvers<unknown>();
      waiting.push(resolve);
      await sender.rpush('requests', request);
      return await promise;
    },
    close: () => {
      closed = true;
      sender.disconnect();
      receiver.disconnect();
    },
  };
});
