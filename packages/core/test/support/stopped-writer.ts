import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { IsthmusError } from '@isthmus/core';
import { eventually, within } from '../../../../test/support/eventually.ts';
import { stopProcess } from '../../../../test/support/stop-process.ts';
import { feedProgram } from './feed.ts';
import { failsWith } from './probe-client.ts';

/** A C client that writes without end, once it does: `board` or, with `fill`, `page`. */
export async function startWriter(socket: string, command: 'write' | 'fill' = 'write'): Promise<ChildProcess> {
  const child = spawn(feedProgram(), [socket, command], { stdio: ['ignore', 'pipe', 'inherit'] });
  assert.ok(child.stdout);
  await within(60_000, once(child.stdout, 'data'));
  return child;
}

export async function killWriter(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/** A C client that was stopped while it writes `page`, and has the lock. */
export class StoppedWriter {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(socket: string, page: { set(field: 'first', value: bigint): unknown }): Promise<StoppedWriter> {
    const child = await startWriter(socket, 'fill');
    try {
      await eventually('a writer that is stopped while it writes', () => {
        stopProcess(child.pid ?? assert.fail('the writer has no process'));
        try {
          page.set('first', 5n);
        } catch (error) {
          failsWith('LOCK_TIMEOUT')(error);
          // It may have the lock, and not have said so yet.
          if (error instanceof IsthmusError && error.detail.endsWith(`process ${child.pid} holds it`)) return true;
        }
        child.kill('SIGCONT');
        return false;
      });
    } catch (error) {
      await killWriter(child);
      throw error;
    }
    return new StoppedWriter(child);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  kill(): Promise<void> {
    return killWriter(this.#child);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}
