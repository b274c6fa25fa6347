/**
 * The gateway before one instance of the pricing example, as a program of a user's own would have them.
 * ISTHMUS_BENCH_WAIT says how both wait.
 */
import { startInstances } from '@isthmus/cli';
import { connect } from '@isthmus/core';
import { createGateway } from '@isthmus/gateway';
import { pricing } from '../../../examples/pricing/pricing.schema.ts';
import { wait } from './isthmus.config.ts';
import { untilEnd } from './lifetime.ts';

await using instances = await startInstances(`${import.meta.dirname}/isthmus.config.ts`);
await using client = await connect(pricing, { path: instances.pathOf('pricing'), wait });
await using gateway = await createGateway({
  port: 0,
  services: { pricing: { schema: pricing, client } },
});
await untilEnd(await gateway.listen());
