/** What a command answers, at the pace of whoever reads it. */
import { IsthmusError } from '@isthmus/schema';

/**
 * Resolves once it is written: true; or false where nobody reads any more, as after `| head`: then there is nothing left to do.
 *
 * @throws IsthmusError SYSTEM
 */
export function writeOut(data: string | Uint8Array): Promise<boolean> {
  const { stdout } = process;
  // What becomes of a write, its own callback tells; the event beside it would end the process.
  if (!stdout.listeners('error').includes(ignore)) stdout.on('error', ignore);
  return new Promise((resolve, reject) => {
    stdout.write(data, (cause) => {
      if (cause === undefined || cause === null) resolve(true);
      else if (stdout.destroyed || ('code' in cause && cause.code === 'EPIPE')) resolve(false);
      else reject(new IsthmusError('SYSTEM', { detail: `stdout cannot be written: ${cause.message}`, cause }));
    });
  });
}

/** JSON in one line, unless a person reads it. */
export function writeJson(value: unknown): Promise<boolean> {
  return writeOut(`${JSON.stringify(value, null, process.stdout.isTTY ? 2 : 0)}\n`);
}

function ignore(): void {}
