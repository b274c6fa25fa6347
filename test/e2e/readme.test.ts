/** The README, followed to the letter: its files, its commands, and the answers that it prints. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { repository } from '../../scripts/generated.ts';
import { type Bridge, endBridge, makeWorkspace, startBridge, type Workspace } from './support/bridge.ts';
import { end, eventually, runShell, start } from './support/commands.ts';

interface Block {
  /** `sh`, `ts`, `c`, `json`, `text`. */
  readonly language: string;
  /** The name of the file that the reader makes of it; empty for commands and their output. */
  readonly file: string;
  readonly text: string;
}

let blocks: readonly Block[] = [];
let markdown = '';
let workspace: Workspace;
/** What the reader makes with mkdir: a folder in the checkout. */
let folder = '';
before(async () => {
  markdown = await readFile(join(repository, 'README.md'), 'utf8');
  blocks = [...markdown.matchAll(/^```(\w+)(?: (\S+))?\n([\s\S]*?)^```$/gm)].map(
    ([, language = '', file = '', text = '']) => ({ language, file, text: text.trimEnd() }),
  );
  workspace = await makeWorkspace();
  await mkdir(join(repository, 'build'), { recursive: true });
  folder = await mkdtemp(join(repository, 'build/readme-'));
  for (const { file, text } of blocks) if (file !== '') await writeFile(join(folder, file), `${text}\n`);
});
after(async () => {
  await rm(folder, { recursive: true });
  await workspace[Symbol.asyncDispose]();
});

const inFolder = () => ({ cwd: folder, env: workspace.env });

/** The command of the README that begins so, without its comment. */
function commandOf(beginning: string): string {
  const found = blocks.find(({ language, text }) => language === 'sh' && text.startsWith(beginning));
  assert.ok(found, `the README has a command that begins with ${beginning}`);
  return found.text;
}

/** Runs every curl of the README that calls `path`, and holds the answers against the blocks that follow. */
async function checkCalls(path: string, { url }: Bridge): Promise<void> {
  const calls = blocks.flatMap((block, index) =>
    block.language === 'sh' && block.text.startsWith('curl') && block.text.includes(path)
      ? [{ line: block.text, answer: blocks[index + 1]?.text ?? '' }]
      : [],
  );
  assert.ok(calls.length > 0, path);
  for (const { line, answer } of calls) {
    const { code, stdout } = await runShell(line.replace('http://127.0.0.1:8080', url), inFolder());
    assert.equal(code, 0, line);
    assertSame(JSON.parse(stdout), JSON.parse(answer));
  }
}

/** Doubles may differ in their last digits between mathematical libraries; nothing else may. */
function assertSame(actual: Record<string, unknown>, expected: Record<string, unknown>): void {
  assert.deepEqual(Object.keys(actual), Object.keys(expected), JSON.stringify(actual));
  for (const [name, value] of Object.entries(expected)) {
    const got = actual[name];
    if (typeof value !== 'number' || typeof got !== 'number') assert.deepEqual(got, value, name);
    else assert.ok(Math.abs(got - value) <= 1e-12 * Math.abs(value), `${name} is ${got}, the README says ${value}`);
  }
}

test('what npm start serves answers as the README shows', async (t) => {
  assert.equal(commandOf('npm ci'), 'npm ci && npm start');
  const command = ['sh', '-c', 'exec npm start -- --port 0'];
  const bridge = await startBridge({ cwd: repository, env: workspace.env }, command);
  t.after(() => end(bridge.command));
  await checkCalls('/pricing/', bridge);
  const regionCommand = (beginning: string) => commandOf(beginning).replace('http://127.0.0.1:8080', bridge.url);
  const row = await runShell(regionCommand('curl -s http://127.0.0.1:8080/v1/regions/'), inFolder());
  assert.equal(JSON.parse(row.stdout).symbol, 'ANVIL');
  const watched = await runShell(`${regionCommand('curl -sN')} | grep -m 3 '^data:'`, inFolder());
  const values = watched.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line.slice('data: '.length)));
  assert.equal(values.length, 3);
  assert.ok(Number(values[0].updates) < Number(values[2].updates), 'each is newer than the one before');
  process.kill(-bridge.command.pid, 'SIGINT');
  assert.equal((await bridge.command.result).code, 0);
});

test('a C program is wrapped in at most 15 lines, which compile without a warning and answer', async (t) => {
  const files = blocks.filter(({ file }) => file.startsWith('tank.'));
  assert.deepEqual(files.map(({ file }) => file).sort(), ['tank.c', 'tank.schema.ts']);
  const lines = files.flatMap(({ text }) => text.split('\n')).filter((line) => line.trim() !== '');
  assert.ok(lines.length <= 15, `${lines.length} lines`);

  const line = commandOf('npx isthmus start');
  const bridge = await startBridge(inFolder(), ['sh', '-c', `exec ${line} --port 0`]);
  t.after(() => endBridge(bridge));
  assert.doesNotMatch(bridge.command.stdout() + bridge.command.stderr(), /warning/);
  await checkCalls('/tank/', bridge);
});

test('TypeScript calls the program without a gateway', async (t) => {
  const program = start(['sh', '-c', `exec ${commandOf('.isthmus/bin/')}`], inFolder());
  t.after(async () => {
    program.child.kill('SIGTERM');
    assert.equal((await program.result).code, 0);
  });
  await eventually(() => (existsSync(join(folder, 'tank.sock')) ? true : undefined));
  const { code, stdout, stderr } = await runShell(commandOf('npx node'), inFolder());
  assert.equal(code, 0, stderr);
  assert.equal(stdout.trimEnd(), blocks.find(({ language }) => language === 'text')?.text);
});

test('what the README links to is there', () => {
  const targets = [...markdown.matchAll(/\]\(([^)#]+)[^)]*\)/g)].map((match) => match[1] ?? '');
  const missing = targets.filter((target) => !target.startsWith('http') && !existsSync(join(repository, target)));
  assert.deepEqual(missing, []);
});
