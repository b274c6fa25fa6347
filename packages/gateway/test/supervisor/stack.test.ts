import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { compileProgram } from '../../../../test/support/compile.ts';
import { eventually } from '../../../../test/support/eventually.ts';
import { TemporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { describeThreads } from '../../src/supervisor/stack.ts';

const source = `
#include <pthread.h>
#include <unistd.h>
static volatile int leave;
static void *loop_for_ever(void *unused) {
  (void)unused;
  while (leave == 0) {
  }
  return NULL;
}
int main(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, loop_for_ever, NULL);
  alarm(120);
  pause();
  return 0;
}
`;

const pathOfOurs = process.env.PATH;

/** Whether a gdb is there, and may look into this process. */
function mayDebug(pid: number): boolean {
  const { error, stderr } = spawnSync('gdb', ['-nx', '-batch', '-p', String(pid)], { encoding: 'utf8' });
  return error === undefined && !stderr.includes('not permitted');
}

function stateOf(pid: number): string {
  return /^State:\s*(\S)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
}

describe('describeThreads', () => {
  let program: ChildProcess;
  let pid = 0;
  let folder: TemporaryFolder;

  beforeEach(async () => {
    folder = new TemporaryFolder();
    program = spawn(compileProgram('loops', source), { stdio: 'ignore' });
    await once(program, 'spawn');
    pid = program.pid ?? 0;
    await eventually('its second thread', () => readFileSync(`/proc/${pid}/status`, 'utf8').includes('Threads:\t2'));
  });

  afterEach(async () => {
    process.env.PATH = pathOfOurs;
    const gone = once(program, 'exit');
    program.kill('SIGKILL');
    await gone;
    folder[Symbol.dispose]();
  });

  /** A gdb that is a shell script, and the only program on the PATH. */
  function fakeGdb(script: string): void {
    writeFileSync(folder.join('gdb'), `#!/bin/sh\n${script}\n`);
    chmodSync(folder.join('gdb'), 0o700);
    process.env.PATH = folder.path;
  }

  function noGdb(): void {
    process.env.PATH = folder.path;
  }

  function assertFromProc(text: string): void {
    const lines = text.split('\n');
    assert.equal(lines.length, 2);
    for (const line of lines) assert.match(line, /^Thread \d+ loops: state [A-Z] \(.+\), wchan \S+, syscall .+$/);
    assert.ok(lines.some((line) => line.startsWith(`Thread ${pid} `)));
  }

  it('has the stack of each thread, where a gdb may attach', async (t) => {
    if (!mayDebug(pid)) {
      t.skip('there is none, or it may not');
      return;
    }
    let text = '';
    // On a machine that is held up it may not come to it in its time, nor the thread to its loop.
    const describesStack = async (): Promise<boolean> => {
      text = await describeThreads(pid);
      return text.includes('loop_for_ever (');
    };
    await eventually('a stack', describesStack, 60_000);
    assert.match(text, /^Thread 2 /);
    assert.match(text, /^#0 .*loop_for_ever \(/m);
    assert.match(text, /^#\d+ .* in main \(\) at /m);
    await eventually('the process to go on', () => stateOf(pid) !== 'T');
  });

  it('asks gdb without running what the user or the program has for it', async () => {
    fakeGdb(`echo "warning: noise"; echo "Thread 1 (of many):"; echo "#0  0x1 in told ($*)"`);
    const text = await describeThreads(pid);
    assert.match(text, /^Thread 1 \(of many\):\n#0 {2}0x1 in told \(-nx -batch /);
    assert.ok(text.includes(`-p ${pid} `));
    assert.ok(text.includes('set auto-load off') && text.includes('set debuginfod enabled off'));
  });

  it('says what the kernel knows, where there is no gdb', async () => {
    noGdb();
    assertFromProc(await describeThreads(pid));
  });

  it('says what the kernel knows, where gdb may not attach', async () => {
    fakeGdb('echo "ptrace: Operation not permitted." >&2; echo "No threads."; exit 1');
    assertFromProc(await describeThreads(pid));
  });

  it('does not wait for a gdb that hangs, and has the process go on', async () => {
    // What gdb does first.
    fakeGdb(`kill -STOP ${pid}; exec /bin/sleep 100`);
    assertFromProc(await describeThreads(pid));
    await eventually('the process to go on', () => stateOf(pid) !== 'T');
  });

  it('is of 64 KiB at most', async () => {
    fakeGdb('echo "Thread 1 (of many):"; while :; do echo "#0  0x1 in deep ()"; done');
    const text = await describeThreads(pid);
    assert.match(text, /^Thread 1 \(of many\):\n#0 /);
    assert.ok(Buffer.byteLength(text) <= 65_536);
    assert.ok(Buffer.byteLength(text) > 60_000);
  });

  it('says so where there is nothing to be found out', async () => {
    noGdb();
    assert.match(await describeThreads(2 ** 30), /^nothing is known of its threads: there is no process/);
    for (const unknown of [0, -1, Number.NaN]) {
      assert.match(await describeThreads(unknown), /^nothing is known of its threads: its process id/);
    }
  });
});
