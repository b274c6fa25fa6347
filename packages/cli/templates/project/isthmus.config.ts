import { defineBridge } from '@isthmus/gateway';
import { __service__ } from './__name__.schema.ts';

export default defineBridge({
  services: {
    __service__: {
      schema: __service__,
      sources: ['__name__.c'],
      instances: 2,
      example: { divide: { dividend: 42, divisor: 8 } },
    },
  },
});
