/** Regions of C programs, as a client reads and writes them. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { connect, type IsthmusError } from '@isthmus/core';
import { codecOf } from '@isthmus/schema';
import { eventually } from '../../../../test/support/eventually.ts';
import type { Instance } from '../../../../test/support/instance.ts';
import { TemporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { feed, Quote, Tick } from '../support/feed.schema.ts';
import { askFeed, quoteOf, startFeed, tickOf } from '../support/feed.ts';
import { failsWith } from '../support/probe-client.ts';

const folder = new TemporaryFolder();
let instance: Instance;
before(async () => {
  instance = await startFeed(folder.join('a.sock'));
});
after(async () => {
  await instance[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

describe('a region of one row', () => {
  it('is empty until it is written, and then what was written last', async () => {
    using own = new TemporaryFolder();
    await using fresh = await startFeed(own.join('a.sock'));
    await using client = await connect(feed, { path: fresh.socket });
    for (const use of [() => client.ticks.read(), () => client.ticks.get('count')]) {
      assert.throws(use, failsWith('REGION_EMPTY'));
    }
    await client.tick({ times: 3 });
    assert.deepEqual(client.ticks.read().value, tickOf(3n));
    assert.equal(client.ticks.read().version, 3n);
    assert.equal(client.ticks.get('count'), 3n);
    assert.deepEqual(client.ticks.get('words'), tickOf(3n).words);
    assert.equal(client.ticks.get('side'), 'sell');
    assert.ok(client.ticks.isLive);
  });

  it('can only be written by its owner, if that is what the schema says', async () => {
    await using client = await connect(feed, { path: instance.socket });
    assert.equal(client.ticks.isWritable, false);
    assert.throws(() => client.ticks.write(tickOf(1n)), failsWith('REGION_READ_ONLY'));
    assert.throws(() => client.ticks.set('count', 1n), failsWith('REGION_READ_ONLY'));
    await assert.rejects(
      client.ticks.untyped.update(undefined, (bytes) => bytes),
      failsWith('REGION_READ_ONLY'),
    );
  });

  it('is written from here, if it has several writers', async () => {
    await using client = await connect(feed, { path: instance.socket });
    await using other = await connect(feed, { path: instance.socket });
    assert.equal(client.board.isWritable, true);
    const stamp = client.board.write(tickOf(9n));
    assert.deepEqual(other.board.read(), { ...stamp, value: tickOf(9n) });
    other.board.set('low', 7);
    assert.deepEqual(client.board.read().value, { ...tickOf(9n), low: 7 });
  });

  it('is written only at the version that is expected', async () => {
    await using client = await connect(feed, { path: instance.socket });
    const first = client.board.write(tickOf(1n));
    const second = client.board.write(tickOf(2n), { expected: first });
    assert.equal(second.version, first.version + 1n);
    for (const expected of [first, 'none', { ...second, epoch: 5n }, { ...second, version: 2n ** 64n - 1n }] as const) {
      assert.throws(() => client.board.write(tickOf(3n), { expected }), failsWith('REGION_CONFLICT'));
      assert.throws(() => client.board.set('count', 3n, { expected }), failsWith('REGION_CONFLICT'));
    }
    // The tag of another epoch is written as tags are.
    const other = { ...second, epoch: 0xf00dn };
    assert.throws(
      () => client.board.write(tickOf(3n), { expected: other }),
      failsWith('REGION_CONFLICT', /epoch f00d, /),
    );
    assert.throws(
      () => client.board.write(tickOf(3n), { expected: { epoch: 1, version: 2 } as never }),
      failsWith('INVALID_ARGUMENT', /expected/),
    );
    assert.deepEqual(client.board.read(), { ...second, value: tickOf(2n) });
    client.board.set('count', 4n, { expected: second });
    assert.equal(client.board.get('count'), 4n);
  });

  it('refuses values that do not fit, and fields that there are not', async () => {
    await using client = await connect(feed, { path: instance.socket });
    client.board.write(tickOf(1n));
    const before = client.board.read();
    const fieldsOf = (error: unknown): boolean =>
      failsWith('INVALID_INPUT')(error) && (error as IsthmusError).fields[0]?.pointer === '/low';
    assert.throws(() => client.board.write({ ...tickOf(2n), low: -1 }), fieldsOf);
    assert.throws(() => client.board.set('low', 0.5), fieldsOf);
    assert.throws(
      () => client.board.get('nothing' as 'low'),
      failsWith('INVALID_ARGUMENT', /Tick has no field nothing/),
    );
    assert.throws(() => client.board.set('nothing' as 'low', 1), failsWith('INVALID_ARGUMENT', /nothing/));
    assert.throws(() => client.board.get('constructor' as 'low'), failsWith('INVALID_ARGUMENT', /constructor/));
    assert.deepEqual(client.board.read(), before);
  });

  it('is checked when it is read: whoever may write it may write anything', async () => {
    await using client = await connect(feed, { path: instance.socket });
    await client.spoil();
    const atSide = (error: unknown): boolean =>
      failsWith('HANDLER_FAULT')(error) && (error as IsthmusError).fields[0]?.pointer === '/side';
    assert.throws(() => client.board.read(), atSide);
    assert.throws(() => client.board.get('side'), atSide);
    assert.equal(client.board.get('count'), 1n);
    assert.equal((await client.board.untyped.read()).bytes.length, 64);
    client.board.set('side', 'sell');
    assert.equal(client.board.read().value.side, 'sell');
  });

  it('copies the bytes of the struct', async () => {
    await using client = await connect(feed, { path: instance.socket });
    client.board.write(tickOf(8n));
    const target = new Uint8Array(70).fill(0xaa);
    const stamp = client.board.readInto(target);
    const memory = { bytes: target, view: new DataView(target.buffer) };
    assert.deepEqual(codecOf(Tick).decode(memory, 0, 64), tickOf(8n));
    assert.deepEqual(
      [...target.subarray(64)],
      Array.from({ length: 6 }, () => 0xaa),
    );
    assert.equal(stamp.version, client.board.read().version);
    for (const bad of [new Uint8Array(63), 'x' as never]) {
      assert.throws(() => client.board.readInto(bad), failsWith('INVALID_ARGUMENT', /64 bytes/));
    }
  });

  it('can be read by a getter of what is written', async () => {
    await using client = await connect(feed, { path: instance.socket });
    client.board.write(tickOf(1n));
    const nested = {
      ...tickOf(10n),
      get count() {
        client.board.write(tickOf(20n));
        return client.board.get('count') + 1n;
      },
    };
    client.board.write(nested);
    assert.deepEqual(client.board.read().value, { ...tickOf(10n), count: 21n });
  });

  it('is there before there is an instance, and afterwards', async () => {
    using own = new TemporaryFolder();
    await using client = await connect(feed, { path: own.join('a.sock'), waitForInstance: false });
    assert.throws(() => client.ticks.read(), failsWith('NO_INSTANCE'));
    assert.throws(() => client.board.write(tickOf(1n)), failsWith('NO_INSTANCE'));
    assert.throws(() => client.market.rows(), failsWith('NO_INSTANCE'));
    assert.deepEqual([client.ticks.isLive, client.ticks.isWritable, client.board.isWritable], [false, false, true]);
    await using _fresh = await startFeed(own.join('a.sock'));
    await eventually('the region', () => client.ticks.isLive);
    assert.throws(() => client.ticks.read(), failsWith('REGION_EMPTY'));
  });

  it('is over with its client', async () => {
    const client = await connect(feed, { path: instance.socket });
    client.board.write(tickOf(1n));
    await client.$close();
    assert.equal(client.board.isLive, false);
    for (const use of [() => client.board.read(), () => client.board.write(tickOf(2n)), () => client.market.rows()]) {
      assert.throws(use, failsWith('CLOSED'));
    }
  });
});

describe('a table', () => {
  it('has the rows that were written, by key', async () => {
    await using client = await connect(feed, { path: instance.socket });
    assert.deepEqual(client.orders.rows(), []);
    const first = client.orders.write({ ...quoteOf('ABC', 5), note: 3, limit: { low: 1, high: 2 } });
    client.orders.write(quoteOf('DEF', 6));
    assert.deepEqual(client.orders.read('ABC'), {
      ...first,
      value: { ...quoteOf('ABC', 5), note: 3, limit: { low: 1, high: 2 } },
    });
    assert.deepEqual(
      client.orders.rows().map(({ value }) => value.symbol),
      ['ABC', 'DEF'],
    );
    assert.equal(client.orders.get('DEF', 'price'), 6);
    assert.equal((await client.order({ symbol: 'ABC' })).note, 3);
    const { version } = await client.quote(quoteOf('XYZ', 8));
    assert.equal(client.market.read('XYZ').version, version);
    assert.equal(await askFeed(instance.socket, 'read', 'XYZ'), 'XYZ 8 10 0 1');
  });

  it('sets fields that may be missing, and leaves the others', async () => {
    await using client = await connect(feed, { path: instance.socket });
    client.orders.write(quoteOf('ABC', 5));
    assert.equal(client.orders.get('ABC', 'note'), undefined);
    client.orders.set('ABC', 'note', 4);
    client.orders.set('ABC', 'limit', { low: 1, high: 2 });
    assert.deepEqual(client.orders.get('ABC', 'limit'), { low: 1, high: 2 });
    assert.deepEqual(client.orders.read('ABC').value, { ...quoteOf('ABC', 5), note: 4, limit: { low: 1, high: 2 } });
    client.orders.set('ABC', 'note', undefined);
    assert.deepEqual(client.orders.read('ABC').value, {
      ...quoteOf('ABC', 5),
      note: undefined,
      limit: { low: 1, high: 2 },
    });
    const stamp = client.orders.read('ABC');
    client.orders.set('ABC', 'note', 5, { expected: stamp });
    assert.throws(() => client.orders.set('ABC', 'note', 6, { expected: stamp }), failsWith('REGION_CONFLICT'));
  });

  it('says which row there is not, and when it is full', async () => {
    using own = new TemporaryFolder();
    await using fresh = await startFeed(own.join('a.sock'));
    await using client = await connect(feed, { path: fresh.socket });
    for (const use of [
      () => client.orders.read('NONE'),
      () => client.orders.get('NONE', 'price'),
      () => client.orders.get('NONE', 'note'),
      () => client.orders.set('NONE', 'price', 1),
      () => client.orders.set('NONE', 'note', 1),
    ]) {
      assert.throws(use, failsWith('UNKNOWN_ROW'));
    }
    assert.throws(() => client.orders.read('TOOLONGAKEY'), failsWith('INVALID_INPUT', /symbol/));
    assert.throws(() => client.orders.read(5 as never), failsWith('INVALID_INPUT', /symbol/));
    client.orders.write(quoteOf('A'), { expected: 'none' });
    assert.throws(() => client.orders.write(quoteOf('A'), { expected: 'none' }), failsWith('REGION_CONFLICT'));
    for (const symbol of ['B', 'C', 'D']) client.orders.write(quoteOf(symbol));
    assert.throws(() => client.orders.write(quoteOf('E')), failsWith('REGION_FULL'));
    client.orders.write(quoteOf('D', 9));
    assert.equal(client.orders.get('D', 'price'), 9);
    assert.throws(
      () => client.orders.set('D', 'symbol' as 'price', 'Z' as never),
      failsWith('INVALID_ARGUMENT', /key/),
    );
  });
});

describe('a region without types', () => {
  it('gives bytes of the struct, and takes them', async () => {
    await using client = await connect(feed, { path: instance.socket });
    const { untyped } = client.orders;
    assert.deepEqual([untyped.struct, untyped.key, untyped.isWritable, untyped.isLive], [Quote, 'symbol', true, true]);
    client.orders.write(quoteOf('ABC', 5));
    const image = await untyped.read('ABC');
    const stamp = await untyped.write(image.bytes, { expected: image });
    assert.equal(stamp.version, image.version + 1n);
    assert.deepEqual(client.orders.read('ABC'), {
      ...stamp,
      value: { ...quoteOf('ABC', 5), note: undefined, limit: undefined },
    });
    const rows = await untyped.rows();
    assert.deepEqual(rows[0]?.bytes, image.bytes);
    await assert.rejects(untyped.read('NONE'), failsWith('UNKNOWN_ROW'));
    await assert.rejects(untyped.read(7), failsWith('INVALID_INPUT'));
    await assert.rejects(untyped.read(), failsWith('INVALID_INPUT'));
    await assert.rejects(client.board.untyped.read('ABC'), failsWith('INVALID_ARGUMENT', /no key/));
  });

  it('refuses bytes that are no value', async () => {
    await using client = await connect(feed, { path: instance.socket });
    const { bytes } = await client.board.untyped.read();
    await assert.rejects(client.board.untyped.write(bytes.subarray(1)), failsWith('INVALID_ARGUMENT', /64 bytes/));
    const wrong = new Uint8Array(bytes);
    wrong[56] = 99;
    await assert.rejects(client.board.untyped.write(wrong), failsWith('INVALID_INPUT'));
    await assert.rejects(
      client.board.untyped.update(undefined, () => wrong),
      failsWith('INVALID_INPUT'),
    );
  });

  it('changes what is there, so that nothing that was written in between is lost', async () => {
    await using client = await connect(feed, { path: instance.socket });
    client.board.write(tickOf(0n));
    let times = 0;
    const stamp = await client.board.untyped.update(undefined, (bytes) => {
      // Another writer comes in between, twice.
      if (times < 2) client.board.set('low', 10 + times);
      times += 1;
      new DataView(bytes.buffer).setBigUint64(0, 5n, true);
      return bytes;
    });
    assert.equal(times, 3);
    assert.deepEqual(client.board.read(), { ...stamp, value: { ...tickOf(0n), count: 5n, low: 11 } });
    await assert.rejects(
      client.board.untyped.update(undefined, (bytes) => bytes, { expected: 'none' }),
      failsWith('REGION_CONFLICT'),
    );
    // Nobody gives way.
    await assert.rejects(
      client.board.untyped.update(undefined, (bytes) => {
        client.board.set('low', 1);
        return bytes;
      }),
      failsWith('REGION_BUSY'),
    );
    await assert.rejects(
      client.orders.untyped.update('NONE', (bytes) => bytes),
      failsWith('UNKNOWN_ROW'),
    );
    client.orders.write(quoteOf('ABC'));
    client.orders.write(quoteOf('DEF'));
    const { bytes: another } = await client.orders.untyped.read('DEF');
    await assert.rejects(
      client.orders.untyped.update('ABC', () => another),
      failsWith('INVALID_ARGUMENT', /key/),
    );
  });

  it('has no rows while nothing was written', async () => {
    using own = new TemporaryFolder();
    await using fresh = await startFeed(own.join('a.sock'));
    await using client = await connect(feed, { path: fresh.socket });
    assert.deepEqual(await client.ticks.untyped.rows(), []);
    assert.deepEqual(await client.orders.untyped.rows(), []);
    await assert.rejects(
      client.board.untyped.update(undefined, (bytes) => bytes),
      failsWith('REGION_EMPTY'),
    );
    await client.tick({ times: 1 });
    assert.equal((await client.ticks.untyped.rows()).length, 1);
  });
});
