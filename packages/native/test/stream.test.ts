/** What calls with many replies do to the process: when it may end, what it holds, and what is left of them. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { connect } from '@isthmus/core';
import { eventually, within } from '../../../test/support/eventually.ts';
import type { Instance } from '../../../test/support/instance.ts';
import { probe } from '../../../test/support/probe.schema.ts';
import { startProbe } from '../../../test/support/probe.ts';
import { TemporaryFolder } from '../../../test/support/temporary-folder.ts';
import { holdingsOf } from './support/processes.ts';
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

/** No burst goes on once its client has gone, and the instance still answers. */
async function assertNothingLeft(): Promise<void> {
  await using client = await connect(probe, { path: instance.socket });
  await eventually('all bursts to end', async () => {
    const { begun, ended } = await client.bursts();
    return begun > 0 && begun === ended;
  });
  await eventually('one channel', () => holdingsOf(instance.pid).segments === 1);
}

for (const wait of ['adaptive', 'block', 'spin']) {
  describe(`a process with many replies to come (${wait})`, { concurrency: 2 }, () => {
    const client = `const client = await connect(probe, { path: socket, wait: '${wait}' });`;

    it('stays alive while it waits for one', async () => {
      const ending = await runScript(
        instance.socket,
        `${client}
         const stream = client.burst({ count: 3, pauseMicroseconds: 150_000 });
         const next = () => stream.next().then(({ done, value }) => {
           console.log(done ? 'done' : value.number);
           if (!done) next();
         });
         next();`,
      );
      assert.deepEqual([ending.code, ending.stdout, ending.stderr], [0, '0\n1\n2\ndone\n', '']);
    });

    it('ends by itself when it waits for none', async () => {
      for (const count of [4, 4_000_000_000]) {
        const ending = await runScript(
          instance.socket,
          `${client}
           const stream = client.burst({ count: ${count}, pauseMicroseconds: 1000, textBytes: 1000 });
           await stream.next();
           const enough = performance.now();
           process.on('exit', () => console.log(performance.now() - enough < 30_000));`,
        );
        assert.deepEqual([ending.code, ending.stdout, ending.stderr], [0, 'true\n', '']);
      }
      await assertNothingLeft();
    });

    it('waits again once somebody asks for the next', async () => {
      const ending = await runScript(
        instance.socket,
        `${client}
         const stream = client.burst({ count: 2, pauseMicroseconds: 200_000 });
         await stream.next();
         await sleep(20);
         stream.next().then(({ value }) => console.log(value.number));`,
      );
      assert.deepEqual([ending.code, ending.stdout, ending.stderr], [0, '1\n', '']);
    });

    it('ends when told to in the middle of them', async () => {
      const ending = await runScript(
        instance.socket,
        `${client}
         const take = async () => { for await (const { number } of client.burst({ count: 1e6 })) if (number === 500) process.exit(7); };
         for (let i = 0; i < 10; i++) take();
         await sleep(5000);`,
      );
      assert.deepEqual([ending.code, ending.signal, ending.stderr], [7, null, '']);
      await assertNothingLeft();
    });

    it('uses no CPU time while nobody takes them', async () => {
      const ending = await runScript(
        instance.socket,
        `${client}
         const stream = client.burst({ count: 1e6, textBytes: 1000 });
         await stream.next();
         await sleep(300);
         const before = process.cpuUsage();
         await sleep(500);
         const { user, system } = process.cpuUsage(before);
         console.log(user + system);`,
      );
      const microseconds = Number(ending.stdout);
      assert.ok(ending.code === 0 && microseconds < 250_000, `${microseconds} us in 500 ms ${ending.stderr}`);
    });
  });
}

