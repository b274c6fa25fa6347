/** Asks a child process over its stdin and stdout: `stdio.ts COMMAND...`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { runClient } from './loop.ts';
import { streamHop } from './stream.ts';

await runClient(async ({ bytes, inFlight, rest: [program = '', ...args] }) => {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child, 'spawn');
  return streamHop(child.stdin, child.stdout, bytes, inFlight, () => child.stdin.end());
});
