/** What this change is compared with: the tree of the commit where it left main, unpacked into a folder of its own. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repository } from './generated.ts';

/** The commit to compare with, in words and as git has it; or why there is none. */
export type Base = { readonly commit: string; readonly what: string } | { readonly none: string };

/** Runs git there. Undefined where it fails. */
function git(folder: string, ...args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync('git', args, { cwd: folder, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/**
 * What is compared is the working tree. Its base is where its branch left main; on main itself the last commit, or, where nothing is
 * uncommitted, the one before.
 */
export function findBase(folder: string = repository): Base {
  const head = git(folder, 'rev-parse', '--verify', 'HEAD');
  if (head === undefined) return { none: 'this is no clone with a commit' };
  const shallow = git(folder, 'rev-parse', '--is-shallow-repository') === 'true' ? '; the clone is shallow' : '';
  for (const main of ['origin/main', 'main']) {
    const commit = git(folder, 'merge-base', 'HEAD', main);
    if (commit !== undefined && commit !== head) return { commit, what: `where it left ${main}` };
  }
  if (git(folder, 'status', '--porcelain', '--untracked-files=no') !== '')
    return { commit: head, what: 'the last commit' };
  const before = git(folder, 'rev-parse', '--verify', 'HEAD~1');
  if (before === undefined) return { none: `there is no commit before this one${shallow}` };
  return { commit: before, what: 'the commit before' };
}

const signals = ['SIGINT', 'SIGTERM'] as const;

/** An unpacked tree. It goes with its disposal, and with the process where a signal ends that. */
export class BaseTree implements Disposable {
  readonly folder: string;
  readonly #end = (signal: NodeJS.Signals): void => {
    rmSync(this.folder, { recursive: true, force: true });
    // Others that listen tidy up as well, and end it.
    if (process.listenerCount(signal) === 1) process.exit(130);
  };

  constructor(commit: string, from: string = repository) {
    this.folder = mkdtempSync(join(tmpdir(), 'isthmus-base-'));
    for (const signal of signals) process.on(signal, this.#end);
    try {
      const archive = join(this.folder, 'base.tar');
      run('git', ['archive', `--output=${archive}`, commit], from);
      run('tar', ['-xf', archive, '-C', this.folder], from);
      rmSync(archive);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** Gives it the packages that are installed here, but its own workspaces, so that `@isthmus/core` is the base's. */
  linkPackages(): void {
    const modules = join(this.folder, 'node_modules');
    mkdirSync(join(modules, '@isthmus'), { recursive: true });
    for (const name of readdirSync(join(repository, 'node_modules'))) {
      if (name !== '@isthmus') symlinkSync(join(repository, 'node_modules', name), join(modules, name));
    }
    for (const name of readdirSync(join(this.folder, 'packages'))) {
      symlinkSync(join('../../packages', name), join(modules, '@isthmus', name));
    }
  }

  /** Replaces a folder of it with what is here: what measures has to be the same on both sides. */
  replace(path: string): void {
    rmSync(join(this.folder, path), { recursive: true, force: true });
    cpSync(join(repository, path), join(this.folder, path), { recursive: true, verbatimSymlinks: true });
  }

  [Symbol.dispose](): void {
    // Before it listens no more: a signal that comes meanwhile waits until it is removed.
    rmSync(this.folder, { recursive: true, force: true });
    for (const signal of signals) process.off(signal, this.#end);
  }
}

/** Runs a command to its end. Throws what it said where it fails. */
export function run(
  command: string,
  args: readonly string[],
  folder: string,
  environment: NodeJS.ProcessEnv = {},
): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, ...environment },
    maxBuffer: 1 << 28,
  });
  if (error !== undefined) throw new Error(`${command}: ${error.message}`);
  if (status !== 0) throw new Error(`${[command, ...args].join(' ')}: exit code ${status}\n${stdout}${stderr}`);
  return stdout;
}
