/** Many instances behind one client, which come, go, die, and are not what they seem. */
import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ConnectOptions, connect, type InstanceEvent, type IsthmusError } from '@isthmus/core';
import { call, f64, service, struct } from '@isthmus/schema';
import { compileService } from '../../../test/support/compile.ts';
import { eventually, within } from '../../../test/support/eventually.ts';
import { startInstance } from '../../../test/support/instance.ts';
import { probe } from '../../../test/support/probe.schema.ts';
import { startProbe } from '../../../test/support/probe.ts';
import { TemporaryFolder } from '../../../test/support/temporary-folder.ts';
import { failsWith, outcomeOf, type ProbeClient } from './support/probe-client.ts';

/** Listens on a socket and does to each connection what it is told. */
async function startPeer(path: string, onConnection: (socket: Socket) => void = () => {}) {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    connections: () => sockets.size,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function connectFolder(path: string, options: Partial<ConnectOptions> = {}): Promise<ProbeClient> {
  return connect(probe, { path, ...options });
}

async function pidOf(client: ProbeClient): Promise<number> {
  return (await client.idempotentSleep({ microseconds: 0, tag: 0 })).pid;
}

describe('many instances', () => {
  it('get calls by how few they have in flight, so that a fast one gets more', async () => {
    using folder = new TemporaryFolder();
    await using slow = await startProbe(folder.join('slow.sock'));
    await using fast = await startProbe(folder.join('fast.sock'), '--threads', '8');
    await using client = await connectFolder(folder.path);
    await eventually('both', () => client.$instances.length === 2);
    // One that is held up gets fewer, whichever it is.
    for (let attempts = 1; ; attempts++) {
      const counts = new Map<number, number>();
      let left = 200;
      const worker = async (): Promise<void> => {
        while (left-- > 0) {
          const { pid } = await client.sleep({ microseconds: 10_000, tag: 0 });
          counts.set(pid, (counts.get(pid) ?? 0) + 1);
        }
      };
      await Promise.all(Array.from({ length: 16 }, worker));
      const [few = 0, many = 0] = [counts.get(slow.pid), counts.get(fast.pid)];
      if (few > 0 && many > 1.5 * few) break;
      assert.ok(attempts < 5, `${few} and ${many}`);
    }
  });

  it('take turns when they are idle', async () => {
    using folder = new TemporaryFolder();
    await using one = await startProbe(folder.join('1.sock'));
    await using two = await startProbe(folder.join('2.sock'));
    await using client = await connectFolder(folder.path);
    await eventually('both', () => client.$instances.length === 2);
    const pids = new Set([await pidOf(client), await pidOf(client)]);
    assert.deepEqual(pids, new Set([one.pid, two.pid]));
  });

  it('come and go while the client runs', async () => {
    using folder = new TemporaryFolder();
    const events: string[] = [];
    const onEvent = ({ type, path }: InstanceEvent): void => void events.push(`${type} ${path.slice(-6)}`);
    await using one = await startProbe(folder.join('1.sock'));
    await using client = await connectFolder(folder.path, { onEvent });
    {
      await using two = await startProbe(folder.join('2.sock'));
      await eventually('the second', () => client.$instances.length === 2);
      const pids = new Set<number>();
      await eventually('an answer of the second', async () => pids.add(await pidOf(client)).has(two.pid));
      two.kill('SIGTERM');
      await two.exited();
    }
    await eventually('the second to go', () => client.$instances.length === 1);
    assert.equal(await pidOf(client), one.pid);
    await using again = await startProbe(folder.join('2.sock'));
    await eventually('the second to come back', () => client.$instances.length === 2);
    assert.ok(client.$instances.some(({ pid }) => pid === again.pid));
    assert.deepEqual(events, ['up 1.sock', 'up 2.sock', 'draining 2.sock', 'down 2.sock', 'up 2.sock']);
  });

  it('are found in a folder that is made after connecting, and made anew', async () => {
    using folder = new TemporaryFolder();
    const path = folder.join('later', 'still');
    await using client = await connectFolder(path, { waitForInstance: false });
    assert.equal(await outcomeOf(client.ping()), 'NO_INSTANCE');
    for (let round = 0; round < 3; round++) {
      await mkdir(path, { recursive: true });
      await using instance = await startProbe(`${path}/a.sock`);
      await eventually('the instance', () => client.$instances[0]?.pid === instance.pid);
      assert.equal(await pidOf(client), instance.pid);
      // Another folder is at once in the place of this one: nothing tells the watcher of the old one what is in it.
      await rename(folder.join('later'), folder.join(`former-${round}`));
    }
  });

  it('are connected to anew when another takes their socket', async () => {
    using folder = new TemporaryFolder();
    const path = folder.join('a.sock');
    await using client = await connectFolder(path, { waitForInstance: false });
    await using first = await startProbe(path);
    await eventually('the first', () => client.$instances[0]?.pid === first.pid);
    first.kill('SIGKILL');
    await first.exited();
    await using second = await startProbe(path);
    await eventually('the second', () => client.$instances[0]?.pid === second.pid);
    assert.equal(await pidOf(client), second.pid);
  });

  it('may be behind links and beside files that are no sockets', async () => {
    using folder = new TemporaryFolder();
    using link = new TemporaryFolder();
    symlinkSync(folder.path, link.join('link'));
    await writeFile(folder.join('file.sock'), '');
    await mkdir(folder.join('folder.sock'));
    await using instance = await startProbe(folder.join('a.sock'));
    await using ignored = await startProbe(folder.join('other'));
    await using client = await connectFolder(link.join('link'));
    await sleep(20);
    assert.deepEqual(
      client.$instances.map(({ pid }) => pid),
      [instance.pid],
    );
    assert.notEqual(ignored.pid, instance.pid);
  });

  it('are waited for by calls that find no other, once they are found', async () => {
    using folder = new TemporaryFolder();
    const patient = { timeoutMs: 60_000, connectTimeoutMs: 60_000 };
    await using client = await connectFolder(folder.path, { ...patient, waitForInstance: false });
    await using hidden = await startProbe(folder.join('hidden'));
    hidden.kill('SIGSTOP');
    assert.equal(await outcomeOf(client.add({ value: 1n })), 'NO_INSTANCE');
    await rename(hidden.socket, folder.join('a.sock'));
    let waiting: Promise<string> | undefined;
    await eventually('a call that waits', async () => {
      const call = outcomeOf(client.add({ value: 1n }));
      if ((await Promise.race([call, sleep(1000)])) === undefined) waiting = call;
      return waiting !== undefined;
    });
    hidden.kill('SIGCONT');
    assert.equal(await within(60_000, waiting ?? assert.fail()), 'ok');
    assert.equal((await client.total()).value, 1n);
    // Its socket is still there, but that was not what calls could hope for.
    hidden.kill('SIGKILL');
    await eventually('its loss', () => client.$instances.length === 0);
    assert.equal(await within(20_000, outcomeOf(client.ping())), 'NO_INSTANCE');
  });

  it('are left alone by a socket file that nobody listens on', async () => {
    using folder = new TemporaryFolder();
    const dead = await startProbe(folder.join('dead.sock'));
    dead.kill('SIGKILL');
    await dead.exited();
    await using instance = await startProbe(folder.join('live.sock'));
    await using client = await connectFolder(folder.path);
    assert.equal(await pidOf(client), instance.pid);
    assert.equal(client.$instances.length, 1);
    // It is tried again and again, until somebody does.
    await using revived = await startProbe(folder.join('dead.sock'));
    await eventually('the other', () => client.$instances.length === 2);
    assert.ok(client.$instances.some(({ pid }) => pid === revived.pid));
  });
});

describe('an instance that is not what it should be', () => {
  const Older = struct('Number64', { value: f64() });
  const older = service('probe', { double: call({ input: Older, output: Older }) });
  const program = (): string =>
    compileService(
      older,
      `#include "probe.h"
static int setup(isth_service *service) { (void)service; return 0; }
int main(int argc, char **argv) { return isth_service_main(argc, argv, probe_schema(), setup); }
`,
    );

  it('is refused when its schema differs, with both hashes and the differences, and the others go on', async () => {
    using folder = new TemporaryFolder();
    await using wrong = await startInstance(program(), folder.join('wrong.sock'));
    await assert.rejects(connectFolder(folder.path, { connectTimeoutMs: 60_000 }), (error: unknown) => {
      assert.ok(failsWith('SCHEMA_MISMATCH')(error));
      const { message } = error as Error;
      const hashes = [probe, older].map(({ hash }) => Buffer.from(hash).toString('hex').slice(0, 16));
      for (const part of [...hashes, 'wrong.sock', 'f64', 'double']) assert.ok(message.includes(part), message);
      return true;
    });
    await using right = await startProbe(folder.join('right.sock'));
    const refused: InstanceEvent[] = [];
    const onEvent = (event: InstanceEvent): void => {
      if (event.type === 'refused') refused.push(event);
    };
    await using client = await connectFolder(folder.path, { onEvent });
    await eventually('the refusal', () => refused.length === 1);
    assert.equal(refused[0]?.error?.code, 'SCHEMA_MISMATCH');
    assert.equal(refused[0]?.path, wrong.socket);
    for (let i = 0; i < 5; i++) assert.equal(await pidOf(client), right.pid);
    // Refused once and not again and again; a new program in its place is another matter.
    await sleep(100);
    assert.equal(refused.length, 1);
    await wrong[Symbol.asyncDispose]();
    await using mended = await startProbe(folder.join('wrong.sock'));
    await eventually('the mended one', () => client.$instances.length === 2);
    assert.ok(client.$instances.some(({ pid }) => pid === mended.pid));
  });

  it('is refused when it does not speak the protocol', async () => {
    using folder = new TemporaryFolder();
    const chatter = 'HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n'.repeat(4);
    await using _peer = await startPeer(folder.join('web.sock'), (socket) => socket.end(chatter));
    await assert.rejects(connectFolder(folder.path, { connectTimeoutMs: 60_000 }), failsWith('NOT_ISTHMUS'));
    await using right = await startProbe(folder.join('right.sock'));
    await using client = await connectFolder(folder.path);
    assert.equal(await pidOf(client), right.pid);
  });

  it('holds nobody up when it is silent: not the others, not the files of the process, not closing', async () => {
    using folder = new TemporaryFolder();
    await using silent = new AsyncDisposableStack();
    for (let i = 0; i < 8; i++) silent.use(await startPeer(folder.join(`silent${i}.sock`)));
    const started = performance.now();
    await assert.rejects(connectFolder(folder.path, { connectTimeoutMs: 100 }), failsWith('NO_INSTANCE'));
    assert.ok(performance.now() - started < 30_000);

    await using right = await startProbe(folder.join('right.sock'));
    const client = await connectFolder(folder.path, { connectTimeoutMs: 60_000 });
    assert.equal(await pidOf(client), right.pid);
    await within(30_000, rm(folder.join('nothing'), { force: true }));
    const closing = performance.now();
    await client.$close();
    assert.ok(performance.now() - closing < 30_000);
  });

  it('is named with what it did when it was silent for too long', async () => {
    using folder = new TemporaryFolder();
    await using _peer = await startPeer(folder.join('silent.sock'));
    await using client = await connectFolder(folder.path, { connectTimeoutMs: 50, waitForInstance: false });
    const named = async (): Promise<boolean> => {
      const detail = await client.ping().catch((error: IsthmusError) => error.detail);
      return String(detail).includes('did not answer in time');
    };
    await eventually('the time to be over', named);
  });

  it('is tried again when it hangs up, as one does that is about to stop', async () => {
    using folder = new TemporaryFolder();
    await using peer = await startPeer(folder.join('a.sock'), (socket) => socket.destroy());
    const connecting = connectFolder(folder.path, { connectTimeoutMs: 60_000 });
    await eventually('another try', () => peer.connections() > 1);
    await using _right = await startProbe(folder.join('b.sock'));
    await using _client = await connecting;
  });
});

describe('connecting', () => {
  it('fails when no instance comes in time, and says where it looked', async () => {
    using folder = new TemporaryFolder();
    for (const path of [folder.path, folder.join('none.sock'), folder.join('no', 'folder')]) {
      const started = performance.now();
      await assert.rejects(connectFolder(path, { connectTimeoutMs: 50 }), failsWith('NO_INSTANCE', new RegExp(path)));
      const took = performance.now() - started;
      assert.ok(took >= 49 && took < 30_000, `${took} ms`);
    }
  });

  it('says what keeps it from looking there', async () => {
    using folder = new TemporaryFolder();
    const loop = folder.join('loop');
    symlinkSync(loop, loop);
    await assert.rejects(connectFolder(loop, { connectTimeoutMs: 3000 }), failsWith('NO_INSTANCE', /loop: ELOOP: /));
  });

  it('waits for the first instance', async () => {
    using folder = new TemporaryFolder();
    const connecting = connectFolder(folder.path, { connectTimeoutMs: 60_000 });
    await sleep(30);
    await using instance = await startProbe(folder.join('a.sock'));
    await using client = await connecting;
    assert.equal(client.$instances[0]?.pid, instance.pid);
  });

  it('refuses rings that the instance does not take, and paths that no socket can have', async () => {
    using folder = new TemporaryFolder();
    await using _instance = await startProbe(folder.join('a.sock'));
    const tooLarge = { requestRingBytes: 2 ** 29, connectTimeoutMs: 60_000 };
    await assert.rejects(connectFolder(folder.path, tooLarge), failsWith('SEGMENT_REFUSED'));
    const long = folder.join('x'.repeat(60), 'y'.repeat(60));
    await mkdir(long, { recursive: true });
    await assert.rejects(connectFolder(long, { connectTimeoutMs: 50 }), failsWith('NO_INSTANCE'));
  });
});

describe('a listener of events that throws', () => {
  it('harms nothing but itself', async () => {
    using folder = new TemporaryFolder();
    await using instance = await startProbe(folder.join('a.sock'));
    const thrown: unknown[] = [];
    const keep = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (error) => thrown.push(error));
    try {
      const onEvent = ({ type }: InstanceEvent): void => {
        throw new Error(type);
      };
      await using client = await connectFolder(folder.path, { onEvent });
      assert.equal(await pidOf(client), instance.pid);
      await sleep(50);
      assert.equal(client.$instances.length, 1);
      instance.kill('SIGKILL');
      await eventually('the loss', () => thrown.length === 2);
      await instance.exited();
      await using again = await startProbe(folder.join('a.sock'));
      await eventually('the next', () => client.$instances[0]?.pid === again.pid);
      await eventually('its event', () => thrown.length === 3);
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const listener of keep) process.on('uncaughtException', listener);
    }
    assert.deepEqual(thrown.slice(0, 3).map(String), ['Error: up', 'Error: down', 'Error: up']);
  });
});
