/** Owners and writers that die, come back, and are several. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connect, ownRegions } from '@isthmus/core';
import { eventually } from '../../../../test/support/eventually.ts';
import { TemporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { feed } from '../support/feed.schema.ts';
import { startFeed, tickOf } from '../support/feed.ts';
import { failsWith } from '../support/probe-client.ts';
import { killWriter, StoppedWriter, startWriter } from '../support/stopped-writer.ts';

describe('an owner that is killed', () => {
  it('leaves a whole value, whatever it was writing', async () => {
    using folder = new TemporaryFolder();
    await using client = await connect(feed, { path: folder.join('a.sock'), waitForInstance: false });
    const epochs = new Set<bigint>();
    for (let i = 0; i < 10; i += 1) {
      await using instance = await startFeed(folder.join('a.sock'));
      await eventually('the region', () => client.ticks.isLive);
      await client.tick({ times: 0 });
      await eventually('a thousand versions', async () => {
        const [row] = await client.ticks.untyped.rows();
        return row !== undefined && row.version > 1000n;
      });
      instance.kill('SIGKILL');
      await eventually('the loss', () => !client.ticks.isLive);
      const { value, version, epoch } = client.ticks.read();
      assert.deepEqual(value, tickOf(value.count));
      assert.equal(version, value.count);
      assert.deepEqual(client.ticks.read(), client.ticks.read());
      epochs.add(epoch);
    }
    assert.equal(epochs.size, 10);
  });
});

describe('a writer that is killed', () => {
  it('leaves a whole value, and the others go on', async () => {
    using folder = new TemporaryFolder();
    const path = folder.join('a.sock');
    await using owner = await ownRegions(feed, { path });
    await using client = await connect(feed, { path });
    for (let i = 0; i < 20; i += 1) {
      await killWriter(await startWriter(path));
      const { value, version } = client.board.read();
      assert.deepEqual(value, tickOf(value.count));
      assert.equal(client.board.write(tickOf(0n)).version, version + 1n);
      assert.equal(owner.board.write(tickOf(1n)).version, version + 2n);
    }
  });

  it('is named while it is only stopped', async () => {
    using folder = new TemporaryFolder();
    const path = folder.join('a.sock');
    await using _owner = await ownRegions(feed, { path });
    await using client = await connect(feed, { path });
    await using writer = await StoppedWriter.start(path, client.page);
    assert.throws(
      () => client.page.set('first', 5n),
      failsWith('LOCK_TIMEOUT', RegExp(`process ${writer.pid} holds it`)),
    );
    // Reading does not wait for it.
    const first = client.page.get('first');
    // What was written to find out whether it has the lock, if it has written nothing since.
    assert.ok(first === 5n || first >= 1000n, `${first}`);
    await writer.kill();
    client.page.set('first', 6n);
    assert.equal(client.page.get('first'), 6n);
  });
});

describe('several instances', () => {
  it('are read one at a time: the first, until it is lost', async () => {
    using folder = new TemporaryFolder();
    const first = await ownRegions(feed, { path: folder.join('a.sock') });
    first.ticks.write(tickOf(1n));
    await using client = await connect(feed, { path: folder.path });
    assert.equal(client.ticks.get('count'), 1n);
    await using second = await ownRegions(feed, { path: folder.join('b.sock') });
    second.ticks.write(tickOf(2n));
    await eventually('both', () => client.$instances.length === 2);
    for (let i = 0; i < 10; i += 1) {
      await client.spoil().catch(() => {});
      assert.equal(client.ticks.get('count'), 1n);
    }
    await first.$close();
    await eventually('the other', () => client.ticks.get('count') === 2n);
    assert.ok(client.ticks.isLive);
    await using third = await ownRegions(feed, { path: folder.join('a.sock') });
    third.ticks.write(tickOf(3n));
    await eventually('both again', () => client.$instances.length === 2);
    assert.equal(client.ticks.get('count'), 2n);
  });
});
