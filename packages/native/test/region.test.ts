/** Who holds a region, who lets it go, and what is left then: of threads, descriptors, mappings and sockets. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { connect, ownRegions } from '@isthmus/core';
import { anyVersion, loadNative, RegionWord, rowOfKey, writerCounts } from '@isthmus/native';
import { errors, regionLayoutOf } from '@isthmus/schema';
import { eventually, within } from '../../../test/support/eventually.ts';
import { TemporaryFolder } from '../../../test/support/temporary-folder.ts';
import { feed } from '../../core/test/support/feed.schema.ts';
import { startFeed, tickOf } from '../../core/test/support/feed.ts';
import { StoppedWriter } from '../../core/test/support/stopped-writer.ts';
import { descriptorsOf, holdingsOf } from './support/processes.ts';
import { runScript } from './support/script.ts';

function startWorker(what: string, socket: string): Worker {
  return new Worker(new URL('./support/region-worker.ts', import.meta.url), { workerData: { socket, what } });
}

/** Waits until this process holds no more than before, and says what is left otherwise. */
async function assertNothingLeft(before: ReturnType<typeof holdingsOf>): Promise<void> {
  await eventually('all to be given back', () => {
    const { segments, threads } = holdingsOf(process.pid);
    return segments === 0 && threads <= before.threads;
  }).catch(() => {
    const { segments, threads } = holdingsOf(process.pid);
    throw new Error(`${segments} mappings, ${threads} threads of ${before.threads}: ${descriptorsOf(process.pid)}`);
  });
}

describe('Workers', () => {
  for (const what of ['own', 'opening', 'watch', 'read']) {
    it(`end in the midst of what they do with regions: ${what}`, async () => {
      using folder = new TemporaryFolder();
      const socket = folder.join('a.sock');
      await using instance =
        what === 'own' || what === 'opening' ? { [Symbol.asyncDispose]: async () => {} } : await startFeed(socket);
      assert.ok(instance);
      // The first Worker of a process leaves threads of Node's own.
      const first = startWorker(what, socket);
      await within(60_000, once(first, 'message'));
      await first.terminate();
      await sleep(100);
      const before = holdingsOf(process.pid);
      for (let i = 0; i < 3; i += 1) {
        const worker = startWorker(what, socket);
        await within(60_000, once(worker, 'message'));
        await sleep(i * 20);
        await within(60_000, worker.terminate());
        if (what === 'own') assert.ok(!existsSync(socket));
      }
      await assertNothingLeft(before);
    });
  }
});

describe('a process', () => {
  const schema = JSON.stringify(new URL('../../core/test/support/feed.schema.ts', import.meta.url).pathname);
  const helpers = JSON.stringify(new URL('../../core/test/support/feed.ts', import.meta.url).pathname);
  const imports = `
import { ownRegions } from '@isthmus/core';
import { feed } from ${schema};
import { tickOf } from ${helpers};
`;

  it('ends although it has regions, and watches that nobody waits for', async () => {
    using folder = new TemporaryFolder();
    await using instance = await startFeed(folder.join('a.sock'));
    const { code, stdout, stderr } = await runScript(
      instance.socket,
      `${imports}
const client = await connect(feed, { path: socket });
client.board.write(tickOf(1n));
const stream = client.board.watch();
await stream.next();
console.log('end');`,
    );
    assert.deepEqual([code, stdout, stderr], [0, 'end\n', '']);
  });

  it('goes on while somebody waits for the next version', async () => {
    using folder = new TemporaryFolder();
    await using instance = await startFeed(folder.join('a.sock'));
    await using client = await connect(feed, { path: instance.socket });
    const running = runScript(
      instance.socket,
      `${imports}
const client = await connect(feed, { path: socket });
client.board.write(tickOf(1n));
for await (const { value } of client.board.watch()) {
  if (value.count === 2n) break;
}
console.log('end');`,
    );
    await eventually('the script to write', () => client.board.untyped.rows().then((rows) => rows.length > 0));
    await sleep(300);
    client.board.write(tickOf(2n));
    const { code, stdout, stderr } = await running;
    assert.deepEqual([code, stdout, stderr], [0, 'end\n', '']);
  });

  it('goes on while it owns regions, and removes the socket when it exits', async () => {
    using folder = new TemporaryFolder();
    const socket = folder.join('a.sock');
    const owning = runScript(
      socket,
      `${imports}
const owner = await ownRegions(feed, { path: socket });
owner.ticks.write(tickOf(7n));
const client = await connect(feed, { path: socket });
client.board.write(tickOf(1n));
for await (const { value } of owner.board.watch()) if (value.count === 2n) process.exit(5);`,
    );
    await eventually('the owner', () => existsSync(socket));
    await using client = await connect(feed, { path: socket });
    await eventually('its value', () => client.board.untyped.rows().then((rows) => rows.length > 0));
    assert.equal(client.ticks.get('count'), 7n);
    client.board.write(tickOf(2n));
    const { code, stderr } = await owning;
    assert.deepEqual([code, stderr], [5, '']);
    assert.ok(!existsSync(socket));
    await eventually('the loss', () => !client.ticks.isLive);
    assert.equal(client.ticks.get('count'), 7n);

    const kept = await runScript(
      socket,
      `${imports}
const owner = await ownRegions(feed, { path: socket });
setTimeout(() => owner.$close(), 300).unref();
console.log('end');`,
    );
    assert.deepEqual([kept.code, kept.stdout], [0, 'end\n']);
    assert.ok(kept.tookMs > 300);
    assert.ok(!existsSync(socket));
  });

  it('gives back watches that were dropped', async () => {
    using folder = new TemporaryFolder();
    await using instance = await startFeed(folder.join('a.sock'));
    const { code, stdout, stderr } = await runScript(
      instance.socket,
      `${imports}
import { readdirSync } from 'node:fs';
const threads = () => readdirSync('/proc/self/task').length;
const client = await connect(feed, { path: socket });
client.board.write(tickOf(1n));
// That which connected may not have ended yet.
let before = threads();
for (let i = 0; i < 40; i += 1) {
  await sleep(25);
  before = Math.min(before, threads());
}
await client.board.watch().next();
const watching = threads();
for (let i = 0; i < 100 && threads() > before; i += 1) {
  globalThis.gc();
  await sleep(50);
}
console.log(watching - before, threads() - before);`,
      { flags: ['--expose-gc'] },
    );
    assert.deepEqual([code, stdout, stderr], [0, '1 0\n', '']);
  });
});

