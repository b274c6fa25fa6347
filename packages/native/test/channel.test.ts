/** Who holds a channel, who lets it go, and what is left then. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { connect } from '@isthmus/core';
import { eventually, within } from '../../../test/support/eventually.ts';
import type { Instance } from '../../../test/support/instance.ts';
import { probe } from '../../../test/support/probe.schema.ts';
import { startProbe } from '../../../test/support/probe.ts';
import { TemporaryFolder } from '../../../test/support/temporary-folder.ts';
import { descriptorsOf, holdingsOf } from './support/processes.ts';
import { runScript } from './support/script.ts';

const folder = new TemporaryFolder();
let instance: Instance;
before(async () => {
  instance = await startProbe(folder.join('a.sock'), '--threads', '2');
});
after(async () => {
  await instance[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

function startWorker(what: string, socket: string, copyReplies = false): Worker {
  return new Worker(new URL('./support/worker.ts', import.meta.url), { workerData: { socket, what, copyReplies } });
}

/** What it posts first; rejects if it ends or fails before. */
async function messageOf(worker: Worker): Promise<unknown> {
  const ended = once(worker, 'exit').then(([code]) => {
    throw new Error(`the Worker ended with ${code}`);
  });
  // `once` rejects when the Worker emits an error.
  const [message] = await within(60_000, Promise.race([once(worker, 'message'), ended]));
  return message;
}

async function assertNothingLeft(): Promise<void> {
  const what = (): string => descriptorsOf(process.pid).join(' ');
  await eventually('this process to hold no segment', () => holdingsOf(process.pid).segments === 0).catch(() => {
    throw new Error(what());
  });
  await eventually('the instance to hold none', () => holdingsOf(instance.pid).segments === 0);
  await using client = await connect(probe, { path: instance.socket });
  assert.equal((await client.double({ value: 21n })).value, 42n);
}

