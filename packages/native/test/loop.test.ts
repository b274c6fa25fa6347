/** What a channel does to the event loop: when it lets the process end, and what it costs to have one. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Instance } from '../../../test/support/instance.ts';
import { startProbe } from '../../../test/support/probe.ts';
import { TemporaryFolder } from '../../../test/support/temporary-folder.ts';
import { runScript } from './support/script.ts';

describe('a process with a client', { concurrency: 3 }, () => {
  const folder = new TemporaryFolder();
  let instance: Instance;
  before(async () => {
    instance = await startProbe(folder.join('a.sock'), '--threads', '16');
  });
  after(async () => {
    await instance[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  for (const wait of ['adaptive', 'block', 'spin']) {
    const client = `const client = await connect(probe, { path: socket, wait: '${wait}' });`;

    it(`ends by itself when no call is in flight (${wait})`, async () => {
      const ending = await runScript(instance.socket, `${client} await client.ping(); console.log('done');`);
      assert.deepEqual([ending.code, ending.stdout, ending.stderr], [0, 'done\n', '']);
    });

    it(`stays alive while a call is (${wait})`, async () => {
      const ending = await runScript(
        instance.socket,
        `${client} client.sleep({ microseconds: 300_000, tag: 1 }).then(() => console.log('answered'));`,
      );
      assert.deepEqual([ending.code, ending.stdout, ending.stderr], [0, 'answered\n', '']);
    });

    it(`stays alive until a deadline (${wait})`, async () => {
      await using stopped = await startProbe(folder.join(`stopped-${wait}.sock`));
      const ending = await runScript(
        stopped.socket,
        `${client} stopProcess(${stopped.pid});
         client.ping(undefined, { timeoutMs: 100 }).catch(({ code }) => console.log(code));`,
      );
      assert.deepEqual([ending.code, ending.stdout, ending.stderr], [0, 'DEADLINE_EXCEEDED\n', '']);
      assert.ok(ending.tookMs >= 100);
    });

    it(`ends when told to in the middle of a call, and in a continuation (${wait})`, async () => {
      const calls = 'for (let i = 0; i < 50; i++) client.sleep({ microseconds: 1000, tag: i });';
      const middle = await runScript(instance.socket, `${client} ${calls} process.exit(7);`);
      assert.deepEqual([middle.code, middle.signal, middle.stderr], [7, null, '']);
      const continuation = await runScript(
        instance.socket,
        `${client} ${calls} client.ping().then(() => process.exit(8)); await sleep(5000);`,
      );
      assert.deepEqual([continuation.code, continuation.signal, continuation.stderr], [8, null, '']);
    });
  }

  it('ends once its last call was cancelled', async () => {
    // An instance of its own, since its thread goes on sleeping.
    await using sleeper = await startProbe(folder.join('sleeper.sock'));
    const ending = await runScript(
      sleeper.socket,
      `const client = await connect(probe, { path: socket });
       const controller = new AbortController();
       const call = client.sleep({ microseconds: 60_000_000, tag: 1 }, { signal: controller.signal });
       setTimeout(() => controller.abort(), 30);
       await call.catch(({ code }) => console.log(code));
       const cancelled = performance.now();
       process.on('exit', () => console.log(performance.now() - cancelled < 30_000));`,
    );
    sleeper.kill('SIGKILL');
    assert.deepEqual([ending.code, ending.stdout], [0, 'CANCELLED\ntrue\n']);
  });

  it('ends with an exception that a continuation throws, and not before its time', async () => {
    const ending = await runScript(
      instance.socket,
      `const client = await connect(probe, { path: socket });
       client.ping().then(() => { throw new Error('mine'); });
       await sleep(5000);`,
    );
    assert.deepEqual([ending.code, ending.signal], [1, null]);
    assert.match(ending.stderr, /Error: mine/);
  });

  it('goes on when it catches exceptions that it did not see coming', async () => {
    const ending = await runScript(
      instance.socket,
      `const client = await connect(probe, { path: socket });
       process.on('uncaughtException', ({ message }) => console.log(message));
       const calls = [1n, 2n, 3n].map((value) => client.double({ value }));
       calls[0].then(() => { process.nextTick(() => { throw new Error('ticked'); }); });
       console.log((await calls[2]).value, (await client.double({ value: 21n })).value);`,
    );
    assert.equal(ending.code, 0);
    assert.deepEqual(ending.stdout.trim().split('\n').sort(), ['6n 42n', 'ticked']);
  });

  it('ends by itself while instances are looked for and none answers', async () => {
    const ending = await runScript(
      folder.join('nowhere'),
      `const client = await connect(probe, { path: socket, waitForInstance: false }); console.log('done');`,
    );
    assert.deepEqual([ending.code, ending.stdout, ending.stderr], [0, 'done\n', '']);
  });

  for (const wait of ['adaptive', 'block', 'spin']) {
    it(`uses no CPU time while it is idle (${wait})`, async () => {
      const ending = await runScript(
        instance.socket,
        `const client = await connect(probe, { path: socket, wait: '${wait}' });
         for (let i = 0; i < 100; i++) await client.ping();
         await sleep(100);
         const before = process.cpuUsage();
         await sleep(500);
         const { user, system } = process.cpuUsage(before);
         console.log(user + system);`,
      );
      const microseconds = Number(ending.stdout);
      assert.ok(ending.code === 0 && microseconds < 250_000, `${microseconds} us in 500 ms ${ending.stderr}`);
    });
  }

  for (const wait of ['adaptive', 'block']) {
    it(`sleeps while a slow call is in flight (${wait})`, async () => {
      const ending = await runScript(
        instance.socket,
        `const client = await connect(probe, { path: socket, wait: '${wait}' });
         await client.ping();
         const before = process.cpuUsage();
         await client.sleep({ microseconds: 400_000, tag: 0 });
         const { user, system } = process.cpuUsage(before);
         console.log(user + system);`,
      );
      const microseconds = Number(ending.stdout);
      assert.ok(ending.code === 0 && microseconds < 200_000, `${microseconds} us in 400 ms ${ending.stderr}`);
    });
  }

  it('stops polling for replies that come later than it polls for (adaptive)', async () => {
    const ending = await runScript(
      instance.socket,
      `const client = await connect(probe, { path: socket, wait: 'adaptive', spinMicroseconds: 10_000 });
       await client.ping();
       const costOf = async (calls) => {
         const before = process.cpuUsage();
         for (let i = 0; i < calls; i++) await client.sleep({ microseconds: 25_000, tag: 0 });
         const { user, system } = process.cpuUsage(before);
         return user + system;
       };
       // Polling, 400 ms. Not by a certain call: who is held up may find a reply while it polls, and then learns anew.
       for (let round = 0; round < 20; round++) {
         if ((await costOf(40)) < 200_000) process.exit(0);
       }
       process.exit(1);`,
    );
    assert.equal(ending.code, 0, `it goes on polling ${ending.stderr}`);
  });

  it('lets timers, I/O and immediates have their turn under load', async () => {
    const ending = await runScript(
      instance.socket,
      `import { readFile } from 'node:fs/promises';
       const client = await connect(probe, { path: socket, wait: 'spin' });
       let running = true;
       let calls = 0;
       const busy = () => { const end = performance.now() + 0.02; while (performance.now() < end); };
       const load = async () => { while (running) { await client.double({ value: 1n }); calls++; busy(); } };
       const loads = Array.from({ length: 256 }, load);
       let turns = 0, files = 0;
       const turn = () => { turns++; if (running) setImmediate(turn); };
       turn();
       const end = performance.now() + 20_000;
       while ((turns < 50 || files < 20) && performance.now() < end) { await readFile('/dev/null'); files++; await sleep(1); }
       running = false;
       await Promise.all(loads);
       console.log(JSON.stringify({ calls, turns, files }));`,
    );
    const { calls, turns, files } = JSON.parse(ending.stdout);
    assert.ok(calls > 100 && turns >= 50 && files >= 20, ending.stdout);
  });
});
