/** `npm start` as a newcomer tries it: it comes up, does what it prints, and leaves nothing behind however it ends. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import { adminSocketName } from '@isthmus/gateway';
import { repository } from '../../scripts/generated.ts';
import { type Bridge, copyExample, holdingsOf, makeWorkspace, startBridge, type Workspace } from './support/bridge.ts';
import { end, eventually, runShell } from './support/commands.ts';
import { hull, post } from './support/http.ts';
import { isAlive } from './support/processes.ts';

let workspace: Workspace;
before(async () => {
  workspace = await makeWorkspace();
  await copyExample(workspace);
});
after(() => workspace[Symbol.asyncDispose]());

const inWorkspace = () => ({ cwd: workspace.folder, env: workspace.env });

test('npm start serves, its curl line works as printed, and Ctrl-C leaves nothing within two seconds', async (t) => {
  const begun = performance.now();
  const bridge = await startBridge({ cwd: repository, env: workspace.env }, ['npm', 'start', '--', '--port', '0']);
  t.after(() => end(bridge.command));
  t.diagnostic(`ready after ${Math.round(performance.now() - begun)} ms`);
  assert.match(bridge.command.stdout(), /pricing \(2 instances\)/);
  assert.equal(bridge.instances('pricing').length, 2);

  const line = /^ *(curl .*)$/m.exec(bridge.command.stdout())?.[1] ?? '';
  const { code, stdout } = await runShell(line, inWorkspace());
  assert.equal(code, 0, line);
  assert.match(String(JSON.parse(stdout).price), /^4\.759422/);
  assert.match(String((await post(`${bridge.url}/v1/call/pricing/quote`, hull)).body.price), /^4\.759422/);
  const put = await post(`${bridge.url}/v1/call/pricing/quote`, { ...hull, kind: 'put' });
  assert.match(String(put.body.price), /^0\.808599/);
  const { volatility: _, ...option } = hull;
  const implied = await post(`${bridge.url}/v1/call/pricing/impliedVolatility`, { ...option, price: 4.76 });
  assert.ok(Math.abs(Number(implied.body.volatility) - 0.2) < 1e-3);

  const nothingIsLeft = holdingsOf(bridge, { ...workspace, folder: join(repository, 'examples/pricing') });
  const stopped = performance.now();
  // A terminal sends it to npm, to npm's shell and to the bridge at once.
  process.kill(-bridge.command.pid, 'SIGINT');
  const { code: ended } = await bridge.command.result;
  // 130 where npm was held up: what it passes on a third of a second later counts as a second Ctrl-C.
  assert.ok(ended === 0 || ended === 130, `${ended} ${bridge.command.stderr()}`);
  t.diagnostic(`stopped after ${Math.round(performance.now() - stopped)} ms`);
  // Two seconds on a quiet machine, which this one need not be.
  assert.ok(performance.now() - stopped < 30_000, `${performance.now() - stopped} ms`);
  nothingIsLeft();
});

test('instances end by themselves when the bridge is killed', async (t) => {
  const bridge: Bridge = await startBridge(inWorkspace());
  t.after(async () => {
    await end(bridge.command);
    await rm(join(workspace.folder, '.isthmus'), { recursive: true, force: true });
  });
  const instances = [...bridge.instances('pricing'), ...bridge.instances('feed')];
  assert.equal(instances.length, 3);
  const killed = performance.now();
  bridge.command.child.kill('SIGKILL');
  await bridge.command.result;
  await eventually(() => (instances.some(isAlive) ? undefined : true));
  t.diagnostic(`instances ended ${Math.round(performance.now() - killed)} ms after their supervisor`);
  // Nobody is left to remove the folder and the bridge's own socket, but each instance has removed its own.
  const files = readdirSync(workspace.runtime, { recursive: true }).map(String);
  const sockets = files.filter((name) => name.endsWith('.sock') && basename(name) !== adminSocketName);
  assert.deepEqual(sockets, []);
  assert.ok(existsSync(join(workspace.folder, '.isthmus/bridge.json')), 'a stale note');
  // The note that it left misleads nobody: a call starts instances of its own.
  const { code, stderr } = await runShell(`npx isthmus call pricing quote '${JSON.stringify(hull)}'`, inWorkspace());
  assert.equal(code, 0, stderr);
});
