/** One instance of the pricing example, which waits as ISTHMUS_BENCH_WAIT says. */
import { defineBridge, type WaitMode } from '@isthmus/gateway';
import { pricing } from '../../../examples/pricing/pricing.schema.ts';

const modes: readonly WaitMode[] = ['adaptive', 'block', 'spin'];
/** How both sides wait. */
export const wait = modes.find((mode) => mode === process.env.ISTHMUS_BENCH_WAIT) ?? 'adaptive';

/** Where it was built: see build.ts. */
const example = '../../../examples/pricing';

export default defineBridge({
  services: {
    pricing: {
      schema: pricing,
      header: `${example}/generated/pricing.h`,
      command: [`${example}/build/pricing`],
      wait,
    },
  },
});
