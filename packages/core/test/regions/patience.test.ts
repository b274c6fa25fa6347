/** Writes that others are in the way of: by a fake, and by a C program that was stopped while it has the lock. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connect, ownRegions, type Stamp } from '@isthmus/core';
import { errors, IsthmusError, optional, region, service, struct, u32 } from '@isthmus/schema';
import { TemporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { RegionAccess } from '../../src/regions/access.ts';
import { RegionMemory } from '../../src/regions/memory.ts';
import { patienceMs, writeAtOnce, writeByTries } from '../../src/regions/patience.ts';
import { ownWireRegion } from '../../src/regions/wire.ts';
import { FakeNativeRegion } from '../support/fake-native-region.ts';
import { feed } from '../support/feed.schema.ts';
import { failsWith } from '../support/probe-client.ts';
import { StoppedWriter } from '../support/stopped-writer.ts';

const stamp: Stamp = { epoch: 1n, version: 1n, time: 1n };
const taken = (): never => {
  throw new IsthmusError('LOCK_TIMEOUT');
};

/** What it comes to, and how often others ran meanwhile. */
async function turnsDuring(work: () => Promise<unknown>): Promise<{ error: unknown; turns: number }> {
  let turns = 0;
  const count = (): void => {
    turns += 1;
    counting = setImmediate(count);
  };
  let counting = setImmediate(count);
  const error = await work().then(
    () => undefined,
    (cause: unknown) => cause,
  );
  clearImmediate(counting);
  return { error, turns };
}

describe('writeByTries', () => {
  it('makes the first try at once', () => {
    let tries = 0;
    void writeByTries(() => {
      tries += 1;
      return stamp;
    });
    assert.equal(tries, 1);
  });

  it('tries again until the lock is free, ever more seldom', async () => {
    // Whether 100 ms are enough for five tries is the machine's to say.
    for (let attempts = 1; ; attempts += 1) {
      const times: number[] = [];
      const found = await writeByTries(() => {
        times.push(performance.now());
        return times.length < 5 ? taken() : stamp;
      }).catch(failsWith('LOCK_TIMEOUT'));
      assert.ok(attempts < 20);
      if (found !== stamp) continue;
      assert.equal(times.length, 5);
      // 1, 2, 4 and 8 ms, each of which may be longer; timers may be up to 1 ms early.
      assert.ok((times[4] ?? 0) - (times[0] ?? 0) > 11, times.join(' '));
      break;
    }
  });

  it('gives up in the end, with what the last try said', async () => {
    let tries = 0;
    const begin = performance.now();
    const never = writeByTries(() => {
      tries += 1;
      throw new IsthmusError('LOCK_TIMEOUT', { detail: `try ${tries}` });
    });
    await assert.rejects(never, (error: Error) => failsWith('LOCK_TIMEOUT', RegExp(`try ${tries}$`))(error));
    assert.ok(performance.now() - begin >= patienceMs);
    // More seldom with each, or they would be about a hundred.
    assert.ok(tries >= 2 && tries <= 25, `${tries}`);
  });

  it('lets others run where it was written meanwhile, and gives up after a thousand times', async () => {
    const { error, turns } = await turnsDuring(() => writeByTries(() => undefined));
    failsWith('REGION_BUSY')(error);
    assert.ok(turns > 500, `${turns}`);
    let left = 10;
    assert.equal(await writeByTries(() => (left-- > 0 ? undefined : stamp)), stamp);
  });

  it('gives any other error at once', async () => {
    let tries = 0;
    const refused = writeByTries(() => {
      tries += 1;
      throw new IsthmusError('REGION_CONFLICT');
    });
    await assert.rejects(refused, failsWith('REGION_CONFLICT'));
    assert.equal(tries, 1);
  });
});

