import { defineBridge } from '@isthmus/gateway';
import { Tank } from './generated/tank.structs.ts';

/** As in tank.h, or as a second tank was told. */
const key = Number(process.env.TANK_KEY ?? 0x54414e4b);

export default defineBridge({
  regions: {
    tank: {
      struct: Tank,
      description: 'The tank, as its controller sees it.',
      systemV: { key },
      guard: { systemVSemaphore: { key, number: 0 } },
      writable: true,
    },
  },
});
