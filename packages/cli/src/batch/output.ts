/** Where a batch's rows go: a file that appears only when it is complete, or a stream. */
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { IsthmusError } from '@isthmus/schema';

export interface BatchOutput {
  /** Waits until there is room for more. */
  write(text: string): Promise<void>;
  /** All is written: makes the file appear under its name. */
  commit(): Promise<void>;
  /** Removes what was written, as far as it can be. Harmless after commit. */
  discard(): Promise<void>;
}

/**
 * Opens the output of a batch; `-` is stdout. A file is written under a temporary name beside its own, so that no reader
 * ever takes half a result for a whole one, and the input may be the same file.
 *
 * @throws IsthmusError SYSTEM when the file cannot be made.
 */
export async function openOutput(path: string): Promise<BatchOutput> {
  return path === '-' ? streamOutput(process.stdout) : fileOutput(resolve(path));
}

async function fileOutput(path: string): Promise<BatchOutput> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  const file = await open(temporary, 'w').catch((cause: unknown) => {
    throw new IsthmusError('SYSTEM', { detail: `${path} cannot be written: ${reasonOf(cause)}`, cause });
  });
  const remove = () => rmSync(temporary, { force: true });
  // For a second Ctrl-C, which ends the process without coming back here.
  process.once('exit', remove);
  let open_ = true;
  return {
    async write(text) {
      await file.writeFile(text);
    },
    async commit() {
      await file.close();
      open_ = false;
      await rename(temporary, path);
      process.off('exit', remove);
    },
    async discard() {
      if (!open_) return;
      open_ = false;
      await file.close();
      remove();
      process.off('exit', remove);
    },
  };
}

function streamOutput(stream: NodeJS.WriteStream): BatchOutput {
  // `isthmus call ... | head` closes the pipe early: the next write reports it.
  let failure: Error | undefined;
  stream.once('error', (error) => {
    failure = error;
  });
  return {
    async write(text) {
      if (!stream.write(text)) await Promise.race([once(stream, 'drain'), once(stream, 'close')]).catch(() => {});
      if (failure !== undefined) {
        throw new IsthmusError('SYSTEM', { detail: `stdout cannot be written: ${reasonOf(failure)}`, cause: failure });
      }
    },
    async commit() {
      await new Promise<void>((done) => stream.write('', () => done()));
    },
    async discard() {},
  };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
