/** Several gateways on one port: each is an end of its own, all together are one bridge, and what happens to one is not felt by the others. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { askStatus } from '../../packages/cli/src/admin/client.ts';
import type { BridgeReport } from '../../packages/cli/src/admin/status.ts';
import type { WorkerReport } from '../../packages/cli/src/workers/worker-report.ts';
import { type Bridge, endBridge, holdingsOf, makeWorkspace, startBridge, type Workspace } from './support/bridge.ts';
import { end, eventually, isthmusCommand, run } from './support/commands.ts';
import { configText, programText, slowly, writeCounter } from './support/counter.ts';
import { Load } from './support/load.ts';
import { descendantsOf, isAlive, programOf, stateOf } from './support/processes.ts';

/** More than the other tests send in a minute: what is limited sends its own address. */
const limit = 20;
const http = `{ port: 0, workers: 2, trustProxy: ['127.0.0.1'], rateLimit: { max: ${limit}, windowMs: 86_400_000 } }`;

/** How long several starts of a worker may take on a busy machine, in ms. */
const restartsMs = 180_000;

let workspace: Workspace;
let bridge: Bridge;
let stopBridge = async (): Promise<void> => {};
const inWorkspace = () => ({ cwd: workspace.folder, env: workspace.env });
const start = () => startBridge(inWorkspace(), [...isthmusCommand, 'start']);

before(async () => {
  workspace = await makeWorkspace();
  await writeCounter(workspace.folder, configText(2, http));
  bridge = await start();
  stopBridge = () => endBridge(bridge);
});
after(async () => {
  await stopBridge();
  await workspace[Symbol.asyncDispose]();
});

function statusNow(): Promise<BridgeReport> {
  return askStatus({ folder: workspace.folder, signal: AbortSignal.timeout(60_000) });
}

async function workersNow(): Promise<readonly WorkerReport[]> {
  return (await statusNow()).workers;
}

let addresses = 0;
/** Each caller of its own, so that limits do not come in the way. */
function newAddress(): string {
  addresses += 1;
  return `10.0.${addresses >> 8}.${addresses & 255}`;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readonly<Record<string, unknown>>;
}

interface AskOptions {
  /** Whose request it is. */
  readonly address?: string;
  /** Default: a connection of its own. */
  readonly agent?: Agent;
}

/** Not by fetch(), which keeps connections for later. */
async function ask(number: number, { address = newAddress(), agent }: AskOptions = {}): Promise<Answer> {
  const asked = request(`${bridge.url}/v1/call/counter/count`, {
    ...{ method: 'POST', agent: agent ?? false, signal: AbortSignal.timeout(120_000) },
    headers: { 'content-type': 'application/json', 'x-forwarded-for': address },
  });
  asked.end(JSON.stringify({ number }));
  const [response]: IncomingMessage[] = await once(asked, 'response');
  assert.ok(response !== undefined);
  const { statusCode: status = 0, headers } = response;
  return { status, headers, body: Object.fromEntries(Object.entries(Object(JSON.parse(await text(response))))) };
}

async function count(number: number, options?: AskOptions): Promise<Answer['body']> {
  const { status, body } = await eventually(async () => {
    const answer = await ask(number, options);
    // While the bridge is held up and counts nobody.
    return answer.body.code === 'OVERLOADED' ? undefined : answer;
  });
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}

/** One connection that is used again and again, and whether it was lost. */
class Connection implements Disposable {
  isLost = false;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  #isOpen = false;

