/** Starting instances of the service `probe`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileService } from './compile.ts';
import { type Instance, startInstance } from './instance.ts';
import { type Everything, probe } from './probe.schema.ts';

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
