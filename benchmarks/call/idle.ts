/** What a gateway with two idle instances costs, from /proc. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url));
const config = fileURLToPath(new URL('idle.config.ts', import.meta.url));

/** User and system time of a process in clock ticks, which Linux reports as hundredths of a second; and its parent. */
function statOf(pid: string): { readonly parent: string; readonly ticks: number } | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return { parent: fields[1] ?? '', ticks: Number(fields[11]) + Number(fields[12]) };
  } catch {
    return undefined;
  }
}

/** Ticks of a process and its children. */
function ticksOf(root: string): { readonly ticks: number; readonly processes: number } {
  let ticks = 0;
  let processes = 0;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const stat = statOf(pid);
    if (stat === undefined || (pid !== root && stat.parent !== root)) continue;
    ticks += stat.ticks;
    processes += 1;
  }
  return { ticks, processes };
}

async function started(child: ChildProcess): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    if (output.includes('curl')) resolve();
  });
  child.once('exit', (code) => reject(new Error(`isthmus start ended with ${code}: ${output}`)));
  await promise;
}

/** Share of one core that the gateway and its instances used over `seconds`. */
export async function idleShare(seconds: number): Promise<{ readonly share: number; readonly processes: number }> {
  const child = spawn(process.execPath, [cli, 'start', '--config', config, '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await started(child);
    await sleep(2000);
    const before = ticksOf(String(child.pid));
    await sleep(seconds * 1000);
    const after = ticksOf(String(child.pid));
    return { share: (after.ticks - before.ticks) / 100 / seconds, processes: after.processes };
  } finally {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await gone;
  }
}
