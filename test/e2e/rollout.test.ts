/** A service replaced by its next version while it is called: no call fails, and a version that is no good changes nothing. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '@isthmus/core';
import { call, service, struct, u32 } from '@isthmus/schema';
import { askStatus } from '../../packages/cli/src/admin/client.ts';
import { findRunningService } from '../../packages/cli/src/running-bridge.ts';
import { type Bridge, endBridge, linkPackages, makeWorkspace, startBridge, type Workspace } from './support/bridge.ts';
import { eventually, isthmusCommand, type Result, run } from './support/commands.ts';
import { post } from './support/http.ts';
import { isAlive, type ProcessId } from './support/processes.ts';

const counter = service('counter', {
  // Not idempotent: a call that may have been executed is never tried again.
  count: call({
    input: struct('Count', { number: u32() }),
    output: struct('Counted', { number: u32(), version: u32(), pid: u32() }),
  }),
});

const schemaText = `import { call, service, struct, u32 } from '@isthmus/schema';
export const counter = service('counter', {
  count: call({
    input: struct('Count', { number: u32() }),
    output: struct('Counted', { number: u32(), version: u32(), pid: u32() }),
  }),
});
`;

const configText = (instances: number) => `import { defineBridge } from '@isthmus/gateway';
import { counter } from './counter.schema.ts';
export default defineBridge({
  services: {
    counter: {
      schema: counter,
      sources: ['counter.c'],
      instances: ${instances},
      timeoutMs: 60_000,
      connectTimeoutMs: 60_000,
      startTimeoutMs: 60_000,
    },
  },
});
`;

/** Takes a millisecond, so that calls are under way at any moment. */
const programText = (version: number) => `#include <time.h>
#include <unistd.h>
#include <counter.h>

int counter_on_count(isth_call *call, const counter_count *in, counter_counted *out) {
  struct timespec time = {0, 1000000L};
  (void)call;
  nanosleep(&time, NULL);
  out->number = in->number;
  out->version = ${version};
  out->pid = (uint32_t)getpid();
  return 0;
}

int main(int argc, char **argv) { return counter_main(argc, argv); }
`;

const crashing = `#include <stdio.h>
int main(void) { fputs("no such device\\n", stderr); return 3; }
`;

/** How long a caller rests before it asks again, in ms: there are other tests on the machine. */
const restMs = 10;

type Ask = (number: number) => Promise<Readonly<Record<string, unknown>>>;

/** Asks again and again, as many at a time as told, until stopped. */
class Load {
  readonly failures: string[] = [];
  /** Versions that answered calls which began after the last {@link forget}. */
  readonly versions = new Set<unknown>();
  answers = 0;
  readonly #ask: Ask;
  readonly #loops: readonly Promise<void>[];
  #generation = 0;
  #stopped = false;

  constructor(atATime: number, ask: Ask) {
    this.#ask = ask;
    this.#loops = Array.from({ length: atATime }, (_, index) => this.#loop(index));
  }

  /** What comes from here on is looked at by itself. */
  forget(): void {
    this.#generation += 1;
    this.versions.clear();
    this.answers = 0;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#loops);
  }

  async #loop(first: number): Promise<void> {
    for (let number = first; !this.#stopped; number += 100) {
      const generation = this.#generation;
      try {
        const answer = await this.#ask(number);
        assert.equal(answer.number, number);
        if (generation !== this.#generation) continue;
        this.versions.add(answer.version);
        this.answers += 1;
      } catch (error) {
        this.failures.push(String(error));
      }
      await sleep(restMs);
    }
  }
}

let workspace: Workspace;
let bridge: Bridge;
let stopBridge = async (): Promise<void> => {};
const inWorkspace = () => ({ cwd: workspace.folder, env: workspace.env });
const rollOut = (...options: string[]): Promise<Result> =>
  run([...isthmusCommand, 'rollout', 'counter', ...options], inWorkspace());
const write = (name: string, text: string) => writeFile(join(workspace.folder, name), text);

before(async () => {
  workspace = await makeWorkspace();
  await linkPackages(workspace.folder);
  await write('package.json', '{ "type": "module" }\n');
  await write('counter.schema.ts', schemaText);
  await write('counter.c', programText(1));
  await write('isthmus.config.ts', configText(2));
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
      return status === 200 ? body : undefined;
    }, 60_000);
    assert.equal(answer.version, 3);
    assert.equal(pids.includes(Number(answer.pid)), false);
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
