/** A server that is several processes: a broker, and who answers behind it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long something may take until it can be used, on a busy machine. */
const startMs = 20_000;

export interface Child {
  /** Resolves once it has printed the line `ready`. */
  ready(): Promise<void>;
}

/** Starts a program. */
export type Start = (program: string, ...args: readonly string[]) => Child;

/**
 * Prints `ready` once `begin` has resolved. Ends all that `begin` has started on SIGTERM, at the end of stdin, and if one of them
 * ends by itself; the kernel does the same if this process is killed.
 */
export async function serve(begin: (start: Start) => Promise<void>): Promise<void> {
  const children: ChildProcess[] = [];
  const failed = Promise.withResolvers<never>();
  const told = new Promise<void>((resolve) => {
    process.once('SIGTERM', () => resolve());
    process.stdin.once('end', () => resolve()).resume();
  });
  const start: Start = (program, ...args) => {
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', program, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
    child.once('error', failed.reject);
    child.once('exit', (code, signal) =>
      failed.reject(new Error(`${program} ended: ${signal ?? `exit code ${code}`}`)),
    );
    children.push(child);
    const lines = createInterface({ input: child.stdout });
    return {
      ready: async () => {
        const [line] = await once(lines, 'line', { signal: AbortSignal.timeout(startMs) });
        if (line !== 'ready') throw new Error(`${program} said "${line}" in the place of "ready"`);
      },
    };
  };
  const ready = async (): Promise<void> => {
    await begin(start);
    process.stdout.write('ready\n');
    await told;
  };
  try {
    await Promise.race([told, failed.promise, ready()]);
  } finally {
    await Promise.all(children.map(end));
  }
}

/** Resolves with what `look` finds. @throws Error if that is nothing for 20 s. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  for (const begin = performance.now(); performance.now() - begin < startMs; await sleep(5)) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error(`${what} did not come within ${startMs / 1000} s`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}