/** Accepts a connection and says nothing; a second one makes it hang up on both. */
async function startSilent(path: string) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    if (sockets.size < 2) return;
    for (const one of sockets) one.destroy();
  }).listen(path);
  await once(server, 'listening');
  return {
    path,
    connections: () => sockets.size,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('Workers', () => {
  for (const copyReplies of [false, true]) {
    it(`call at the same time, each over its own channel${copyReplies ? ', replies copied' : ''}`, async () => {
      const workers = Array.from({ length: 3 }, () => startWorker('sum', instance.socket, copyReplies));
      const sums = await Promise.all(workers.map(messageOf));
      assert.deepEqual(sums, new Array(3).fill(1999n * 2000n));
      await Promise.all(workers.map((worker) => worker.terminate()));
      await assertNothingLeft();
    });
  }

  for (const what of ['load', 'sync', 'open', 'exit']) {
    it(`leave nothing behind when they end in the middle of it (${what})`, async () => {
      for (const copyReplies of [false, true]) {
        const workers = Array.from({ length: 2 }, () => startWorker(what, instance.socket, copyReplies));
        await Promise.all(workers.map(messageOf));
        await within(60_000, Promise.all(workers.map((worker) => worker.terminate())));
      }
      await assertNothingLeft();
    });
  }

  it('end at once while they connect to a peer that is silent', async () => {
    await using peer = await startSilent(folder.join('silent'));
    const worker = startWorker('silent', peer.path);
    await eventually('the connection', () => peer.connections() === 1);
    const started = performance.now();
    await worker.terminate();
    assert.ok(performance.now() - started < 30_000);
  });

  it('end without harm where only they loaded the addon, a connection still being made', async () => {
    await using peer = await startSilent(folder.join('quiet'));
    const connected = folder.join('connected');
    const told = eventually('the connection', () => peer.connections() === 1).then(() => writeFileSync(connected, ''));
    const ending = await runScript(
      peer.path,
      `import { existsSync } from 'node:fs';
       import { createConnection } from 'node:net';
       import { Worker } from 'node:worker_threads';
       const worker = new Worker(new URL(${JSON.stringify(import.meta.resolve('./support/worker.ts'))}), {
         workerData: { socket, what: 'silent', copyReplies: false },
         execArgv: [],
       });
       while (!existsSync(${JSON.stringify(connected)})) await sleep(5);
       await worker.terminate();
       // Only now the thread that connects learns that it cannot.
       createConnection(socket).on('error', () => {});
       await sleep(200);
       console.log('alive');`,
    );
    await told;
    assert.deepEqual([ending.code, ending.signal, ending.stdout, ending.stderr], [0, null, 'alive\n', '']);
    assert.equal(peer.connections(), 2);
  });
});

describe('connecting, calling and closing again and again', () => {
  // 10,000 cycles take long; the gate can ask for them.
  const cycles = Number(process.env.ISTHMUS_TEST_CYCLES ?? 2000);

  it(`leaves descriptors, mappings, threads and memory where they were after ${cycles} cycles`, async () => {
    const ending = await runScript(
      instance.socket,
      `import { readFileSync } from 'node:fs';
       import { holdingsOf } from ${JSON.stringify(import.meta.resolve('./support/processes.ts'))};
       const instance = ${instance.pid};
       const cycle = async (i) => {
         await using client = await connect(probe, { path: socket, copyReplies: i % 4 === 0 });
         await client.double({ value: 1n });
         if (i % 3 === 0) client.double.sync({ value: 1n });
         if (i % 5 === 0) client.double({ value: 1n }).catch(() => {});
       };
       for (let i = 0; i < 200; i++) await cycle(i);
       gc();
       for (let tries = 0; tries < 1000 && holdingsOf(instance).segments > 0; tries++) await sleep(20);
       await sleep(50);
       const before = [holdingsOf(process.pid), holdingsOf(instance)];
       for (let i = 0; i < ${cycles}; i++) {
         await cycle(i);
         if (i % 200 === 0) gc();
       }
       const isMore = () => ['descriptors', 'segments', 'threads'].some((what) => after.some((is, at) => is[what] > before[at][what]));
       let after;
       // The instance lets go of the last ones when it gets round to it.
       for (let tries = 0; tries < 200 && (after === undefined || isMore()); tries++) {
         gc();
         await sleep(100);
         gc();
         after = [holdingsOf(process.pid), holdingsOf(instance)];
       }
       console.log(JSON.stringify({ before, after }));`,
      // A small young generation: V8 doubles it under such a load, and that would be all one sees.
      { flags: ['--expose-gc', '--max-semi-space-size=1'], timeoutMs: 60_000 + cycles * 60 },
    );
    assert.equal(ending.code, 0, ending.stderr);
    const { before, after } = JSON.parse(ending.stdout);
    for (const at of [0, 1]) {
      const { residentKiB: was, ...held } = before[at];
      const { residentKiB: is, ...holds } = after[at];
      // Fewer where something of the first cycles was only let go of later.
      for (const [what, count] of Object.entries(held))
        assert.ok(holds[what] <= Number(count), `${what}: ${holds[what]}`);
      // Node's own memory grows by some ten MiB now and then; a channel that stayed would be 100 KiB each time.
      assert.ok(is < was + 100 * 1024, `resident memory went from ${was} to ${is} KiB`);
    }
  });
});

describe('a channel that was not used yet', () => {
  it('takes little memory', async () => {
    const channels = 100;
    const ending = await runScript(
      instance.socket,
      `import { holdingsOf } from ${JSON.stringify(import.meta.resolve('./support/processes.ts'))};
       const clients = [];
       const open = async (count) => {
         for (let i = 0; i < count; i++) clients.push(await connect(probe, { path: socket }));
       };
       await open(10);
       const before = holdingsOf(process.pid).residentKiB;
       await open(${channels});
       console.log(holdingsOf(process.pid).residentKiB - before);
       for (const client of clients) await client.$close();`,
      { flags: ['--max-semi-space-size=1'] },
    );
    assert.equal(ending.code, 0, ending.stderr);
    // Most of it is Node's. The buffers and tables of a channel, had they memory from the first, would be some 800 KiB.
    const kib = Number(ending.stdout) / channels;
    assert.ok(kib < 400, `${kib} KiB`);
  });
});

describe('a channel that was closed', () => {
  it('is freed once nothing refers to it', async () => {
    const ending = await runScript(
      instance.socket,
      `const freed = new Set();
       const registry = new FinalizationRegistry((name) => freed.add(name));
       const use = async (name) => {
         const client = await connect(probe, { path: socket });
         registry.register(client, name);
         await client.ping();
         await client.$close();
       };
       for (let i = 0; i < 20; i++) await use(i);
       for (let i = 0; i < 1000 && freed.size < 19; i++) { gc(); await sleep(10); }
       console.log(freed.size >= 19);`,
      { flags: ['--expose-gc'] },
    );
    assert.deepEqual([ending.code, ending.stdout, ending.stderr], [0, 'true\n', '']);
  });
});
