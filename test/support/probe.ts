/** Starting instances of the service `probe`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileService } from './compile.ts';
import { type Instance, startInstance } from './instance.ts';
import { type Everything, type Kinds, probe } from './probe.schema.ts';

const source = readFileSync(join(import.meta.dirname, 'probe.c'), 'utf8');

/** Starts an instance of it on `socket`; `args` as isth_service_main() takes them. */
export function startProbe(socket: string, ...args: readonly string[]): Promise<Instance> {
  return startInstance(compileService(probe, source), socket, ...args);
}

/** A value whose fields all differ from zero and from each other. */
export const everything: Everything = {
  yes: true,
  signed8: -8,
  signed16: -1600,
  signed32: -320_000,
  signed64: -(2n ** 63n),
  unsigned8: 200,
  unsigned16: 60_000,
  unsigned32: 4_000_000_000,
  unsigned64: 2n ** 64n - 1n,
  single: 1.5,
  precise: Math.PI,
  colour: 'blue',
  name: 'Zoë, 東京, 🦀',
  inner: { flag: true, tiny: -1, label: 'seven c', ratio: -0.1 },
  bounded: -5,
  greeting: 'good day',
};

/** The same of the other kinds. */
export const kinds: Kinds = {
  when: 1_800_000_000_123_456_789n,
  took: -1_500_000_000n,
  price: '-12.34',
  level: 'high',
  access: ['read', 'run'],
  digest: new Uint8Array([1, 2, 3, 4, 5, 6, 7, 255]),
  grid: [-32_768, -1, 0, 1, 2, 32_767],
  maybe: 4_000_000_000,
  shape: { kind: 'circle', radius: 2.5, label: 'köre' },
  title: 'Zoë, 東京, 🦀',
  content: new Uint8Array([0, 128, 255]),
  points: [
    { name: 'first', x: 1.5, tags: ['a', '', 'long enough to be seen'] },
    { name: '', x: -0.25, tags: [] },
  ],
  matrix: [[1, 2, 3], [], [0.5]],
  remark: 'there',
};
