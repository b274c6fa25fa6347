/** What every client of the hop section is told on its command line. */
import { parseArgs } from 'node:util';

export interface ClientArguments {
  readonly bytes: number;
  readonly inFlight: number;
  readonly ms: number;
  /** What the contestant's own command line has beside these. */
  readonly rest: readonly string[];
}

export function clientArguments(): ClientArguments {
  const { values, positionals } = parseArgs({
    options: { bytes: { type: 'string' }, 'in-flight': { type: 'string' }, ms: { type: 'string' } },
    allowPositionals: true,
  });
  const number = (name: keyof typeof values, fallback: number): number => {
    const value = Number(values[name] ?? fallback);
    if (!(value > 0)) throw new Error(`--${name} must be a number above 0`);
    return value;
  };
  return { bytes: number('bytes', 64), inFlight: number('in-flight', 1), ms: number('ms', 400), rest: positionals };
}
