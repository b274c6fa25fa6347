/** How clients are told what to measure. */
import { join } from 'node:path';
import type { Command } from '../harness/processes.ts';
import { benchmarks } from '../harness/toolchains.ts';
import type { Run } from './contestant.ts';

/** What every client's command line has. */
export function clientArguments({ bytes, inFlight, ms }: Run): string[] {
  return ['--bytes', String(bytes), '--in-flight', String(inFlight), '--ms', String(ms)];
}

/** A client in TypeScript, by its name in hop/clients. What begins with a dash may be among its `rest`. */
export function nodeClient(name: string, run: Run, ...rest: readonly string[]): Command {
  const program = join(benchmarks, 'hop/clients', `${name}.ts`);
  return { program: process.execPath, args: [program, ...clientArguments(run), '--', ...rest] };
}
