import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { runProgram } from '../../src/programs/run-program.ts';

const node = (script: string) => [process.execPath, '-e', script];
const options = { cwd: tmpdir() };

test('returns what the program wrote, and gives it the environment', async () => {
  const output = await runProgram(node('console.log(process.env.WORD)'), { ...options, env: { WORD: 'hello' } });
  assert.equal(output, 'hello');
});

test('a failure carries the exit code and the output', async () => {
  await assert.rejects(runProgram(node('console.error("no such flag"); process.exit(3)'), options), {
    code: 'BUILD_FAILED',
    detail: /ended with exit code 3:\nno such flag$/,
  });
});

test('a program that is not there is named', async () => {
  await assert.rejects(runProgram(['no-such-program'], options), {
    code: 'BUILD_FAILED',
    detail: /^no-such-program cannot be run/,
  });
});

test('a signal ends the program', async () => {
  const controller = new AbortController();
  const running = runProgram(node('setInterval(() => {}, 1000)'), { ...options, signal: controller.signal });
  setTimeout(() => controller.abort(), 50);
  await assert.rejects(running, { code: 'BUILD_FAILED' });
});
