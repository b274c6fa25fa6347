import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { eventually } from '../fixtures/eventually.ts';
import { isthmus, type RunningCommand, startIsthmus } from '../fixtures/isthmus.ts';
import { writeTank } from '../fixtures/tank.ts';

let folder = '';
let runtime = '';
let env: Readonly<Record<string, string>> = {};
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'start-test-'));
  runtime = join(folder, 'runtime');
  await mkdir(runtime);
  env = { XDG_RUNTIME_DIR: runtime };
  await writeTank(folder);
});
after(() => rm(folder, { recursive: true }));

/** The URL that a bridge prints once it serves. */
function urlOf(bridge: RunningCommand): Promise<string> {
  return eventually(() => {
    if (bridge.child.exitCode !== null) throw new Error(bridge.stderr());
    return /serves (http:\S+)/.exec(bridge.stdout())?.[1];
  }, 120_000);
}

async function post(
  url: string,
  method: string,
  input: object,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`${url}/v1/call/tank/${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(input),
  });
  const body: unknown = await response.json();
  return { status: response.status, body: Object.fromEntries(Object.entries(Object(body))) };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function nothingIsLeft(): void {
  assert.deepEqual(readdirSync(runtime), []);
  assert.equal(existsSync(join(folder, '.isthmus/bridge.json')), false);
}

test('compiles, starts and serves what the configuration says, and the printed call works', async () => {
  const bridge = startIsthmus(['start'], { cwd: folder, env });
  const url = await urlOf(bridge);
  assert.match(bridge.stdout(), /tank \(2 instances\)/);
  assert.match(bridge.stdout(), /-d '\{"metres":7\}'/);
  const { status, body } = await post(url, 'level', { metres: 7 });
  assert.deepEqual([status, body.metres], [200, 7]);
  const refused = await post(url, 'level', { metres: -1 });
  assert.deepEqual([refused.status, refused.body.handlerError], [422, 'leak']);
  bridge.child.kill('SIGINT');
  assert.equal((await bridge.result).code, 0);
  assert.equal(isAlive(Number(body.pid)), false);
  nothingIsLeft();
});

test('takes a schema and a C file, without a configuration', async () => {
  const bridge = startIsthmus(['start', 'tank.schema.ts', 'tank.c', '--port', '0'], { cwd: folder, env });
  const url = await urlOf(bridge);
  assert.equal((await post(url, 'level', { metres: 1 })).status, 200);
  bridge.child.kill('SIGTERM');
  assert.equal((await bridge.result).code, 0);
  nothingIsLeft();
});

test('stopping answers the calls in flight, and does not wait for one without end', async () => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    const bridge = startIsthmus(['start'], { cwd: folder, env });
    const url = await urlOf(bridge);
    const pending = post(url, 'pause', { ms: 300 });
    const endless = post(url, 'pause', { ms: 60_000 }).catch((error: unknown) => error);
    await eventually(async () => ((await post(url, 'level', { metres: 1 })).status === 200 ? true : undefined));
    const begun = performance.now();
    bridge.child.kill(signal);
    const answer = await pending.catch((error: unknown) => error);
    // It is given a second. Where it had none of that, other work held the machine up.
    if (performance.now() - begun < 1000) assert.equal(Reflect.get(Object(answer), 'status'), 200, signal);
    await endless;
    assert.equal((await bridge.result).code, 0, bridge.stderr());
    assert.ok(performance.now() - begun < 30_000, `${signal}: ${performance.now() - begun} ms`);
    nothingIsLeft();
  }
});

test('the echoes of one Ctrl-C do not end it in another way, however late they come', async () => {
  let code: number | null = 130;
  // Of a machine that is held up one may come after the time in which it counts as an echo.
  for (let attempts = 0; code === 130 && attempts < 5; attempts += 1) {
    const bridge = startIsthmus(['start'], { cwd: folder, env });
    await urlOf(bridge);
    const begun = performance.now();
    while (bridge.child.exitCode === null && bridge.child.signalCode === null && performance.now() - begun < 250) {
      bridge.child.kill('SIGINT');
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    ({ code } = await bridge.result);
    nothingIsLeft();
  }
  assert.equal(code, 0);
});

test('a second Ctrl-C does not wait for anything, and still leaves nothing', async () => {
  let code: number | null = 0;
  // Of a machine that is held up the second may come once the bridge has stopped in its time, or right behind the first.
  for (let attempts = 0; code === 0 && attempts < 5; attempts += 1) {
    const bridge = startIsthmus(['start'], { cwd: folder, env });
    const url = await urlOf(bridge);
    post(url, 'pause', { ms: 60_000 }).catch(() => {});
    await eventually(async () => ((await post(url, 'level', { metres: 1 })).status === 200 ? true : undefined));
    bridge.child.kill('SIGINT');
    await new Promise((resolve) => setTimeout(resolve, 400));
    bridge.child.kill('SIGINT');
    ({ code } = await bridge.result);
    nothingIsLeft();
  }
  assert.equal(code, 130);
});

test('a killed instance is replaced, while the other one answers', async () => {
  const bridge = startIsthmus(['start'], { cwd: folder, env });
  const url = await urlOf(bridge);
  const killed = Number((await post(url, 'level', { metres: 1 })).body.pid);
  process.kill(killed, 'SIGKILL');
  const pids = new Set<unknown>();
  await eventually(async () => {
    // Two at once go to two instances, if there are two.
    const answers = await Promise.all([post(url, 'pause', { ms: 5 }), post(url, 'pause', { ms: 5 })]);
    pids.clear();
    for (const { status, body } of answers) if (status === 200 && body.pid !== killed) pids.add(body.pid);
    return pids.size === 2 ? true : undefined;
  });
  await eventually(() => (bridge.stderr().includes('instance died') ? true : undefined));
  bridge.child.kill('SIGTERM');
  assert.equal((await bridge.result).code, 0);
});

test('an instance of another schema is refused by name of what differs, and the rest is served', async () => {
  const project = join(folder, 'mismatch');
  await mkdir(project);
  await writeTank(project);
  assert.equal((await isthmus(['call', 'tank', 'ping'], { cwd: project, env })).code, 0);
  // The program stays as it was built; the schema goes on.
  const schema = await readFile(join(project, 'tank.schema.ts'), 'utf8');
  await writeFile(join(project, 'tank.schema.ts'), schema.replace('metres: f64({ max: 100 })', 'metres: u32()'));
  const config = await readFile(join(project, 'isthmus.config.ts'), 'utf8');
  const command = `command: ['.isthmus/bin/tank'], header: 'tank.h'`;
  await writeFile(join(project, 'isthmus.config.ts'), config.replace(`sources: ['tank.c']`, command));
  const bridge = startIsthmus(['start'], { cwd: project, env });
  const url = await urlOf(bridge);
  await eventually(() => (/SCHEMA_MISMATCH.*metres/.test(bridge.stderr()) ? true : undefined));
  assert.equal((await fetch(`${url}/readyz`)).status, 503);
  assert.equal((await fetch(`${url}/healthz`)).status, 200);
  const call = await isthmus(['call', 'tank', 'ping', '--config', 'isthmus.config.ts'], { cwd: project, env });
  assert.equal(call.code, 1);
  assert.match(call.stderr, /SCHEMA_MISMATCH/);
  bridge.child.kill('SIGTERM');
  assert.equal((await bridge.result).code, 0);
  nothingIsLeft();
});

test('what keeps it from starting is said, and nothing is left', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  const address = taken.address();
  const port = typeof address === 'object' ? String(address?.port) : '';
  const busy = await isthmus(['start', '--port', port], { cwd: folder, env });
  taken.close();
  assert.equal(busy.code, 1);
  assert.match(busy.stderr, /SYSTEM: .*127\.0\.0\.1:\d+ is in use by another program; choose another --port/);
  nothingIsLeft();

  await writeFile(join(folder, 'broken.c'), '#include <tank.h>\nint main(void) { return missing; }\n');
  const broken = await isthmus(['start', 'tank.schema.ts', 'broken.c'], { cwd: folder, env });
  assert.equal(broken.code, 1);
  assert.match(broken.stderr, /broken\.c:2.*missing/);

  const usage = await isthmus(['start', 'tank.c'], { cwd: folder, env });
  assert.equal(usage.code, 2);
  assert.match(usage.stderr, /one schema file and at least one C file/);

  const nowhere = await isthmus(['start', '--config', 'none.ts'], { cwd: folder, env });
  assert.equal(nowhere.code, 1);
  assert.match(nowhere.stderr, /CONFIG_INVALID.*there is no .*none\.ts/);
  nothingIsLeft();
});
