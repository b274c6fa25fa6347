/** ISTHMUS_BENCH_INSTANCES instances of the pricing example, on the CPU ISTHMUS_BENCH_CPU: they share it, so they sleep when they wait. */
import { defineBridge } from '@isthmus/gateway';
import { pricing } from '../../../examples/pricing/pricing.schema.ts';

const example = '../../../examples/pricing';

export default defineBridge({
  services: {
    pricing: {
      schema: pricing,
      header: `${example}/generated/pricing.h`,
      command: [`${example}/build/pricing`],
      instances: Number(process.env.ISTHMUS_BENCH_INSTANCES),
      limits: { cpus: process.env.ISTHMUS_BENCH_CPU ?? '0' },
      wait: 'block',
    },
  },
});
