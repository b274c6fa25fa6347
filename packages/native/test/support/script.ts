/** Running scripts in processes of their own, to see how they end. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly tookMs: number;
}

const places = {
  core: fileURLToPath(import.meta.resolve('@isthmus/core')),
  schema: fileURLToPath(new URL('../../../../test/support/probe.schema.ts', import.meta.url)),
  stopProcess: fileURLToPath(new URL('../../../../test/support/stop-process.ts', import.meta.url)),
};

/**
 * Runs `body` as a module in which `connect`, `probe`, `socket`, `sleep` and `stopProcess` are defined, and ends it with SIGKILL after
 * `timeoutMs`.
 */
export async function runScript(
  socket: string,
  body: string,
  options: { readonly flags?: readonly string[]; readonly timeoutMs?: number } = {},
): Promise<Ending> {
  const source = `
import { connect } from ${JSON.stringify(places.core)};
import { probe } from ${JSON.stringify(places.schema)};
import { stopProcess } from ${JSON.stringify(places.stopProcess)};
import { setTimeout as sleep } from 'node:timers/promises';
const socket = ${JSON.stringify(socket)};
${body}`;
  const started = performance.now();
  const flags = [...(options.flags ?? []), '--input-type=module-typescript', '--eval', source];
  const child = spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'pipe'] });
  const killer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 60_000);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.once('close', (...ending) => resolve(ending));
  });
  clearTimeout(killer);
  return { code, signal, stdout, stderr, tookMs: performance.now() - started };
}
