/** `isthmus call` over the example's option chain, with a bridge that runs and without one. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { copyExample, endBridge, makeWorkspace, startBridge, type Workspace } from './support/bridge.ts';
import { isthmusCommand, type Result, run } from './support/commands.ts';

const rows = 50_000;

let workspace: Workspace;
before(async () => {
  workspace = await makeWorkspace();
  await copyExample(workspace);
});
after(() => workspace[Symbol.asyncDispose]());

function quote(...args: string[]): Promise<Result> {
  const command = [...isthmusCommand, 'call', 'pricing', 'quote', ...args];
  return run(command, { cwd: workspace.folder, env: workspace.env });
}

const linesOf = async (name: string) => (await readFile(join(workspace.folder, name), 'utf8')).trimEnd().split('\n');

test('the whole chain without a bridge: every row in order, and nothing left running', async (t) => {
  const { code, stderr } = await quote('--input', 'chain.ndjson', '--output', 'alone.ndjson');
  assert.equal(code, 0, stderr);
  const summary = /^50,000 rows, 0 errors, .*$/m.exec(stderr)?.[0];
  assert.ok(summary, stderr);
  t.diagnostic(summary);
  const outputs = await linesOf('alone.ndjson');
  assert.equal(outputs.length, rows);
  const inputs = await linesOf('chain.ndjson');
  for (const index of [0, 1, 12_345, rows - 1]) {
    const { code: single, stdout } = await quote(inputs[index] ?? '');
    assert.equal(single, 0);
    assert.equal(stdout.trim(), outputs[index], `row ${index + 1}`);
  }
  assert.deepEqual(readdirSync(workspace.runtime), []);
});

test('a running bridge is used, and gives the same bytes', async () => {
  const bridge = await startBridge({ cwd: workspace.folder, env: workspace.env });
  try {
    const { code, stderr } = await quote('--input', 'chain.ndjson', '--output', 'together.ndjson');
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stderr, /building/);
    assert.deepEqual(await linesOf('together.ndjson'), await linesOf('alone.ndjson'));
    assert.equal(bridge.instances('pricing').length, 2);
  } finally {
    await endBridge(bridge);
  }
});

test('bad rows are named by their lines and stop nothing; the exit code tells', async () => {
  const inputs = (await linesOf('chain.ndjson')).slice(0, 1000);
  inputs[9] = '{"spot":';
  inputs[499] = '{"spot":"high"}';
  inputs[999] = JSON.stringify({ ...JSON.parse(inputs[999] ?? ''), volatility: -1 });
  await writeFile(join(workspace.folder, 'bad.ndjson'), `${inputs.join('\n')}\n`);
  const { code, stderr } = await quote('--input', 'bad.ndjson', '--output', 'bad.out.ndjson');
  assert.equal(code, 1);
  assert.match(stderr, /^line 10: MALFORMED_BODY: /m);
  assert.match(stderr, /^line 500: INVALID_INPUT: \/spot must be a finite number/m);
  assert.match(stderr, /^line 1000: HANDLER_REFUSED: volatility is -1/m);
  assert.match(stderr, /^1,000 rows, 3 errors/m);
  const outputs = await linesOf('bad.out.ndjson');
  const whole = await linesOf('alone.ndjson');
  for (const [index, line] of outputs.entries()) {
    if ([9, 499, 999].includes(index)) assert.equal(JSON.parse(line).error.line, index + 1);
    else assert.equal(line, whole[index]);
  }
  assert.equal(outputs.length, 1000);
});

test('--fail-fast stops at the first bad row and writes no file', async () => {
  const { code, stderr } = await quote('--input', 'bad.ndjson', '--output', 'none.ndjson', '--fail-fast');
  assert.equal(code, 1);
  assert.match(stderr, /^line 10: /m);
  assert.equal(existsSync(join(workspace.folder, 'none.ndjson')), false);
});

test('wrong usage is exit code 2', async () => {
  assert.equal((await quote('{}', '--input', 'chain.ndjson')).code, 2);
  assert.equal((await quote('--no-such-option')).code, 2);
});
