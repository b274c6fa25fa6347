/**
 * Starts the instances of instances.config.ts, and calls them: a client of the hop section, which first prints `started NS`, the time until
 * it was connected to all. Usage: instances.ts --bytes 64 --in-flight K --ms M
 */
import { startInstances } from '@isthmus/cli';
import { connect } from '@isthmus/core';
import { pricing } from '../../../examples/pricing/pricing.schema.ts';
import { runClient } from '../../hop/clients/loop.ts';
import { question } from '../../http/question.ts';

await runClient(async () => {
  const begin = performance.now();
  const instances = await startInstances(`${import.meta.dirname}/instances.config.ts`);
  const count = Number(process.env.ISTHMUS_BENCH_INSTANCES);
  const all = Promise.withResolvers<void>();
  let up = 0;
  const client = await connect(pricing, {
    path: instances.pathOf('pricing'),
    wait: 'block',
    onEvent: ({ type, error }) => {
      if (type === 'up' && ++up === count) all.resolve();
      if (error !== undefined) all.reject(error);
    },
  });
  await all.promise;
  process.stdout.write(`started ${(performance.now() - begin) * 1e6}\n`);
  return {
    call: () => client.quote(question),
    same: (_, reply) => typeof reply === 'object' && reply !== null && 'price' in reply,
    close: async () => {
      await client.$close();
      await instances.stop();
    },
  };
});
