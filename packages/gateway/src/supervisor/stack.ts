/** What the threads of a process are doing, as text for a log. */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';

/** How long gdb may take, in ms. The process stands still meanwhile. */
const gdbMs = 5000;
/** The most bytes of a description. */
const maxBytes = 64 * 1024;
/** The most threads that are described without gdb. */
const maxThreads = 256;

/** No files of the user's or the program's are run, and nothing is downloaded. */
const gdbOptions = ['-nx', '-batch', '-iex', 'set auto-load off', '-iex', 'set debuginfod enabled off'];

/**
 * The stack of each thread, if there is a gdb on the PATH that may attach; else what `/proc` says of each. At most 64 KiB. Takes at
 * most some 5 s. Never rejects: where nothing can be found out, the text says so.
 */
export async function describeThreads(pid: number): Promise<string> {
  // Process ids of 0 and below mean others, or groups.
  if (!Number.isInteger(pid) || pid <= 0) return 'nothing is known of its threads: its process id is not known here';
  const text = (await stacksByGdb(pid)) ?? (await statesByProc(pid));
  return text === '' ? `nothing is known of its threads: there is no process ${pid}` : cut(text);
}

/** Undefined: there is no gdb, or it got no stack. */
function stacksByGdb(pid: number): Promise<string | undefined> {
  const args = [...gdbOptions, '-p', String(pid), '-ex', 'thread apply all backtrace 64'];
  const options = { timeout: gdbMs, killSignal: 'SIGKILL', maxBuffer: maxBytes } as const;
  return new Promise((resolve) => {
    // What it printed before it failed, or was ended for its time or its output, is worth as much.
    const child = execFile('gdb', args, options, (error, stdout) => {
      if (error?.killed === true) continueProcess(pid);
      resolve(threadsOf(stdout));
    });
    child.stdin?.destroy();
  });
}

/** A gdb that is killed lets go of the process, and may leave it as it was for its sake: stopped. */
function continueProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT');
  } catch {
    // It has gone.
  }
}

/** Without what gdb says before the first thread and after the last. Undefined: there is no stack. */
function threadsOf(output: string): string | undefined {
  const at = output.search(/^Thread \d/m);
  const threads =
    at < 0
      ? ''
      : output
          .slice(at)
          .replace(/^\[Inferior .*\n?/m, '')
          .trim();
  return /^#0 /m.test(threads) ? threads : undefined;
}

/** One line for each thread: what it is called, whether it runs, and what in the kernel it is in. */
async function statesByProc(pid: number): Promise<string> {
  const folder = `/proc/${pid}/task`;
  const ids = await readdir(folder).catch((): string[] => []);
  const shown = ids.slice(0, maxThreads);
  const lines = await Promise.all(shown.map((id) => describeThread(`${folder}/${id}`, id)));
  if (ids.length > maxThreads) lines.push(`and ${ids.length - maxThreads} more`);
  return lines.join('\n');
}

async function describeThread(folder: string, id: string): Promise<string> {
  const read = (name: string): Promise<string> =>
    readFile(`${folder}/${name}`, 'utf8').then(
      (text) => text.trim(),
      () => '?',
    );
  const [name, status, wchan, syscall] = await Promise.all(['comm', 'status', 'wchan', 'syscall'].map(read));
  const state = /^State:\s*(.*)$/m.exec(status ?? '')?.[1] ?? '?';
  return `Thread ${id} ${name}: state ${state}, wchan ${wchan}, syscall ${syscall}`;
}

function cut(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return text;
  const note = '\n(cut)';
  // A character that the cut goes through is left out.
  return `${new TextDecoder().decode(bytes.subarray(0, maxBytes - note.length)).replace(/\uFFFD$/, '')}${note}`;
}
