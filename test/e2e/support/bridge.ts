/** A bridge on a free port, in folders of its own. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repository } from '../../../scripts/generated.ts';
import { end, eventually, isthmusCommand, type RunningCommand, type RunOptions, start } from './commands.ts';
import { descendantsOf, isAlive, type ProcessId, programOf, segmentsOf, segmentsStillMapped } from './processes.ts';

/** How long building and starting may take on a busy machine, in ms. */
const readyTimeoutMs = 180_000;

export interface Workspace extends AsyncDisposable {
  /** Empty at first. */
  readonly folder: string;
  /** Where the bridge makes its sockets, and everything temporary. */
  readonly runtime: string;
  /** Makes commands use `runtime`, and the copied example find the C library. */
  readonly env: Readonly<Record<string, string>>;
}

/** A folder that is removed afterwards. */
export async function makeWorkspace(): Promise<Workspace> {
  const root = await mkdtemp(join(tmpdir(), 'isthmus-e2e-'));
  const folder = join(root, 'project');
  const runtime = join(root, 'run');
  await mkdir(folder);
  await mkdir(runtime);
  return {
    folder,
    runtime,
    env: { XDG_RUNTIME_DIR: runtime, TMPDIR: runtime, ISTHMUS: join(repository, 'c') },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true }),
  };
}

/** Copies an example, so that a bridge that somebody runs in the repository is not taken for the test's own. */
export async function copyExample({ folder }: Workspace, example = 'pricing'): Promise<void> {
  const skipped = new Set(['.isthmus', 'build', 'node_modules', 'test']);
  const source = join(repository, 'examples', example);
  for (const name of readdirSync(source)) {
    if (!skipped.has(name)) await cp(join(source, name), join(folder, name), { recursive: true });
  }
  await linkPackages(folder);
}

/** Lets a folder outside the repository import its packages. */
export function linkPackages(folder: string): Promise<void> {
  return symlink(join(repository, 'node_modules'), join(folder, 'node_modules'));
}

export interface Bridge {
  readonly command: RunningCommand;
  readonly url: string;
  /** The running C programs of this name. */
  readonly instances: (name: string) => readonly ProcessId[];
}

/** Starts a bridge and waits until it serves. Register `endBridge` before anything can fail. */
export async function startBridge(
  options: RunOptions,
  command: readonly string[] = [...isthmusCommand, 'start', '--port', '0'],
): Promise<Bridge> {
  const running = start(command, options);
  try {
    const url = await eventually(() => {
      if (running.child.exitCode !== null) throw new Error(running.stderr());
      // Once the last line of the welcome is there, all of it is.
      return /serves (http:\S+)[\s\S]*Ctrl-C/.exec(running.stdout())?.[1];
    }, readyTimeoutMs);
    const instances = (name: string) => descendantsOf(running.pid).filter((one) => programOf(one) === name);
    return { command: running, url, instances };
  } catch (error) {
    await end(running);
    throw error;
  }
}

/** What tests call their own segments: of those others, which run at the same time, a bridge knows nothing. */
const ofTests = /^isth(mus)?-(e2e|cli|doctor|test)-/;

/** Remembers what a bridge holds; the function that it returns fails while any of it is left. */
export function holdingsOf({ command }: Bridge, { folder, runtime }: Workspace): () => void {
  const processes = descendantsOf(command.pid);
  const segments = segmentsOf(processes);
  const shared = readdirSync('/dev/shm');
  assert.notEqual(readdirSync(runtime).length, 0, 'its sockets are there while it runs');
  assert.notEqual(segments.size, 0, 'its segments are mapped while it runs');
  return () => {
    assert.deepEqual(processes.filter(isAlive).map(programOf), [], 'no process');
    assert.deepEqual(segmentsStillMapped(segments), [], 'no segment');
    // npm keeps the compiled form of its own sources there.
    const files = readdirSync(runtime).filter((name) => name !== 'node-compile-cache');
    assert.deepEqual(files, [], 'no socket, no folder');
    assert.deepEqual(
      readdirSync('/dev/shm').filter((name) => !shared.includes(name) && name.includes('isth') && !ofTests.test(name)),
      [],
      'no shared memory with a name',
    );
    assert.equal(existsSync(join(folder, '.isthmus/bridge.json')), false, 'no note');
  };
}

/** Stops a bridge as a supervisor would, or kills what did not stop. */
export async function endBridge({ command }: Bridge): Promise<void> {
  if (command.child.exitCode !== null || command.child.signalCode !== null) return;
  command.child.kill('SIGTERM');
  const timer = setTimeout(() => process.kill(-command.pid, 'SIGKILL'), 5000);
  await command.result;
  clearTimeout(timer);
}