describe('a stream', () => {
  it('that was dropped is ended once it is collected, and never while somebody waits', async () => {
    const ending = await runScript(
      instance.socket,
      `const client = await connect(probe, { path: socket });
       const kept = [];
       const begin = async () => {
         for (let i = 0; i < 20; i++) await kept[kept.push(client.burst({ count: 4e9, textBytes: 1000 })) - 1].next();
       };
       await begin();
       // Only the promises are kept of these.
       const waiting = [1, 2].map(() => client.burst({ count: 1, pauseMicroseconds: 4_500_000 }, { timeoutMs: 60_000 }).next());
       const inFlight = () => client.$instances[0].inFlight;
       console.log(inFlight());
       kept.length = 0;
       for (let i = 0; i < 200 && inFlight() > 2; i++) { gc(); await sleep(1); }
       console.log(inFlight());
       for (const one of waiting) console.log((await one).value.number);`,
      { flags: ['--expose-gc'] },
    );
    assert.deepEqual([ending.code, ending.stdout, ending.stderr], [0, '22\n2\n0\n0\n', '']);
    await assertNothingLeft();
  });

  it('that was ended does not keep the process, although the instance cannot be told of it', async () => {
    await using stopped = await startProbe(folder.join('stopped.sock'));
    const ending = await runScript(
      stopped.socket,
      `const client = await connect(probe, { path: socket, requestRingBytes: 4096 });
       const stream = client.burst({ count: 1000, textBytes: 1000 });
       await stream.next();
       stopProcess(${stopped.pid});
       try { for (;;) await client.note({ value: 1n }); } catch ({ code }) { console.log(code); }
       await stream.return();
       const ended = performance.now();
       process.on('exit', () => console.log(performance.now() - ended < 30_000));`,
    );
    assert.deepEqual([ending.code, ending.stdout, ending.stderr], [0, 'RING_FULL\ntrue\n', '']);
  });

  it('holds no more memory than its window, however slowly it is taken', async () => {
    const ending = await runScript(
      instance.socket,
      `const client = await connect(probe, { path: socket, streamWindowBytes: 65_536 });
       const streams = Array.from({ length: 20 }, () => client.burst({ count: 4e9, textBytes: 10_000 }));
       const take = async (rounds) => {
         for (let i = 0; i < rounds; i++) { for (const stream of streams) await stream.next(); await sleep(1); }
         gc();
         await sleep(20);
         gc();
         const { heapUsed, external } = process.memoryUsage();
         return heapUsed + external;
       };
       const before = await take(300);
       console.log((await take(600)) - before);
       process.exit(0);`,
      { flags: ['--expose-gc'], timeoutMs: 120_000 },
    );
    // 120 MB went through, and there is no end to what the instance would send.
    assert.ok(ending.code === 0 && Number(ending.stdout) < 20e6, `${ending.stdout} bytes ${ending.stderr}`);
    await assertNothingLeft();
  });

  it('leaves nothing behind when it is begun and ended again and again', async () => {
    const ending = await runScript(
      instance.socket,
      `import { holdingsOf } from ${JSON.stringify(import.meta.resolve('./support/processes.ts'))};
       const client = await connect(probe, { path: socket });
       const cycle = async (i) => {
         const stream = client.burst({ count: i % 3 === 0 ? 5 : 4e9, textBytes: 500 });
         for (let taken = 0; taken < i % 8 && !(await stream.next()).done; taken++);
         if (i % 5 === 0) client.double.sync({ value: 1n });
         if (i % 3 !== 0) await stream.return();
         else for await (const row of stream);
       };
       const after = async (cycles) => {
         for (let i = 0; i < cycles; i++) await cycle(i);
         gc();
         await sleep(50);
         gc();
         return holdingsOf(process.pid);
       };
       const holdings = [await after(500)];
       // Node's own memory grows by some ten MiB once, sooner or later; what leaks does in each round.
       const grown = () => holdings.at(-1).residentKiB - holdings.at(-2).residentKiB;
       do holdings.push(await after(4000)); while (grown() > 6 * 1024 && holdings.length < 8);
       console.log(JSON.stringify({ holdings, grownKiB: grown(), inFlight: client.$instances[0].inFlight }));`,
      { flags: ['--expose-gc', '--max-semi-space-size=1'], timeoutMs: 180_000 },
    );
    assert.equal(ending.code, 0, ending.stderr);
    const { holdings, grownKiB, inFlight } = JSON.parse(ending.stdout);
    const [first, last] = [holdings[0], holdings.at(-1)].map(({ residentKiB: _, ...held }) => held);
    assert.deepEqual([last, inFlight], [first, 0]);
    assert.ok(
      grownKiB <= 6 * 1024,
      `resident memory in KiB: ${holdings.map(({ residentKiB }: { residentKiB: number }) => residentKiB).join(', ')}`,
    );
    await assertNothingLeft();
  });
});

describe('Workers in the middle of many replies', () => {
  for (const copyReplies of [false, true]) {
    it(`leave nothing behind when they end${copyReplies ? ', replies copied' : ''}`, async () => {
      const workers = Array.from({ length: 3 }, () => {
        const workerData = { socket: instance.socket, what: 'stream', copyReplies };
        return new Worker(new URL('./support/worker.ts', import.meta.url), { workerData });
      });
      await within(
        60_000,
        Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('message', resolve)))),
      );
      await within(60_000, Promise.all(workers.map((worker) => worker.terminate())));
      await eventually('this process to hold no segment', () => holdingsOf(process.pid).segments === 0);
      await assertNothingLeft();
    });
  }
});
