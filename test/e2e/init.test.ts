/** A new project, as `isthmus init` makes it from a checkout: installed, tested, checked, started, without an edit. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Bridge, endBridge, makeWorkspace, startBridge, type Workspace } from './support/bridge.ts';
import { isthmusCommand, type Result, run, runShell } from './support/commands.ts';

let workspace: Workspace;
/** The project; its name has a hyphen, which neither TypeScript nor C knows. */
let project = '';
before(async () => {
  workspace = await makeWorkspace();
  project = join(workspace.folder, 'water-tank');
});
after(() => workspace[Symbol.asyncDispose]());

async function inProject(line: string): Promise<Result> {
  const result = await runShell(line, { cwd: project, env: workspace.env });
  assert.equal(result.code, 0, `${line}\n${result.stdout}${result.stderr}`);
  return result;
}

test('a new project installs, passes its own test and its type check, and starts', { timeout: 240_000 }, async (t) => {
  const made = await run([...isthmusCommand, 'init', 'water-tank'], { cwd: workspace.folder, env: workspace.env });
  assert.equal(made.code, 0, made.stderr);
  assert.match(made.stdout, /cd water-tank && npm install && npm start/);
  await inProject('npm install --prefer-offline --no-audit --no-fund');

  let bridge: Bridge | undefined;
  t.after(() => bridge && endBridge(bridge));
  bridge = await startBridge({ cwd: project, env: workspace.env }, ['npm', 'start', '--', '--port', '0']);
  assert.match(bridge.command.stdout(), /waterTank \(2 instances\)/);
  const line = /^ *(curl .*)$/m.exec(bridge.command.stdout())?.[1] ?? '';
  assert.deepEqual(JSON.parse((await inProject(line)).stdout), { quotient: 5.25 });
  const called = await inProject(`npx isthmus call waterTank divide '{"dividend":1,"divisor":4}'`);
  assert.deepEqual(JSON.parse(called.stdout), { quotient: 0.25 });
  process.kill(-bridge.command.pid, 'SIGINT');
  assert.equal((await bridge.command.result).code, 0);
  assert.equal(existsSync(join(project, '.isthmus/bridge.json')), false);

  assert.match((await inProject('npm test')).stdout, /pass 2/);
  await inProject('npm run check');
  const left = readdirSync(workspace.runtime).filter((name) => name.startsWith('isthmus-'));
  assert.deepEqual(left, []);
});