describe('this process', () => {
  it('holds nothing more once owners and clients are closed', async () => {
    using folder = new TemporaryFolder();
    const before = holdingsOf(process.pid);
    for (let i = 0; i < 20; i += 1) {
      const path = folder.join(`${i}.sock`);
      const owner = await ownRegions(feed, { path });
      const client = await connect(feed, { path });
      owner.ticks.write(tickOf(1n));
      const streams = [client.ticks.watch(), owner.ticks.watch()];
      for (const stream of streams) await stream.next();
      await Promise.all([client.$close(), owner.$close()]);
    }
    await assertNothingLeft(before);
    await eventually('descriptors', () => holdingsOf(process.pid).descriptors <= before.descriptors + 1);
  });
});

describe('a region of the addon', () => {
  const { invalid, closed, empty, unknownRow } = {
    invalid: -errors.INVALID_ARGUMENT.number,
    closed: -errors.CLOSED.number,
    empty: -errors.REGION_EMPTY.number,
    unknownRow: -errors.UNKNOWN_ROW.number,
  };
  const schema = {
    name: feed.name,
    hash: feed.hash,
    text: feed.text,
    regions: feed.regionList.map((region) => {
      const { keyIsText, writers, ...layout } = regionLayoutOf(region);
      return { ...layout, keyIsText: Number(keyIsText), writers: writerCounts[writers] };
    }),
  };

  /** An owner of the addon's own, ended whatever happens. */
  async function startOwner(path: string) {
    const ended = Promise.withResolvers<void>();
    const owner = await loadNative().ownRegions(path, schema, 0o600, () => ended.resolve());
    return {
      owner,
      async [Symbol.asyncDispose]() {
        owner.stop();
        await ended.promise;
      },
    };
  }

  it('refuses rows and parts that there are not, whatever its words say', async () => {
    using folder = new TemporaryFolder();
    await using started = await startOwner(folder.join('a.sock'));
    const ticks = started.owner.region(1);
    const words = new DataView(ticks.buffer);
    assert.equal(ticks.read(), empty);
    assert.equal(ticks.write(), 0);
    assert.equal(ticks.read(), 0);
    for (const [offset, size] of [
      [0, 65],
      [64, 1],
      [1, 0xffff_ffff],
      [0xffff_ffff, 2],
    ] as const) {
      words.setUint32(RegionWord.offset, offset, true);
      words.setUint32(RegionWord.size, size, true);
      assert.equal(ticks.readPart(), invalid);
      assert.equal(ticks.writePart(), invalid);
    }
    for (const row of [1, 0x7fff_ffff, rowOfKey]) {
      words.setUint32(RegionWord.row, row, true);
      for (const use of [ticks.read, ticks.stamp, ticks.write]) assert.equal(use(), invalid);
    }
    const market = started.owner.region(2);
    new DataView(market.buffer).setUint32(RegionWord.row, rowOfKey, true);
    assert.equal(market.read(), unknownRow);
    assert.equal(market.keyAt + 8, market.buffer.byteLength);
  });

  it('answers CLOSED once it is closed, and is not there any more once its owner has ended', async () => {
    using folder = new TemporaryFolder();
    const started = await startOwner(folder.join('a.sock'));
    const ticks = started.owner.region(1);
    ticks.watch(() => {});
    ticks.close();
    ticks.close();
    ticks.unwatch();
    ticks.setRest(1e6);
    for (const use of [ticks.read, ticks.readPart, ticks.stamp, ticks.write, ticks.writePart, ticks.look]) {
      assert.equal(use(), closed);
    }
    assert.throws(() => ticks.watch(() => {}), { status: closed });
    assert.throws(() => started.owner.region(99), { status: -errors.UNKNOWN_REGION.number });
    const late = started.owner.region(1);
    await started[Symbol.asyncDispose]();
    // What was taken before stays as it is.
    assert.equal(late.write(), 0);
    assert.equal(late.read(), 0);
    assert.throws(() => started.owner.region(1), { status: closed });
    started.owner.stop();
    started.owner.end();
    late.close();
  });

  it('tells of changes at once, and then no more often than it is told to', async () => {
    using folder = new TemporaryFolder();
    await using started = await startOwner(folder.join('a.sock'));
    const ticks = started.owner.region(1);
    new DataView(ticks.buffer).setBigUint64(RegionWord.expected, anyVersion, true);
    const writing = setInterval(() => ticks.write(), 2);
    let calls = 0;
    const callsDuring = async (ms: number): Promise<number> => {
      calls = 0;
      await sleep(ms);
      return calls;
    };
    try {
      ticks.setRest(5e6);
      ticks.watch(() => {
        calls += 1;
      });
      await eventually('a call', () => calls > 0);
      ticks.setRest(4e9);
      // One may be on its way.
      assert.ok((await callsDuring(300)) <= 2, `${calls}`);
      // A rest is cut short, and none is shorter than the least.
      ticks.setRest(0);
      await eventually('more of them', () => calls > 20, 3000);
      ticks.unwatch();
      ticks.setRest(1e6);
    } finally {
      clearInterval(writing);
      ticks.close();
    }
  });

  it('writes at once, or not at all, unless it is told to wait', async () => {
    using folder = new TemporaryFolder();
    const path = folder.join('a.sock');
    await using started = await startOwner(path);
    await using client = await connect(feed, { path });
    const page = started.owner.region(feed.regions.page.id);
    const words = new DataView(page.buffer);
    words.setBigUint64(RegionWord.expected, anyVersion, true);
    assert.equal(page.write(), 0);
    await using writer = await StoppedWriter.start(path, client.page);
    words.setUint32(RegionWord.size, 8, true);
    for (const write of [page.write, page.writePart]) {
      // The least of some: others may have the CPU.
      const least = (patienceNs: number): number => {
        words.setUint32(RegionWord.patience, patienceNs, true);
        const times = Array.from({ length: 5 }, () => {
          const begin = performance.now();
          assert.equal(write(), -errors.LOCK_TIMEOUT.number);
          assert.equal(words.getUint32(RegionWord.holder, true), writer.pid);
          return performance.now() - begin;
        });
        return Math.min(...times);
      };
      assert.ok(least(0) < 10);
      const waited = least(30e6);
      assert.ok(waited >= 30 && waited < 1000, `${waited}`);
    }
    await writer.kill();
    assert.equal(page.write(), 0);
    page.close();
  });

  it('is refused by an owner whose schema cannot be', async () => {
    using folder = new TemporaryFolder();
    const [first] = schema.regions;
    assert.ok(first);
    for (const wrong of [{ bytes: 0 }, { bytes: 65537 }, { rows: 0 }, { rows: 2 }, { keyBytes: 65 }, { name: '' }]) {
      const regions = [{ ...first, ...wrong }];
      const opening = loadNative().ownRegions(folder.join('a.sock'), { ...schema, regions }, 0o600, () => {});
      await assert.rejects(opening, { status: -errors.SCHEMA_INVALID.number }, JSON.stringify(wrong));
    }
    assert.throws(() => loadNative().ownRegions('x', { ...schema, hash: new Uint8Array(3) }, 0o600, () => {}), {
      status: invalid,
    });
  });
});
