/** The program of examples/legacy over HTTP: it knows nothing of Isthmus, and comes and goes as it likes. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { listSegments } from '@isthmus/core';
import { type Bridge, copyExample, endBridge, makeWorkspace, startBridge, type Workspace } from './support/bridge.ts';
import { eventually } from './support/commands.ts';

const key = randomInt(1, 2 ** 31);
let workspace: Workspace;
let bridge: Bridge;
let program: ChildProcess | undefined;

before(async () => {
  workspace = await makeWorkspace();
  await copyExample(workspace, 'legacy');
  execFileSync('make', ['-s'], { cwd: workspace.folder });
  bridge = await startBridge({ cwd: workspace.folder, env: { ...workspace.env, TANK_KEY: `${key}` } });
});
after(async () => {
  await stopTank();
  if (bridge !== undefined) await endBridge(bridge);
  await workspace[Symbol.asyncDispose]();
  const left = (await listSegments()).filter((segment) => segment.key === key);
  assert.deepEqual(left, [], 'neither program nor bridge leaves memory behind');
});

function startTank(): void {
  program = spawn(join(workspace.folder, 'build/tank'), [`${key}`], { stdio: 'inherit' });
}

async function stopTank(): Promise<void> {
  if (program === undefined) return;
  const exit = once(program, 'exit');
  program.kill('SIGTERM');
  program = undefined;
  assert.deepEqual(await exit, [0, null]);
}

interface Answer {
  readonly status: number;
  readonly tag: string;
  readonly body: Readonly<Record<string, unknown>>;
}

async function ask(method: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const response = await fetch(`${bridge.url}/v1/regions/tank`, {
    method,
    headers: {
      ...(body !== undefined && {
        'content-type': method === 'PUT' ? 'application/json' : 'application/merge-patch+json',
      }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(60_000),
  });
  const text = await response.text();
  const parsed: unknown = text === '' ? {} : JSON.parse(text);
  assert.ok(typeof parsed === 'object' && parsed !== null);
  return {
    status: response.status,
    tag: response.headers.get('etag') ?? '',
    body: Object.fromEntries(Object.entries(parsed)),
  };
}

test('the region is refused until the program is there', async () => {
  const { status, body } = await ask('GET');
  assert.deepEqual([status, body.code], [503, 'SEGMENT_MISSING']);
  startTank();
  await eventually(async () => ((await ask('GET')).status === 200 ? true : undefined));
});

test('GET reads it, and its tag tells whether it has changed', async () => {
  const { body, tag } = await ask('GET');
  assert.deepEqual([body.tag, body.setpoint], ['TK-101', 4]);
  assert.match(tag, /^"[0-9a-f]+-\d+"$/);
  await eventually(async () => ((await ask('GET')).tag !== tag ? true : undefined));
});

test('PATCH and PUT write it, on the condition of a version', async () => {
  const patched = await ask('PATCH', { setpoint: 3 });
  assert.deepEqual([patched.status, patched.body.setpoint], [200, 3]);
  // The program writes 50 times a second: what was read is old soon.
  await eventually(async () => ((await ask('GET')).tag !== patched.tag ? true : undefined));
  const stale = await ask('PATCH', { setpoint: 5 }, { 'if-match': patched.tag });
  assert.deepEqual([stale.status, stale.body.code], [412, 'REGION_CONFLICT']);
  const whole = { ...(await ask('GET')).body, setpoint: 3.5, level: 3.5 };
  assert.equal((await ask('PUT', whole)).status, 200);
  const refused = await ask('PATCH', { setpoint: 'high' });
  assert.deepEqual([refused.status, refused.body.code], [400, 'INVALID_INPUT']);
  assert.equal((await ask('GET')).body.setpoint, 3.5);
});

test('a watch is told of the program going and coming back', async () => {
  const controller = new AbortController();
  const response = await fetch(`${bridge.url}/v1/regions/tank/watch`, { signal: controller.signal });
  assert.equal(response.status, 200);
  const seen: string[] = [];
  const reading = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) seen.push(decoder.decode(chunk));
  })().catch(() => undefined);
  const has = (text: string) => eventually(() => (seen.join('').includes(text) ? true : undefined));
  await has('"tag":"TK-101"');
  await stopTank();
  await has('{"live":false}');
  startTank();
  await has('{"live":true}');
  controller.abort();
  await reading;
});
