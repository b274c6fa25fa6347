/** Two instances of the pricing service and nothing else: what is idle in it is all of it. */
import { defineBridge } from '@isthmus/gateway';
import { pricing } from '../../examples/pricing/pricing.schema.ts';

export default defineBridge({
  services: {
    pricing: {
      schema: pricing,
      cwd: '../../examples/pricing',
      header: '../../examples/pricing/generated/pricing.h',
      build: ['make', '-s', 'build/pricing'],
      command: ['./build/pricing'],
      instances: 2,
    },
  },
});
