/** What servers are loaded with: 64 connections that ask as soon as they are answered, or at a fixed rate. */
import { join } from 'node:path';
import { type Command, Program } from '../harness/processes.ts';
import type { Context } from '../harness/results.ts';
import { openLoopProgram } from './build.ts';
import { numbersOf } from './numbers.ts';
import { questionText } from './question.ts';
import { quotePath } from './servers/quote.ts';

export const connections = 64;
/** How long a program may take to start, or to notice that its time is over, on a busy machine. */
export const patienceMs = 60_000;

/** Where programs run, and how. */
export type Where = Pick<Context, 'cpus' | 'isUrgent' | 'folder'>;

/** Each connection sends its next request when it has the response to the last. @throws Error if a request failed. */
export async function runWrk(url: string, ms: number, where: Where) {
  const seconds = Math.max(1, Math.round(ms / 1000));
  const script = join(import.meta.dirname, 'post.lua');
  // Its own bound, after which a request counts as failed, is 2 s.
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '60s', '-s', script, `${url}${quotePath}`];
  const line = await runLoad({ program: 'wrk', args }, seconds * 1000, where);
  const result = numbersOf(line, 'requests', 'us', 'p50us', 'p99us', 'p999us', 'refused', 'failed');
  const bad = result.refused + result.failed;
  if (bad > 0 || result.requests === 0) throw new Error(`${bad} of ${result.requests} requests failed`);
  return result;
}

/** At a fixed rate, whatever becomes of the requests before. @throws Error if a response was not 200, or a connection ended. */
export async function runOpenLoop(url: string, ratePerSecond: number, ms: number, where: Where) {
  const args = [new URL(url).port, quotePath, String(ratePerSecond), String(ms), String(connections)];
  const line = await runLoad({ program: openLoopProgram, args }, ms, where);
  const result = numbersOf(line, 'requests', 'p50Ns', 'p99Ns', 'p999Ns', 'refused', 'unanswered');
  if (result.refused > 0) throw new Error(`${result.refused} of ${result.requests} requests were refused`);
  return result;
}

/** @returns The line of JSON that it prints, among what else it has to say. */
async function runLoad(command: Command, ms: number, { cpus, isUrgent }: Where): Promise<string> {
  const load = { ...command, env: { QUOTE: questionText } };
  await using program = new Program(load, { name: command.program, cpu: cpus.client, urgent: isUrgent });
  return await program.lineWith('{"requests"', ms + patienceMs);
}
