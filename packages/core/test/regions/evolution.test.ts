/** Regions of owners with another version of the schema. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connect, ownRegions } from '@isthmus/core';
import { array, codecOf, enumeration, f64, optional, region, service, struct, text, u32 } from '@isthmus/schema';
import { within } from '../../../../test/support/eventually.ts';
import { TemporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { failsWith } from '../support/probe-client.ts';

const OldQuote = struct('Quote', {
  symbol: text(7),
  price: f64(),
  side: enumeration('Side', ['buy', 'sell']),
  note: optional(u32()),
});
const NewQuote = struct('Quote', {
  symbol: text(7),
  price: f64(),
  side: enumeration('Side', ['buy', 'sell']),
  note: optional(u32()),
  venue: text(3, { default: 'XX' }),
  depth: optional(array(f64(), 2)),
});
const old = service('feed', {
  last: region(OldQuote, { writers: 'many' }),
  market: region(OldQuote, { key: 'symbol', rows: 4, writers: 'many' }),
});
const young = service('feed', {
  last: region(NewQuote, { writers: 'many' }),
  market: region(NewQuote, { key: 'symbol', rows: 9, writers: 'many' }),
  extra: region(NewQuote),
});

const oldValue = { symbol: 'ABC', price: 2, side: 'sell', note: 5 } as const;
const newValue = { ...oldValue, venue: 'NY', depth: [1, 2] };

describe('a younger owner', () => {
  it('is read, written and watched as our version has it', async () => {
    using folder = new TemporaryFolder();
    await using owner = await ownRegions(young, { path: folder.join('a.sock') });
    await using client = await connect(old, { path: folder.join('a.sock') });
    assert.equal(client.$instances[0]?.adapted, true);
    const stamp = owner.last.write(newValue);
    assert.deepEqual(client.last.read(), { ...stamp, value: oldValue });
    assert.equal(client.last.get('price'), 2);
    assert.equal(client.last.get('note'), 5);
    const stream = client.last.watch();
    assert.deepEqual((await within(60_000, stream.next())).value, {
      ...stamp,
      value: oldValue,
      skipped: 0,
      live: true,
    });
    await stream.return(undefined);

    owner.market.write(newValue);
    assert.deepEqual(client.market.read('ABC').value, oldValue);
    assert.deepEqual(client.market.rows().length, 1);
    assert.throws(() => client.market.read('XYZ'), failsWith('UNKNOWN_ROW'));
    client.market.write({ ...oldValue, symbol: 'DEF' });
    assert.deepEqual(owner.market.read('DEF').value, { ...oldValue, symbol: 'DEF', venue: 'XX', depth: undefined });
  });

  it('keeps what our version does not know where one field is set', async () => {
    using folder = new TemporaryFolder();
    await using owner = await ownRegions(young, { path: folder.join('a.sock') });
    await using client = await connect(old, { path: folder.join('a.sock') });
    owner.last.write(newValue);
    client.last.set('price', 3);
    client.last.set('note', undefined);
    client.last.set('side', 'buy');
    assert.deepEqual(owner.last.read().value, { ...newValue, price: 3, note: undefined, side: 'buy' });
    client.last.set('note', 0);
    client.last.set('symbol', 'ABCDEFG');
    assert.deepEqual(owner.last.read().value, { ...newValue, symbol: 'ABCDEFG', price: 3, note: 0, side: 'buy' });
    assert.throws(() => client.last.set('price', 'x' as never), failsWith('INVALID_INPUT', /price/));
    assert.throws(() => client.last.set('venue' as 'note', 1), failsWith('INVALID_ARGUMENT', /venue/));
    const { version } = owner.last.read();
    assert.throws(
      () => client.last.set('price', 9, { expected: { epoch: owner.last.read().epoch, version: version - 1n } }),
      failsWith('REGION_CONFLICT'),
    );
  });

  it('gives bytes of our version, and takes them', async () => {
    using folder = new TemporaryFolder();
    await using owner = await ownRegions(young, { path: folder.join('a.sock') });
    await using client = await connect(old, { path: folder.join('a.sock') });
    owner.market.write(newValue);
    const codec = codecOf(OldQuote);
    const memory = { bytes: new Uint8Array(codec.size), view: new DataView(new ArrayBuffer(0)) };
    const { bytes } = await client.market.untyped.read('ABC');
    const viewOf = (of: Uint8Array) => ({ bytes: of, view: new DataView(of.buffer, of.byteOffset, of.byteLength) });
    assert.deepEqual(codec.decode(viewOf(bytes), 0, codec.size), oldValue);
    client.market.readInto('ABC', memory.bytes);
    assert.deepEqual(memory.bytes, bytes);
    await client.market.untyped.update('ABC', (row) => {
      const value = { ...codec.decode(viewOf(row), 0, codec.size), price: 8 };
      const changed = viewOf(new Uint8Array(codec.size));
      codec.encode(value, changed, 0);
      return changed.bytes;
    });
    assert.deepEqual(owner.market.read('ABC').value, { ...newValue, price: 8 });
    await client.last.untyped.write(bytes);
    assert.deepEqual(owner.last.read().value, { ...oldValue, venue: 'XX', depth: undefined });
  });
});

describe('an older owner', () => {
  it('is read with our defaults, and refuses what it has no room for', async () => {
    using folder = new TemporaryFolder();
    await using owner = await ownRegions(old, { path: folder.join('a.sock') });
    await using client = await connect(young, { path: folder.join('a.sock') });
    owner.last.write(oldValue);
    assert.deepEqual(client.last.read().value, { ...oldValue, venue: 'XX', depth: undefined });
    assert.equal(client.last.get('venue'), 'XX');
    client.last.set('price', 4);
    assert.deepEqual(owner.last.read().value, { ...oldValue, price: 4 });
    assert.throws(() => client.last.set('venue', 'NY'), failsWith('INVALID_INPUT', /venue/));
    assert.throws(() => client.last.write(newValue), failsWith('INVALID_INPUT', /venue/));
    client.last.write({ ...oldValue, price: 6 });
    assert.deepEqual(owner.last.read().value, { ...oldValue, price: 6 });
  });

  it('has fields set before it has written anything', async () => {
    using folder = new TemporaryFolder();
    await using owner = await ownRegions(old, { path: folder.join('a.sock') });
    await using client = await connect(young, { path: folder.join('a.sock') });
    const zeros = { symbol: '', price: 0, side: 'buy', note: undefined };
    assert.equal(client.last.set('price', 4).version, 1n);
    assert.deepEqual(owner.last.read().value, { ...zeros, price: 4 });
    await using other = await ownRegions(old, { path: folder.join('b.sock') });
    assert.throws(
      () =>
        other.last.set('note', 3, { expected: other.last.set('note', 1, { expected: 'none' }) }) &&
        other.last.set('note', 4, { expected: 'none' }),
      failsWith('REGION_CONFLICT'),
    );
    assert.deepEqual(other.last.read().value, { ...zeros, note: 3 });
  });

  it('may lack a region', async () => {
    using folder = new TemporaryFolder();
    const owner = await ownRegions(old, { path: folder.join('a.sock') });
    await using client = await connect(young, { path: folder.path });
    assert.throws(() => client.extra.read(), failsWith('UNKNOWN_REGION', /extra/));
    assert.equal(client.extra.isLive, false);
    await assert.rejects(client.extra.watch().next(), failsWith('UNKNOWN_REGION'));
    await using younger = await ownRegions(young, { path: folder.join('b.sock') });
    younger.extra.write(newValue);
    // Whoever has it is asked.
    while (!client.extra.isLive) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(client.extra.read().value, newValue);
    assert.throws(() => client.last.read(), failsWith('REGION_EMPTY'));
    await owner.$close();
  });
});
