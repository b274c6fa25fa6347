/** docs/regions.md, followed to the letter: its schema, its C programs, its TypeScript programs, and what they print. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { errors, isService, type Service } from '@isthmus/schema';
import { repository } from '../../scripts/generated.ts';
import { compileProgram, compileService } from '../support/compile.ts';
import { startInstance } from '../support/instance.ts';
import { linkPackages, makeWorkspace, type Workspace } from './support/bridge.ts';
import { end, eventually, run, start } from './support/commands.ts';

const page = await readFile(join(repository, 'docs/regions.md'), 'utf8');
/** By file name: its text, and what the page says that it prints. */
const programs = new Map<string, { readonly text: string; readonly prints: string }>();
for (const [, file = '', text = '', prints = ''] of page.matchAll(
  /^```\w+ (\S+)\n([\s\S]*?)^```$(?:\n\n```text\n([\s\S]*?)^```$)?/gm,
)) {
  programs.set(file, { text, prints });
}

let workspace: Workspace;
let boiler: Service;
before(async () => {
  workspace = await makeWorkspace();
  await linkPackages(workspace.folder);
  for (const [file, { text }] of programs) await writeFile(join(workspace.folder, file), text);
  const module: { readonly boiler?: unknown } = await import(join(workspace.folder, 'boiler.schema.ts'));
  assert.ok(isService(module.boiler));
  boiler = module.boiler;
});
after(() => workspace[Symbol.asyncDispose]());

const textOf = (file: string) => programs.get(file)?.text ?? assert.fail(`the page has no ${file}`);

async function prints(file: string, command: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await run(command, { cwd: workspace.folder });
  assert.equal(code, 0, stderr);
  assert.equal(stdout, programs.get(file)?.prints);
}

test('the owner in C is read and written by TypeScript, and read by C', async () => {
  const socket = join(workspace.folder, 'boiler.sock');
  await using _owner = await startInstance(compileService(boiler, textOf('boiler.c')), socket);
  await prints('read.ts', [process.execPath, 'read.ts']);
  await prints('read.c', [compileService(boiler, textOf('read.c'))]);
});

test('the owner in TypeScript', () => prints('own.ts', [process.execPath, 'own.ts']));

test('a segment that a C program made is attached', async (t) => {
  // Other keys than the page's, so that two runs of this test do not meet.
  const base = (0x60000000 + Math.floor(Math.random() * 0x10000000)) & ~1;
  const source = textOf('attach.ts')
    .replace('0x7a6b0001', String(base))
    .replace('0x7a6b0002', String(base + 1));
  await writeFile(join(workspace.folder, 'attach.ts'), source);
  const tank = start([compileProgram('doc_tank', tankProgram), String(base)], { cwd: workspace.folder });
  t.after(async () => {
    tank.child.kill('SIGTERM');
    assert.equal((await tank.result).code, 0);
    await end(tank);
  });
  await eventually(() => (tank.stdout() === '' ? undefined : true));
  const { code, stdout, stderr } = await run([process.execPath, 'attach.ts'], { cwd: workspace.folder });
  assert.equal(code, 0, stderr);
  assert.equal(stdout, '2.5 7\n');
  await eventually(() => (tank.stdout().includes('setpoint 3.5') ? true : undefined));
});

test('what the page links to is there, and every error that it names', () => {
  for (const [, target = '', anchor] of page.matchAll(/\]\(([^)#]*)(?:#([^)]*))?\)/g)) {
    const file = target === '' ? join(repository, 'docs/regions.md') : join(repository, 'docs', target);
    assert.ok(existsSync(file), target);
    if (target === 'errors.md') assert.ok(Object.hasOwn(errors, (anchor ?? '').toUpperCase()), anchor);
  }
});

/** As somebody would have written it who had never heard of Isthmus. Prints the set point when it changes. */
const tankProgram = `
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

struct tank { double level, setpoint; int alarms; };

static volatile sig_atomic_t stopped;
static void stop(int signal) { (void)signal; stopped = 1; }

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  key_t key = (key_t)atol(argv[1]);
  int memory = shmget(key, sizeof(struct tank), IPC_CREAT | 0600), lock = semget(key + 1, 1, IPC_CREAT | 0600);
  struct tank *tank = shmat(memory, NULL, 0);
  if (memory < 0 || lock < 0 || tank == (void *)-1) return 1;
  tank->level = 2.5;
  tank->alarms = 7;
  semctl(lock, 0, SETVAL, 1);
  signal(SIGTERM, stop);
  puts("ready");
  fflush(stdout);
  for (double seen = 0; !stopped; usleep(10000)) {
    struct sembuf take = {0, -1, SEM_UNDO}, give = {0, 1, SEM_UNDO};
    if (semop(lock, &take, 1) != 0) continue;
    if (tank->setpoint != seen) printf("setpoint %.1f\\n", seen = tank->setpoint);
    fflush(stdout);
    semop(lock, &give, 1);
  }
  shmctl(memory, IPC_RMID, NULL);
  semctl(lock, 0, IPC_RMID);
  return 0;
}
`;