  constructor() {
    // An idle one that was lost is replaced without a word.
    const createConnection = this.#agent.createConnection.bind(this.#agent);
    this.#agent.createConnection = (...args) => {
      this.isLost ||= this.#isOpen;
      this.#isOpen = true;
      return createConnection(...args);
    };
  }

  async use(): Promise<void> {
    try {
      await count(1, { agent: this.#agent });
    } catch {
      this.isLost = true;
    }
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

test('both answer on the one port, and the status shows what each has done', async () => {
  assert.match(bridge.command.stdout(), /serves http:\S+ \(2 workers\)/);
  const report = await eventually(async () => {
    await count(1);
    const now = await statusNow();
    const isConnected = now.workers.every(({ instances }) => instances.length === 2);
    return isConnected && now.workers.every(({ requests }) => (requests ?? 0) > 0) ? now : undefined;
  });
  assert.deepEqual(
    report.workers.map(({ number, state, restarts, crashLoop }) => ({ number, state, restarts, crashLoop })),
    [1, 2].map((number) => ({ number, state: 'ready', restarts: 0, crashLoop: false })),
  );
  const sockets = report.services.flatMap(({ instances }) => instances.map(({ socket }) => socket)).sort();
  assert.equal(sockets.length, 2);
  for (const { instances } of report.workers) assert.deepEqual(instances.map(({ socket }) => socket).sort(), sockets);
  const { stdout } = await run([...isthmusCommand, 'status'], inWorkspace());
  assert.match(stdout, /\n\nWORKER +PID +STATE +RESTARTS +UPTIME +CONNECTIONS +REQUESTS +IN FLIGHT +LAST EXIT\n/);
  assert.match(stdout, /^ +2 +\d+ +ready +0 +\d.* +\d+ +\d+ +\d+ +-$/m);
});

test('the log says which worker served a request', async () => {
  await eventually(() => {
    const workers = bridge.command
      .stderr()
      .split('\n')
      .flatMap((line) => /"worker":(\d).*"msg":"request"/.exec(line)?.[1] ?? []);
    return new Set(workers).size === 2 ? true : undefined;
  });
});

test('a worker that is killed takes down nothing but its own connections, and is replaced', async (t) => {
  const connections = Array.from({ length: 40 }, () => new Connection());
  t.after(() => {
    for (const connection of connections) connection[Symbol.dispose]();
  });
  await Promise.all(connections.map((connection) => connection.use()));
  // Those of requests before are closed by now, or soon.
  const [victim, other] = await eventually(async () => {
    const now = await workersNow();
    return now.reduce((sum, worker) => sum + (worker.connections ?? 0), 0) === connections.length ? now : undefined;
  });
  assert.ok(victim?.pid != null && other?.pid != null);
  assert.ok(victim.connections !== 0 && other.connections !== 0, 'each has some');
  const replaced = new AbortController();
  const load = connections.map(async (connection) => {
    while (!connection.isLost && !replaced.signal.aborted) await connection.use();
  });
  process.kill(victim.pid, 'SIGKILL');
  const next = await eventually(async () => {
    const now = (await workersNow())[0];
    return now?.state === 'ready' && now.restarts === 1 ? now : undefined;
  }, restartsMs);
  replaced.abort();
  await Promise.all(load);
  assert.equal(connections.filter(({ isLost }) => isLost).length, victim.connections);
  assert.notEqual(next.pid, victim.pid);
  assert.equal(next.lastExit?.signal, 'SIGKILL');
  assert.equal((await workersNow())[1]?.pid, other.pid);
  // And it takes its part.
  await eventually(async () => {
    await count(2);
    return ((await workersNow())[0]?.requests ?? 0) > 0 ? true : undefined;
  });
});

test('a limit holds for both together, and nobody passes where it cannot be counted', async (t) => {
  const answers = await eventually(async () => {
    const address = newAddress();
    const all = await Promise.all(Array.from({ length: limit + 10 }, (_, number) => ask(number, { address })));
    return all.some(({ body }) => body.code === 'OVERLOADED') ? undefined : all;
  });
  assert.equal(answers.filter(({ status }) => status === 200).length, limit);
  assert.equal(answers.filter(({ status }) => status === 429).length, 10);
  const left = answers.filter(({ status }) => status === 200).map(({ headers }) => headers['ratelimit-remaining']);
  assert.equal(new Set(left).size, limit);

  const { pid } = bridge.command;
  process.kill(pid, 'SIGSTOP');
  t.after(() => process.kill(pid, 'SIGCONT'));
  await eventually(() => (stateOf(pid) === 'T' ? true : undefined));
  const { status, body } = await ask(1);
  assert.deepEqual([status, body.code], [503, 'OVERLOADED']);
  process.kill(pid, 'SIGCONT');
  await eventually(async () => ((await ask(1)).status === 200 ? true : undefined));
});

test('a rollout under load loses no call', async (t) => {
  const load = new Load(16, (number) => count(number));
  t.after(() => load.stop());
  const answered = (): Promise<true> => {
    load.forget();
    return eventually(() => (load.answers >= 100 ? true : undefined));
  };
  await answered();
  await writeFile(join(workspace.folder, 'counter.c'), programText(2));
  const { code, stderr } = await run([...isthmusCommand, 'rollout', 'counter'], inWorkspace());
  assert.equal(code, 0, stderr);
  await answered();
  assert.deepEqual([...load.versions], [2]);
  await load.stop();
  assert.deepEqual(load.failures, []);
  await eventually(async () => {
    const { workers, services } = await statusNow();
    const sockets = services.flatMap(({ instances }) => instances.map(({ socket }) => socket)).sort();
    return workers.every(({ instances }) => isDeepStrictEqual(instances.map(({ socket }) => socket).sort(), sockets))
      ? true
      : undefined;
  });
});

test('a worker that starts again after the configuration was changed says so; where that is no good, the other goes on', async () => {
  const config = join(workspace.folder, 'isthmus.config.ts');
  const killFirst = async (): Promise<void> => {
    const pid = (await workersNow())[0]?.pid;
    if (pid != null) process.kill(pid, 'SIGKILL');
  };
  const firstIs = (probe: (worker: WorkerReport) => boolean): Promise<true> =>
    eventually(async () => {
      const [first] = await workersNow();
      return first !== undefined && probe(first) ? true : undefined;
    }, restartsMs);
  const logHas = (line: RegExp): Promise<true> =>
    eventually(() => (line.test(bridge.command.stderr()) ? true : undefined));
  const { restarts } = (await workersNow())[0] ?? assert.fail();
  await writeFile(config, configText(2, http.replace('workers: 2', 'workers: 2, maxInFlight: 7')));
  await killFirst();
  await firstIs((worker) => worker.restarts > restarts && worker.state === 'ready');
  await logHas(/"worker":1,"msg":"the configuration has changed/);

  await writeFile(config, configText(2, '{ port: -1 }'));
  await killFirst();
  await firstIs(({ crashLoop }) => crashLoop);
  await logHas(/"worker":1,"code":"CONFIG_INVALID","reason":"[^"]*http\.port/);
  await count(1);

  await writeFile(config, configText(2, http));
  await firstIs(({ state }) => state === 'ready');
});

test('a second bridge does not share the port', async () => {
  const other = await makeWorkspace();
  try {
    await writeCounter(other.folder, configText(1));
    const command = [...isthmusCommand, 'start', '--port', new URL(bridge.url).port, '--workers', '2'];
    const { code, stderr } = await run(command, { cwd: other.folder, env: other.env });
    assert.equal(code, 1);
    assert.match(stderr, /SYSTEM.*:\d+ is in use by another program/);
  } finally {
    await other[Symbol.asyncDispose]();
  }
});

test('stopping answers what is in flight in every worker, and leaves nothing', async () => {
  const nothingIsLeft = holdingsOf(bridge, workspace);
  const pending = Array.from({ length: 4 }, () => ask(slowly + 200).catch((error: unknown) => error));
  const inFlight = await eventually(async () => {
    const { services } = await statusNow();
    const calls = services.flatMap(({ instances }) => instances.map((instance) => instance.inFlight ?? 0));
    return calls.reduce((sum, count) => sum + count, 0) || undefined;
  });
  const begun = performance.now();
  bridge.command.child.kill('SIGTERM');
  const statuses = (await Promise.all(pending)).map((answer) => Reflect.get(Object(answer), 'status'));
  // They are given a second. Where they had none of that, other work held the machine up. What came only after the signal is refused.
  if (performance.now() - begun < 1000) {
    const answered = statuses.filter((status) => status === 200).length;
    assert.ok(answered >= inFlight, `${inFlight} in flight, and then ${statuses.join(', ')}`);
  }
  assert.equal((await bridge.command.result).code, 0, bridge.command.stderr());
  nothingIsLeft();
});

test('workers end by themselves when the bridge is killed', async (t) => {
  bridge = await start();
  t.after(() => end(bridge.command));
  const all = descendantsOf(bridge.command.pid);
  assert.equal(all.length, 4, all.map(programOf).join());
  bridge.command.child.kill('SIGKILL');
  await bridge.command.result;
  await eventually(() => (all.some(isAlive) ? undefined : true));
});
