import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandLine, Program } from '../../benchmarks/harness/processes.ts';
import { eventually } from '../support/eventually.ts';

const patienceMs = 60_000;

function script(text: string): { readonly program: string; readonly args: readonly string[] } {
  return { program: process.execPath, args: ['-e', text] };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('a program says its lines and ends with its stdin', async () => {
  const text = `console.log('ready'); process.stdin.on('data', (line) => console.log('got ' + line.toString().trim()));`;
  await using program = new Program(script(text), { name: 'the server' });
  await program.expect('ready', patienceMs);
  program.tell('this');
  assert.equal(await program.line('an answer', patienceMs), 'got this');
  await program[Symbol.asyncDispose]();
  await assert.rejects(program.line('more', patienceMs), /^Error: the server ended without "more", exit code 0$/);
});

test('what a program says on stderr is in the error', async () => {
  await using program = new Program(script(`console.error('no such thing'); process.exit(3)`), { name: 'it' });
  await assert.rejects(
    program.expect('ready', patienceMs),
    /^Error: it ended without "ready", exit code 3; it said: no such thing$/,
  );
  await using silent = new Program(script('setInterval(() => {}, 1000)'), { name: 'it', endBy: 'SIGTERM' });
  await assert.rejects(silent.expect('ready', 10), /^Error: it said no "ready" within 10 ms$/);
  await using absent = new Program({ program: '/no/such/program', args: [] }, { name: 'it' });
  await assert.rejects(absent.expect('ready', patienceMs), /ENOENT/);
});

test('whoever does not end is made to, with what it has started', async () => {
  const child = `require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])`;
  const stubborn = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log(${child}.pid)`;
  let pid = 0;
  {
    await using program = new Program(script(stubborn), { name: 'it', endBy: 'SIGTERM' });
    pid = Number(await program.line('its child', patienceMs));
    assert.ok(isAlive(pid));
  }
  await eventually('its child has gone', () => !isAlive(pid));
});

test('CPU time is counted for a program and for what it has started, each by itself', async () => {
  const child = `require('node:child_process').spawn(process.execPath, ['-e', 'for (;;) {}'])`;
  await using program = new Program(script(`${child}; setInterval(() => {}, 1000)`), { name: 'it', endBy: 'SIGTERM' });
  await eventually('its child has used 50 ms', () => program.cpuTime.descendants > 50e6);
  const { own, descendants } = program.cpuTime;
  assert.ok(own > 0);
  await eventually('its child uses more', () => program.cpuTime.descendants > descendants);
  assert.ok(program.memory > 2 ** 20);
});

test('the CPU and the priority come before the program', () => {
  const command = { program: 'echo', args: ['a', 'b'] };
  assert.deepEqual(commandLine(command, { name: '' }), ['echo', 'a', 'b']);
  assert.deepEqual(commandLine(command, { name: '', cpu: 1 }), ['taskset', '--cpu-list', '1', 'echo', 'a', 'b']);
  const urgent = commandLine(command, { name: '', cpu: 0, urgent: true });
  assert.deepEqual(urgent.slice(0, 3), ['chrt', '--other', '0']);
  assert.deepEqual(urgent.slice(-6), ['taskset', '--cpu-list', '0', 'echo', 'a', 'b']);
});
