/** Compiling C in tests. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const library = path.resolve(import.meta.dirname, '../../../../c');

/** A folder for one test, removed at its end. */
export class Workspace implements Disposable {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'isthmus-schema-'));

  write(name: string, content: string): string {
    const file = path.join(this.folder, name);
    writeFileSync(file, content);
    return file;
  }

  /** Compiles with every warning an error; throws with the compiler's messages. */
  compile(compiler: string, args: readonly string[]): void {
    const warnings = ['-Wall', '-Wextra', '-Wpedantic', '-Werror'];
    execFileSync(compiler, [...warnings, `-I${library}/include`, `-I${this.folder}`, ...args], {
      cwd: this.folder,
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: 60_000,
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The library's sources that generated types, accessors and checks need. */
export const librarySources: readonly string[] = ['checks', 'errors', 'message', 'tails', 'text'].map((name) => {
  return path.join(library, `src/${name}.c`);
});

/** The library's sources for messages that are made and read without a service. */
export const messageSources = ['message.c', 'text.c'].map((name) => path.join(library, 'src', name));

/** Whether a command can be run; not every machine has every compiler. */
export function has(command: string): boolean {
  try {
    execFileSync(command, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
