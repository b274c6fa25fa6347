/**
 * A supervisor that is killed at one of its steps, which are told apart by what it logs:
 *
 *   mortal-supervisor.ts PROGRAM LEDGER FOLDER MESSAGE
 *
 * It prints the ids of the instances that it starts, kills the first one of them, and then stops by itself.
 */
import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { startSupervisor } from './supervised.ts';

const [program = '', ledger = '', folder = '', fatal] = process.argv.slice(2);
let killed = false;

function log(fields: object, message: string): void {
  // At once, because of what may follow.
  if ('instancePid' in fields) writeSync(1, `${String(fields.instancePid)}\n`);
  if (message === fatal) process.kill(process.pid, 'SIGKILL');
}

const supervisor = await startSupervisor(program, 2, ledger, folder, { info: log, warn: log, error: log });
while (supervisor.status.every(({ restarts }) => restarts === 0)) {
  const pid = supervisor.status[0]?.pid;
  if (pid !== undefined && !killed) {
    killed = true;
    process.kill(pid, 'SIGKILL');
  }
  await sleep(5);
}
await supervisor.stop();
