/**
 * Readings of a thermometer, summed up by telemetry.c. Both sides of the call are protobuf: for programs that have their
 * data in that form already, or hand it on.
 */
import { call, enumeration, f64, field, list, optional, service, struct, text, timestamp, u32 } from '@isthmus/schema';

const Quality = enumeration('Quality', ['good', 'doubtful', 'bad'], {
  description: 'How far a reading can be trusted.',
  open: true,
});

const Reading = struct('Reading', {
  takenAt: timestamp({ description: 'When it was taken.' }),
  celsius: f64({ description: 'What was read.', unit: 'degrees Celsius', min: -273.15 }),
  quality: field(Quality, { default: 'good' }),
});

const Batch = struct('Batch', {
  sensor: text({ description: 'Which thermometer it was.', max: 64 }),
  readings: list(Reading, { description: 'In the order in which they were taken.', max: 100_000 }),
});

const Summary = struct('Summary', {
  sensor: text({ max: 64 }),
  used: u32({ description: 'Readings that the rest is about: all but those of bad quality.' }),
  lowest: optional(f64({ description: 'Not there if no reading was used.', unit: 'degrees Celsius' })),
  highest: optional(f64({ unit: 'degrees Celsius' })),
  mean: optional(f64({ unit: 'degrees Celsius' })),
  latest: optional(timestamp({ description: 'When the last of them was taken.' })),
});

export const telemetry = service(
  'telemetry',
  {
    summarize: call({
      input: Batch,
      output: Summary,
      codec: 'protobuf',
      idempotent: true,
      description: 'Sums up the readings of one thermometer.',
    }),
  },
  { description: 'Readings of thermometers.', errors: ['timeRunsBackwards'] },
);
