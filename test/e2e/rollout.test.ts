/** A service replaced by its next version while it is called: no call fails, and a version that is no good changes nothing. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connect } from '@isthmus/core';
import { askStatus } from '../../packages/cli/src/admin/client.ts';
import { findRunningService } from '../../packages/cli/src/running-bridge.ts';
import { type Bridge, endBridge, makeWorkspace, startBridge, type Workspace } from './support/bridge.ts';
import { eventually, isthmusCommand, type Result, run } from './support/commands.ts';
import { configText, counter, programText, writeCounter } from './support/counter.ts';
import { post } from './support/http.ts';
import { Load } from './support/load.ts';
import { isAlive, type ProcessId } from './support/processes.ts';

const crashing = `#include <stdio.h>
int main(void) { fputs("no such device\\n", stderr); return 3; }
`;

let workspace: Workspace;
let bridge: Bridge;
let stopBridge = async (): Promise<void> => {};
const inWorkspace = () => ({ cwd: workspace.folder, env: workspace.env });
const rollOut = (...options: string[]): Promise<Result> =>
  run([...isthmusCommand, 'rollout', 'counter', ...options], inWorkspace());
const write = (name: string, text: string) => writeFile(join(workspace.folder, name), text);

before(async () => {
  workspace = await makeWorkspace();
  await writeCounter(workspace.folder, configText(2));
  bridge = await startBridge(inWorkspace());
  stopBridge = () => endBridge(bridge);
});
after(async () => {
  await stopBridge();
  await workspace[Symbol.asyncDispose]();
});

async function pidsNow(): Promise<readonly (number | null)[]> {
  const { services } = await askStatus({ folder: workspace.folder, signal: AbortSignal.timeout(60_000) });
  return services.flatMap(({ instances }) => instances.map(({ pid }) => pid));
}

test('a rollout under load loses no call, and one that is no good changes nothing', async (t) => {
  const path = (await findRunningService(workspace.folder, 'counter')) ?? assert.fail('no bridge');
  await using client = await connect(counter, { path, timeoutMs: 60_000, connectTimeoutMs: 60_000 });
  const overHttp = new Load(16, async (number) => {
    const { status, body } = await post(`${bridge.url}/v1/call/counter/count`, { number }, { limitMs: 120_000 });
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  });
  const direct = new Load(16, (number) => client.count({ number }));
  const loads = [overHttp, direct];
  t.after(() => Promise.all(loads.map((load) => load.stop())));
  const answered = (): Promise<true> => {
    for (const load of loads) load.forget();
    return eventually(() => (loads.every(({ answers }) => answers >= 100) ? true : undefined), 60_000);
  };
  const versions = (): unknown[][] => loads.map((load) => [...load.versions]);

  await answered();
  assert.deepEqual(versions(), [[1], [1]]);
  const old: readonly ProcessId[] = bridge.instances('counter');
  assert.equal(old.length, 2);

  await t.test('the next version, with one instance more', async () => {
    await write('counter.c', programText(2));
    await write('isthmus.config.ts', configText(3));
    const { code, stdout, stderr } = await rollOut();
    assert.equal(code, 0, stderr);
    assert.equal(stdout, 'counter: 2 instances replaced\n');
    assert.match(stderr, /counter\/5 takes calls\ncounter\/1 drains\ncounter\/1 ended with exit code 0\n/);
    assert.deepEqual(old.filter(isAlive), []);
    assert.equal(bridge.instances('counter').length, 3);
    await answered();
    assert.deepEqual(versions(), [[2], [2]]);
  });

  await t.test('and the one after that', async () => {
    await write('counter.c', programText(3));
    const { code, stdout, stderr } = await rollOut();
    assert.equal(code, 0, stderr);
    assert.equal(stdout, 'counter: 3 instances replaced\n');
    await answered();
    assert.deepEqual(versions(), [[3], [3]]);
  });

  const pids = await pidsNow();
  await t.test('one that does not compile', async () => {
    await write('counter.c', 'int main(void) { return no_such_thing; }\n');
    const { code, stderr } = await rollOut();
    assert.equal(code, 1);
    assert.match(stderr, /BUILD_FAILED[\s\S]*no_such_thing/);
    assert.deepEqual(await pidsNow(), pids);
  });

  await t.test('one that ends at its start', async () => {
    await write('counter.c', crashing);
    const { code, stdout, stderr } = await rollOut('--json');
    assert.equal(code, 1);
    assert.match(stderr, /ROLLOUT_FAILED[\s\S]*exit code 3[\s\S]*no such device/);
    const [first = ''] = stdout.split('\n');
    assert.match(first, /^{"event":"starting","instance":"counter\/\d"}$/);
    assert.deepEqual(await pidsNow(), pids);
    await answered();
    assert.deepEqual(versions(), [[3], [3]]);
  });

  await Promise.all(loads.map((load) => load.stop()));
  assert.deepEqual(
    loads.map(({ failures }) => failures),
    [[], []],
  );

  await t.test('what is started again afterwards is the version that runs', async () => {
    for (const { pid } of bridge.instances('counter')) process.kill(pid, 'SIGKILL');
    const answer = await eventually(async () => {
      const { status, body } = await post(`${bridge.url}/v1/call/counter/count`, { number: 1 });
      return status === 200 && !pids.includes(Number(body.pid)) ? body : undefined;
    }, 60_000);
    assert.equal(answer.version, 3);
  });

  await t.test('a second one at the same time is refused', async () => {
    await write('counter.c', programText(4));
    const results = await Promise.all([rollOut(), rollOut()]);
    const codes = results.map(({ code }) => code).sort();
    // Or they were one after the other, on a machine that had its mind elsewhere.
    if (codes[1] === 1) assert.match(results.map(({ stderr }) => stderr).join(''), /another rollout of counter/);
    assert.equal(codes[0], 0);
  });
});

test('status shows how each instance is', async () => {
  const { code, stdout, stderr } = await run([...isthmusCommand, 'status'], inWorkspace());
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^SERVICE +INSTANCE +PID +STATE +RESTARTS +UPTIME +IN FLIGHT +LAST EXIT\n/);
  assert.match(stdout, /^counter +counter\/\d +\d+ +ready +0 +\d.* +0 +-$/m);
});

test('Ctrl-C of the bridge during a rollout leaves nothing', async () => {
  // Comes up and never takes calls.
  await write('counter.c', '#include <unistd.h>\nint main(void) { for (;;) pause(); }\n');
  const rollout = rollOut();
  const held = await eventually(() => {
    const found = bridge.instances('counter');
    return found.length > 3 ? found : undefined;
  }, 60_000);
  bridge.command.child.kill('SIGINT');
  assert.equal((await bridge.command.result).code, 0);
  assert.deepEqual(held.filter(isAlive), []);
  const { code, stderr } = await rollout;
  assert.equal(code, 1);
  assert.match(stderr, /ROLLOUT_FAILED/);

  const afterwards = await rollOut();
  assert.equal(afterwards.code, 1);
  assert.match(afterwards.stderr, /NO_BRIDGE/);
});
