/** The admin socket of a bridge: who may use it, what it answers, and what it refuses. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { type SupervisedService, Supervisor } from '@isthmus/gateway';
import { IsthmusError } from '@isthmus/schema';
import { askStatus, requestRollout } from '../../src/admin/client.ts';
import { listenAdmin } from '../../src/admin/server.ts';

const log = { info: () => {}, warn: () => {}, error: () => {} };
const { signal } = new AbortController();
/** Runs until its standard input ends, as an instance does, and takes no calls. */
const idle: SupervisedService = { name: 'tank', command: ['cat'], instances: 1, cwd: '/', env: {} };

let project = '';
let supervisor: Supervisor;
let endAdmin: () => Promise<void>;
before(async () => {
  project = await mkdtemp(join(tmpdir(), 'admin-test-'));
  supervisor = await Supervisor.start({ services: [idle], log, runtimeParent: project });
  // No connections: the readiness of new instances cannot be known, and no rollout can succeed.
  endAdmin = await listenAdmin({ supervisor, connections: new Map() });
  await mkdir(join(project, '.isthmus'));
  await writeFile(join(project, '.isthmus/bridge.json'), JSON.stringify({ runtimeFolder: supervisor.runtimeFolder }));
});
after(async () => {
  await endAdmin();
  await supervisor.stop();
  await rm(project, { recursive: true });
});

async function send(method: string, path: string, body = ''): Promise<{ status: number; body: unknown }> {
  const asked = request({ socketPath: supervisor.adminSocket, method, path });
  asked.end(body);
  const [response]: IncomingMessage[] = await once(asked, 'response');
  assert.ok(response !== undefined);
  return { status: response.statusCode ?? 0, body: JSON.parse(await text(response)) };
}

function codeOf({ body }: { body: unknown }): unknown {
  return typeof body === 'object' && body !== null && 'code' in body ? body.code : undefined;
}

test('only its own user can write to the socket', () => {
  assert.equal(statSync(supervisor.adminSocket).mode & 0o777, 0o600);
});

test('what is no request of ours is refused with the code', async () => {
  const cases = [
    ['GET', '/', '', 404, 'NOT_FOUND'],
    ['DELETE', '/status', '', 404, 'NOT_FOUND'],
    ['POST', '/rollout', '{', 400, 'MALFORMED_BODY'],
    ['POST', '/rollout', '[]', 400, 'INVALID_ARGUMENT'],
    ['POST', '/rollout', JSON.stringify({ ...idle, command: [] }), 400, 'INVALID_ARGUMENT'],
    ['POST', '/rollout', ' '.repeat(1024 * 1024 + 1), 413, 'BODY_TOO_LARGE'],
  ] as const;
  for (const [method, path, body, status, code] of cases) {
    const answer = await send(method, path, body);
    assert.deepEqual([answer.status, codeOf(answer)], [status, code], `${method} ${path}`);
  }
});

test('says what the bridge does', async () => {
  assert.deepEqual(await askStatus({ folder: project, signal }), { pid: process.pid, workers: [], services: [] });
});

test('a rollout that fails says so in its last line, and leaves what runs', async () => {
  const running = () => supervisor.status.map(({ name, pid, state }) => ({ name, pid, state }));
  const untouched = running();
  const events: string[] = [];
  await assert.rejects(
    async () => {
      for await (const { event, instance } of requestRollout({ folder: project, signal }, idle)) {
        events.push(`${event} ${instance}`);
      }
    },
    (error) => error instanceof IsthmusError && error.code === 'ROLLOUT_FAILED',
  );
  assert.deepEqual(events, ['starting tank/2']);
  assert.deepEqual(running(), untouched);
});

test('a service that the bridge does not run is unknown', async () => {
  const events = requestRollout({ folder: project, signal }, { ...idle, name: 'other' });
  await assert.rejects(events.next(), (error) => error instanceof IsthmusError && error.code === 'UNKNOWN_SERVICE');
});

test('where no bridge runs, that is said, whatever a killed one has left', async () => {
  const folder = join(project, 'elsewhere');
  const isNoBridge = (error: unknown) => error instanceof IsthmusError && error.code === 'NO_BRIDGE';
  await assert.rejects(askStatus({ folder, signal }), isNoBridge);
  await mkdir(join(folder, '.isthmus'), { recursive: true });
  for (const note of ['{', 'null', '{}', JSON.stringify({ runtimeFolder: folder })]) {
    await writeFile(join(folder, '.isthmus/bridge.json'), note);
    await assert.rejects(askStatus({ folder, signal }), isNoBridge);
  }
});
