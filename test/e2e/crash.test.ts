/** Killing and restarting things under load: nobody hangs, nobody gets half an answer, and the bridge recovers. */
import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bridge, copyExample, endBridge, makeWorkspace, startBridge, type Workspace } from './support/bridge.ts';
import { eventually } from './support/commands.ts';
import { type Answer, hull, post } from './support/http.ts';
import { isAlive, type ProcessId } from './support/processes.ts';

/** Callers at once, each with one request in flight. */
const callers = 16;
/** The promise is one second on a quiet machine; this one is shared. */
const recoveryMs = 30_000;

let workspace: Workspace;
let bridge: Bridge;
before(async () => {
  workspace = await makeWorkspace();
  await copyExample(workspace);
  bridge = await startBridge({ cwd: workspace.folder, env: workspace.env });
});
after(async () => {
  if (bridge !== undefined) await endBridge(bridge);
  await workspace[Symbol.asyncDispose]();
});

interface Load {
  /** Ends the load; what was answered, in no order. */
  readonly stop: () => Promise<readonly Answer[]>;
}

/** Calls without a pause from several callers, each of which ends at a call that hangs. */
function load(): Load {
  const answers: Answer[] = [];
  let stopping = false;
  const all = Promise.all(
    Array.from({ length: callers }, async () => {
      while (!stopping) answers.push(await post(`${bridge.url}/v1/call/pricing/quote`, hull, { limitMs: 60_000 }));
    }),
  );
  // A caller that failed is reported by stop().
  all.catch(() => {});
  return {
    async stop() {
      stopping = true;
      await all;
      return answers;
    },
  };
}

/** Waits for as many instances as configured, none of them `gone`, all connected. Returns how long it took, in ms. */
async function recovered(gone: readonly ProcessId[]): Promise<number> {
  const begun = performance.now();
  await eventually(async () => {
    const pids = gone.map(({ pid }) => pid);
    if (bridge.instances('pricing').filter(({ pid }) => !pids.includes(pid)).length < 2) return undefined;
    const { services }: { services: { instances: number }[] } = JSON.parse(
      await (await fetch(`${bridge.url}/readyz`)).text(),
    );
    return services[0]?.instances === 2 ? true : undefined;
  }, recoveryMs);
  return performance.now() - begun;
}

function assertAllAnswered(answers: readonly Answer[]): void {
  assert.ok(answers.length > callers);
  for (const { status, body } of answers) {
    assert.equal(status, 200, JSON.stringify(body));
    assert.match(String(body.price), /^4\.759422/);
  }
}

test('an instance killed under load costs no caller of an idempotent method anything', async (t) => {
  const running = load();
  await sleep(300);
  const killed = bridge.instances('pricing').slice(0, 1);
  for (const { pid } of killed) process.kill(pid, 'SIGKILL');
  t.diagnostic(`a new instance serves after ${Math.round(await recovered(killed))} ms`);
  await sleep(200);
  const answers = await running.stop();
  t.diagnostic(`${answers.length} calls`);
  assertAllAnswered(answers);
});

test('instances restarted one after another cost no call either', async (t) => {
  const running = load();
  for (const instance of bridge.instances('pricing')) {
    await sleep(200);
    process.kill(instance.pid, 'SIGTERM');
    t.diagnostic(`a new instance serves after ${Math.round(await recovered([instance]))} ms`);
  }
  assertAllAnswered(await running.stop());
});

test('all instances killed at once: an answer or a retryable error, and no caller waits long', async (t) => {
  const running = load();
  await sleep(200);
  const killed = bridge.instances('pricing');
  for (const { pid } of killed) process.kill(pid, 'SIGKILL');
  t.diagnostic(`all serve after ${Math.round(await recovered(killed))} ms`);
  await sleep(200);
  const answers = await running.stop();
  const failed = answers.filter(({ status }) => status !== 200);
  t.diagnostic(`${answers.length} calls, ${failed.length} errors`);
  for (const { status, headers, body } of failed) {
    assert.equal(status, 503, JSON.stringify(body));
    assert.ok(body.code === 'NO_INSTANCE' || body.code === 'INSTANCE_LOST', String(body.code));
    assert.equal(body.retryable, true);
    assert.match(headers.get('retry-after') ?? '', /^\d+$/);
  }
  const { status, body } = await post(`${bridge.url}/v1/call/pricing/quote`, hull);
  assert.equal(status, 200, JSON.stringify(body));
});

test('SIGTERM gives clients with open connections whole answers, then leaves', async (t) => {
  const instances = bridge.instances('pricing');
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const outcomes = new Map<string, number>();
  const clients = Array.from({ length: 8 }, async () => {
    for (;;) {
      const outcome = await requestOnce(agent);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      if (outcome !== 'answered') return;
    }
  });
  await sleep(300);
  await eventually(() => (outcomes.has('answered') ? true : undefined));
  bridge.command.child.kill('SIGTERM');
  await Promise.all(clients);
  assert.equal((await bridge.command.result).code, 0);
  t.diagnostic(JSON.stringify(Object.fromEntries(outcomes)));
  assert.ok((outcomes.get('answered') ?? 0) > 0);
  assert.equal(outcomes.get('cut short'), undefined);
  assert.equal(instances.some(isAlive), false);
});

/**
 * One request on a connection that is kept. `refused`: a whole problem that says the gateway shuts down. `closed`: the
 * connection was gone before a byte of an answer came, as HTTP allows on one that has been idle. `cut short` must not be.
 */
function requestOnce(agent: Agent): Promise<'answered' | 'refused' | 'closed' | 'cut short'> {
  return new Promise((resolve) => {
    const outgoing = request(
      `${bridge.url}/v1/call/pricing/quote`,
      { agent, method: 'POST', headers: { 'content-type': 'application/json' } },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => {
          text += part;
        });
        response.on('error', () => resolve('cut short'));
        response.on('end', () => {
          const { price, code }: { price?: number; code?: string } = JSON.parse(text);
          if (response.statusCode === 200 && price !== undefined) resolve('answered');
          else resolve(response.statusCode === 503 && code === 'SHUTTING_DOWN' ? 'refused' : 'cut short');
        });
      },
    );
    outgoing.on('error', () => resolve('closed'));
    outgoing.end(JSON.stringify(hull));
  });
}