describe('writeAtOnce', () => {
  it('waits so long in all, however often it was written meanwhile', () => {
    const waits: number[] = [];
    const sleeping = new Int32Array(new SharedArrayBuffer(4));
    assert.throws(
      () =>
        writeAtOnce((waitMs) => {
          waits.push(waitMs);
          Atomics.wait(sleeping, 0, 0, Math.min(waitMs, 30));
          return waitMs > 0 ? undefined : taken();
        }),
      failsWith('LOCK_TIMEOUT'),
    );
    assert.ok(waits.length >= 2 && waits.length <= 5, waits.join(' '));
    assert.ok(
      waits.every((ms, i) => ms <= patienceMs - 29 * i || ms === 0),
      waits.join(' '),
    );
    assert.equal(waits.at(-1), 0);
    assert.throws(() => writeAtOnce(() => undefined), failsWith('REGION_BUSY'));
  });
});

describe('set of a field that takes the whole row', () => {
  it('waits 100 ms in all for a lock that is let go of now and then', () => {
    const Row = struct('Row', { note: optional(u32()) });
    const schema = service('notes', { note: region(Row, { writers: 'many' }) });
    const native = new FakeNativeRegion(schema.regions.note.codec.size);
    const access = new RegionAccess(
      schema.regions.note,
      ownWireRegion(schema.regions.note),
      new RegionMemory(native, 'note'),
    );
    const sleeping = new Int32Array(new SharedArrayBuffer(4));
    let tries = 0;
    native.onWrite = (patienceNs) => {
      tries += 1;
      if (patienceNs === 0) return -errors.LOCK_TIMEOUT.number;
      Atomics.wait(sleeping, 0, 0, Math.min(patienceNs / 1e6, 30));
      return -errors.REGION_CONFLICT.number;
    };
    assert.throws(() => access.set(undefined, 'note', 5, undefined), failsWith('LOCK_TIMEOUT'));
    assert.ok(tries <= 5, `${tries}`);
    native.onWrite = undefined;
    assert.equal(access.set(undefined, 'note', 5, undefined).version, 1n);
    assert.equal(access.get('note'), 5);
  });
});

describe('a program that has the lock, and was stopped', () => {
  const bytes = new Uint8Array(feed.regions.page.codec.size);

  it('does not hold up the event loop of who writes without types', async () => {
    using folder = new TemporaryFolder();
    const path = folder.join('a.sock');
    await using _owner = await ownRegions(feed, { path });
    await using client = await connect(feed, { path });
    await using writer = await StoppedWriter.start(path, client.page);
    const { untyped } = client.page;
    for (const write of [
      () => untyped.write(bytes),
      () => untyped.update(undefined, (old) => old),
      // Some at a time.
      () => Promise.all(Array.from({ length: 20 }, () => untyped.write(bytes))),
    ]) {
      // One at most where each try waited for its whole time; how long a turn takes is the machine's to say.
      for (let attempts = 1, turns = 0; turns <= 2; attempts += 1) {
        const during = await turnsDuring(write);
        failsWith('LOCK_TIMEOUT', RegExp(`process ${writer.pid} holds it`))(during.error);
        turns = during.turns;
        assert.ok(turns > 2 || attempts < 10, `${turns}`);
      }
    }
    await writer.kill();
    assert.ok((await untyped.write(bytes)).version > 0n);
  });

  it('is waited for', async () => {
    using folder = new TemporaryFolder();
    const path = folder.join('a.sock');
    await using _owner = await ownRegions(feed, { path });
    await using client = await connect(feed, { path });
    // Whether 100 ms are enough is the machine's to say.
    for (let attempts = 1; ; attempts += 1) {
      await using writer = await StoppedWriter.start(path, client.page);
      const { untyped } = client.page;
      const writing = Promise.allSettled([untyped.write(bytes), untyped.update(undefined, (old) => old)]);
      await writer.kill();
      const outcomes = await writing;
      if (outcomes.every(({ status }) => status === 'fulfilled')) break;
      assert.ok(attempts < 10);
    }
  });

  it('is not waited for once there is nothing to write to any more', async () => {
    using folder = new TemporaryFolder();
    const path = folder.join('a.sock');
    const owner = await ownRegions(feed, { path });
    await using client = await connect(feed, { path });
    await using _writer = await StoppedWriter.start(path, client.page);
    const writing = client.page.untyped.write(bytes);
    writing.catch(() => {});
    await client.$close();
    await owner.$close();
    await assert.rejects(writing, failsWith('CLOSED'));
  });
});
