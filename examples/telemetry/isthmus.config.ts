import { defineBridge } from '@isthmus/gateway';
import { telemetry } from './telemetry.schema.ts';

export default defineBridge({
  services: {
    telemetry: {
      schema: telemetry,
      header: 'generated/telemetry.h',
      build: ['make', '-s'],
      command: ['./build/telemetry'],
      example: {
        summarize: {
          sensor: 'roof',
          readings: [
            { takenAt: '2026-11-22T08:00:00Z', celsius: 4.5 },
            { takenAt: '2026-11-22T09:00:00Z', celsius: 6.25 },
          ],
        },
      },
    },
  },
});
