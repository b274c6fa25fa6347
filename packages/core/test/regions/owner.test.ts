/** Regions that this process owns, read and written from here, and by C programs. */
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { connect, IsthmusError, ownRegions } from '@isthmus/core';
import { call, service } from '@isthmus/schema';
import { eventually } from '../../../../test/support/eventually.ts';
import { TemporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { feed } from '../support/feed.schema.ts';
import { askFeed, quoteOf, tickOf } from '../support/feed.ts';
import { failsWith } from '../support/probe-client.ts';

describe('ownRegions', () => {
  it('writes what it reads, and says which version and when', async () => {
    using folder = new TemporaryFolder();
    await using owner = await ownRegions(feed, { path: folder.join('a.sock') });
    const before = BigInt(Date.now()) * 1_000_000n;
    const stamp = owner.ticks.write(tickOf(5n));
    assert.equal(stamp.version, 1n);
    assert.ok(stamp.time >= before && stamp.time <= before + 60_000_000_000n);
    assert.deepEqual(owner.ticks.read(), { ...stamp, value: tickOf(5n) });
    assert.equal(owner.ticks.write(tickOf(6n)).version, 2n);
    assert.equal(owner.ticks.get('count'), 6n);
    assert.ok(owner.ticks.isWritable && owner.market.isWritable && owner.ticks.isLive);
  });

  it('is read by a C program, which waits for what comes', async () => {
    using folder = new TemporaryFolder();
    await using owner = await ownRegions(feed, { path: folder.join('a.sock') });
    owner.market.write({ ...quoteOf('ABC', 12.5), side: 'sell' });
    owner.market.write(quoteOf('DEF', 1));
    owner.market.set('ABC', 'size', 77);
    assert.equal(await askFeed(folder.join('a.sock'), 'read', 'ABC'), 'ABC 12.5 77 1 2');
    await assert.rejects(askFeed(folder.join('a.sock'), 'read', 'XYZ'), /UNKNOWN_ROW/);
    const waiting = askFeed(folder.join('a.sock'), 'wait', '3');
    for (const count of [1n, 2n, 3n]) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      owner.ticks.write(tickOf(count));
    }
    assert.equal(await waiting, '3');
  });

  it('counts what C programs and clients write, and loses none of it', async () => {
    using folder = new TemporaryFolder();
    await using owner = await ownRegions(feed, { path: folder.join('a.sock') });
    await using client = await connect(feed, { path: folder.join('a.sock') });
    owner.board.write(tickOf(0n));
    let running = 2;
    const others = [1, 2].map(async () => {
      await askFeed(folder.join('a.sock'), 'add', '2000');
      running -= 1;
    });
    let added = 0n;
    while (running > 0) {
      for (const region of [owner.board, client.board]) {
        const read = region.read();
        try {
          region.write(tickOf(read.value.count + 1n), { expected: read });
          added += 1n;
        } catch (error) {
          // Whoever has the lock may be held up.
          if (!(error instanceof IsthmusError && error.code === 'LOCK_TIMEOUT')) failsWith('REGION_CONFLICT')(error);
        }
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(others);
    assert.ok(added > 0n);
    assert.equal(owner.board.get('count'), 4000n + added);
    assert.equal(client.board.read().version, 4001n + added);
  });

  it('has methods that nobody handles', async () => {
    using folder = new TemporaryFolder();
    await using _owner = await ownRegions(feed, { path: folder.join('a.sock') });
    await using client = await connect(feed, { path: folder.join('a.sock') });
    await assert.rejects(client.spoil(), failsWith('UNKNOWN_METHOD'));
  });

  it('removes its socket at the end, and can be there again', async () => {
    using folder = new TemporaryFolder();
    const path = folder.join('a.sock');
    for (let i = 0; i < 3; i += 1) {
      const owner = await ownRegions(feed, { path });
      const { ticks } = owner;
      ticks.write(tickOf(1n));
      await owner.$close();
      await owner.$close();
      assert.throws(() => statSync(path), /ENOENT/);
      assert.equal(ticks.isLive, false);
      for (const use of [
        () => ticks.read(),
        () => ticks.write(tickOf(2n)),
        () => ticks.get('count'),
        () => owner.market.rows(),
      ]) {
        assert.throws(use, failsWith('CLOSED'));
      }
    }
  });

  it('gives its socket the mode that was asked for', async () => {
    using folder = new TemporaryFolder();
    await using _owner = await ownRegions(feed, { path: folder.join('a.sock') });
    await using _other = await ownRegions(feed, { path: folder.join('b.sock'), mode: 0o660 });
    assert.equal(statSync(folder.join('a.sock')).mode & 0o777, 0o600);
    assert.equal(statSync(folder.join('b.sock')).mode & 0o777, 0o660);
  });

  it('shares a process with other owners, each with memory of its own', async () => {
    using folder = new TemporaryFolder();
    await using a = await ownRegions(feed, { path: folder.join('a.sock') });
    await using b = await ownRegions(feed, { path: folder.join('b.sock') });
    a.ticks.write(tickOf(1n));
    b.ticks.write(tickOf(2n));
    assert.equal(a.ticks.get('count'), 1n);
    assert.equal(b.ticks.get('count'), 2n);
    assert.notEqual(a.ticks.read().epoch, b.ticks.read().epoch);
  });

  it('refuses what cannot be', async () => {
    using folder = new TemporaryFolder();
    const path = folder.join('a.sock');
    await using _owner = await ownRegions(feed, { path });
    await assert.rejects(ownRegions(feed, { path }), failsWith('SOCKET_IN_USE'));
    await assert.rejects(ownRegions(feed, { path: '' }), failsWith('INVALID_ARGUMENT', /path/));
    await assert.rejects(ownRegions(feed, { path: `/${'x'.repeat(300)}` }), failsWith('INVALID_ARGUMENT'));
    for (const mode of [0, 0o1000, 1.5]) {
      await assert.rejects(ownRegions(feed, { path, mode }), failsWith('INVALID_ARGUMENT', /mode/));
    }
    const without = service('without', { ping: call({}) });
    await assert.rejects(
      ownRegions(without, { path: folder.join('b.sock') }),
      failsWith('INVALID_ARGUMENT', /regions/),
    );
  });

  it('leaves the socket of another program alone', async () => {
    using folder = new TemporaryFolder();
    const server = createServer().listen(folder.join('taken.sock'));
    try {
      await eventually('a listening socket', () => server.listening);
      await assert.rejects(ownRegions(feed, { path: folder.join('taken.sock') }), failsWith('SOCKET_IN_USE'));
    } finally {
      server.close();
    }
  });
});
