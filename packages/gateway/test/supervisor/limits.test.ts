import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { isRunnable, limited } from '../../src/supervisor/limits.ts';

function run(command: readonly string[], args: readonly string[] = []) {
  const [program = '', ...words] = [...command, ...args];
  return spawnSync(program, words, { encoding: 'utf8' });
}

test('without limits nothing is put in front', () => {
  const command = ['./pricing', '--threads', '2'];
  assert.equal(limited(command), command);
  assert.equal(limited(command, {}), command);
});

test('each limit is in force, and the process is the program itself', () => {
  const limits = { memoryBytes: 2 ** 30, openFiles: 123, cpuSeconds: 77 };
  const { stdout } = run(limited(['cat', '/proc/self/limits', '/proc/self/comm'], limits));
  assert.match(stdout, /Max address space +1073741824 +1073741824/);
  assert.match(stdout, /Max open files +123 +123/);
  assert.match(stdout, /Max cpu time +77 +79/);
  assert.match(stdout, /\ncat\n$/);
});

test('CPUs are those that were given', () => {
  const allowed = (text: string) => /Cpus_allowed_list:\s*(\S+)/.exec(text)?.[1] ?? '';
  const [first = ''] = allowed(readFileSync('/proc/self/status', 'utf8')).split(/[-,]/);
  const { stdout } = run(limited(['cat', '/proc/self/status'], { cpus: first, openFiles: 100 }));
  assert.equal(allowed(stdout), first);
});

test('a program that takes too much CPU time is ended by SIGXCPU', () => {
  const { signal } = run(limited(['sh', '-c', 'while :; do :; done'], { cpuSeconds: 1 }));
  assert.equal(signal, 'SIGXCPU');
});

test('no word of a command means anything to the shell', () => {
  // NUL cannot be part of an argument.
  const word = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((text) => !text.includes('\0'));
  const nasty = fc.oneof(word, fc.constantFrom('$(id)', '`id`', '; id', "'", '"', '$HOME', '-c', '\n', '*', ''));
  fc.assert(
    fc.property(fc.array(nasty, { maxLength: 5 }), (words) => {
      const print = [process.execPath, '-p', 'JSON.stringify(process.argv.slice(1))', '--'];
      assert.deepEqual(JSON.parse(run(limited(print, { openFiles: 512 }), words).stdout), words);
    }),
    { numRuns: 8 },
  );
});

test('programs are looked up as the system does', async () => {
  assert.equal(await isRunnable('sh', '/'), true);
  assert.equal(await isRunnable('bin/sh', '/'), true);
  assert.equal(await isRunnable('./no-such-program', '/'), false);
  assert.equal(await isRunnable('no-such-program', '/'), false);
});
