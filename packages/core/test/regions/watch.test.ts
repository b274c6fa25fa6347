/** Being told of newer versions. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, ownRegions, type RegionEvent } from '@isthmus/core';
import { region, service, struct, u32 } from '@isthmus/schema';
import { eventually, within } from '../../../../test/support/eventually.ts';
import { TemporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { feed } from '../support/feed.schema.ts';
import { quoteOf, startFeed, tickOf } from '../support/feed.ts';
import { failsWith } from '../support/probe-client.ts';

/** An owner, and a client of it. */
async function startPair(folder: TemporaryFolder) {
  const owner = await ownRegions(feed, { path: folder.join('a.sock') });
  const client = await connect(feed, { path: folder.join('a.sock') });
  return {
    owner,
    client,
    async [Symbol.asyncDispose]() {
      await client.$close();
      await owner.$close();
    },
  };
}

type Stream<T> = AsyncGenerator<T, undefined, undefined>;

/** The next event; an error if there is none within 5 s. */
async function nextOf<T>(stream: Stream<T>): Promise<T> {
  const { value, done } = await within(60_000, stream.next());
  if (done === true || value === undefined) throw new Error('the stream has ended');
  return value;
}

/** Whether nothing comes for 50 ms; what comes `later`. */
async function isSilent<T>(stream: Stream<T>): Promise<{ readonly later: Promise<T> }> {
  const next = nextOf(stream);
  const first = await Promise.race([next, sleep(50, 'silent')]);
  assert.equal(first, 'silent');
  return { later: next };
}

const countsOf = ({ value, version, skipped, live }: RegionEvent<{ count: bigint }>) => {
  return { count: value.count, version, skipped, live };
};

describe('watch of one row', () => {
  it('gives what is there, and then what is newer, with what was passed over', async () => {
    using folder = new TemporaryFolder();
    await using pair = await startPair(folder);
    const { owner, client } = pair;
    owner.ticks.write(tickOf(1n));
    for (const stream of [client.ticks.watch(), owner.ticks.watch()]) {
      const { version } = owner.ticks.read();
      const count = owner.ticks.get('count');
      assert.deepEqual(countsOf(await nextOf(stream)), { count, version, skipped: 0, live: true });
      const silent = await isSilent(stream);
      owner.ticks.write(tickOf(count + 1n));
      assert.deepEqual(countsOf(await silent.later), {
        count: count + 1n,
        version: version + 1n,
        skipped: 0,
        live: true,
      });
      for (let i = 2n; i <= 10n; i += 1n) owner.ticks.write(tickOf(count + i));
      assert.deepEqual(countsOf(await nextOf(stream)), {
        count: count + 10n,
        version: version + 10n,
        skipped: 8,
        live: true,
      });
      await stream.return(undefined);
    }
  });

  it('waits for the first value, and for the first instance', async () => {
    using folder = new TemporaryFolder();
    await using client = await connect(feed, { path: folder.join('a.sock'), waitForInstance: false });
    const stream = client.ticks.watch();
    const first = await isSilent(stream);
    await using owner = await ownRegions(feed, { path: folder.join('a.sock') });
    await sleep(100);
    owner.ticks.write(tickOf(4n));
    assert.deepEqual(countsOf(await first.later), { count: 4n, version: 1n, skipped: 0, live: true });
    await stream.return(undefined);
  });

  it('begins after a version that is known', async () => {
    using folder = new TemporaryFolder();
    await using pair = await startPair(folder);
    const { owner, client } = pair;
    const known = owner.ticks.write(tickOf(1n));
    owner.ticks.write(tickOf(2n));
    owner.ticks.write(tickOf(3n));
    const stream = client.ticks.watch({ after: known });
    assert.deepEqual(countsOf(await nextOf(stream)), { count: 3n, version: 3n, skipped: 1, live: true });
    const last = client.ticks.watch({ after: owner.ticks.read() });
    const next = await isSilent(last);
    owner.ticks.write(tickOf(4n));
    assert.equal((await next.later).version, 4n);
    // Versions of another epoch say nothing.
    const other = client.ticks.watch({ after: { epoch: 1n, version: 99n } });
    assert.deepEqual(countsOf(await nextOf(other)), { count: 4n, version: 4n, skipped: 0, live: true });
    await Promise.all([stream.return(undefined), last.return(undefined), other.return(undefined)]);
  });

  it('keeps events apart, and gives the newest in the end', async () => {
    using folder = new TemporaryFolder();
    await using pair = await startPair(folder);
    const { owner, client } = pair;
    let count = 1n;
    owner.ticks.write(tickOf(count));
    const writer = setInterval(() => owner.ticks.write(tickOf(++count)), 1);
    const times: number[] = [];
    let seen = 0n;
    let versions = 0;
    const stream = client.ticks.watch({ maxRate: 20 });
    for await (const { value, skipped } of stream) {
      assert.ok(value.count > seen);
      seen = value.count;
      versions += 1 + skipped;
      times.push(performance.now());
      if (times.length === 6) break;
    }
    clearInterval(writer);
    assert.equal(versions, Number(seen));
    // Five times the least time between two; the first of them may have been late.
    assert.ok((times[5] ?? 0) - (times[0] ?? 0) > 200, times.join(' '));
    const slow = client.ticks.watch({ maxRate: 10 });
    await nextOf(slow);
    owner.ticks.write(tickOf(1000n));
    owner.ticks.write(tickOf(1001n));
    assert.equal((await nextOf(slow)).value.count, 1001n);
    await slow.return(undefined);
  });

  it('tells when the owner goes, and goes on with the next one', async () => {
    using folder = new TemporaryFolder();
    const path = folder.join('a.sock');
    await using client = await connect(feed, { path, waitForInstance: false });
    const stream = client.ticks.watch();
    await using first = await startFeed(path);
    await eventually('the region', () => client.ticks.isLive);
    await client.tick({ times: 5 });
    let event = await nextOf(stream);
    while (event.value.count !== 5n) event = await nextOf(stream);
    const { epoch, version } = event;
    first.kill('SIGKILL');
    event = await nextOf(stream);
    assert.equal(event.epoch, epoch);
    assert.deepEqual(countsOf(event), { count: 5n, version, skipped: 0, live: false });
    assert.equal(client.ticks.get('count'), 5n);
    assert.throws(() => client.board.write(tickOf(1n)), failsWith('NO_INSTANCE', /gone/));
    await first.exited();
    await using _second = await startFeed(path);
    await eventually('the region', () => client.ticks.isLive);
    await client.tick({ times: 2 });
    event = await nextOf(stream);
    while (event.value.count !== 2n) event = await nextOf(stream);
    assert.notEqual(event.epoch, epoch);
    assert.equal(event.live, true);
    await stream.return(undefined);
  });

  it('ends by its signal, by return, and with the client', async () => {
    using folder = new TemporaryFolder();
    await using pair = await startPair(folder);
    const { owner } = pair;
    owner.ticks.write(tickOf(1n));
    const aborting = new AbortController();
    const stream = pair.client.ticks.watch({ signal: aborting.signal });
    await nextOf(stream);
    const waiting = [stream.next(), stream.next()];
    const reason = new Error('enough');
    aborting.abort(reason);
    await assert.rejects(
      within(60_000, Promise.resolve(waiting[0])),
      (error: Error) => failsWith('CANCELLED')(error) && error.cause === reason,
    );
    assert.equal((await waiting[1])?.done, true);
    assert.equal((await stream.next()).done, true);
    await assert.rejects(pair.client.ticks.watch({ signal: aborting.signal }).next(), failsWith('CANCELLED'));

    const returned = owner.ticks.watch();
    await nextOf(returned);
    const pending = returned.next();
    assert.deepEqual(await returned.return(undefined), { value: undefined, done: true });
    assert.equal((await within(60_000, pending)).done, true);

    const closed = pair.client.ticks.watch();
    await nextOf(closed);
    const last = closed.next();
    await pair.client.$close();
    await assert.rejects(within(60_000, last), failsWith('CLOSED'));
    await assert.rejects(pair.client.ticks.watch().next(), failsWith('CLOSED'));

    const owned = owner.ticks.watch();
    await nextOf(owned);
    const ending = owned.next();
    ending.catch(() => {});
    await owner.$close();
    await assert.rejects(within(60_000, ending), failsWith('CLOSED'));
  });

  it('ends with a value that does not fit the schema', async () => {
    using folder = new TemporaryFolder();
    await using instance = await startFeed(folder.join('a.sock'));
    await using client = await connect(feed, { path: instance.socket });
    client.board.write(tickOf(1n));
    const stream = client.board.watch();
    await nextOf(stream);
    const next = nextOf(stream);
    next.catch(() => {});
    const untyped = client.board.untyped.watch({ after: client.board.read() });
    await client.spoil();
    await assert.rejects(next, failsWith('HANDLER_FAULT', /side/));
    assert.equal((await stream.next()).done, true);
    assert.equal((await nextOf(untyped)).bytes.length, 64);
    await untyped.return(undefined);
  });

  it('refuses options that cannot be', async () => {
    using folder = new TemporaryFolder();
    await using pair = await startPair(folder);
    const { client } = pair;
    for (const maxRate of [0, -1, 1001, Number.NaN, '5' as never]) {
      assert.throws(() => client.ticks.watch({ maxRate }), failsWith('INVALID_ARGUMENT', /maxRate/));
    }
    const after = { epoch: 1 as never, version: 1n };
    assert.throws(() => client.ticks.watch({ after }), failsWith('INVALID_ARGUMENT', /after/));
    assert.throws(
      () => client.market.watch({ after: { epoch: 1n, version: 1n } }),
      failsWith('INVALID_ARGUMENT', /key/),
    );
    assert.throws(() => client.market.untyped.watch({ key: 5 }), failsWith('INVALID_INPUT', /symbol/));
  });
});

describe('watch of a table', () => {
  it('gives each row, whatever the others do', async () => {
    using folder = new TemporaryFolder();
    await using pair = await startPair(folder);
    const { owner, client } = pair;
    for (const symbol of ['A', 'B', 'C']) owner.market.write(quoteOf(symbol));
    const stream = client.market.watch();
    const first = [await nextOf(stream), await nextOf(stream), await nextOf(stream)];
    assert.deepEqual(first.map(({ value }) => value.symbol).sort(), ['A', 'B', 'C']);
    const silent = await isSilent(stream);
    for (let price = 0; price < 10; price += 1) owner.market.write(quoteOf('B', price));
    const { value, version, skipped } = await silent.later;
    assert.deepEqual([value.symbol, version, skipped], ['B', 11n, 9]);
    owner.market.write(quoteOf('A', 2));
    owner.market.write(quoteOf('D', 3));
    const both = [await nextOf(stream), await nextOf(stream)];
    assert.deepEqual(both.map((event) => [event.value.symbol, event.version]).sort(), [
      ['A', 2n],
      ['D', 1n],
    ]);
    await stream.return(undefined);
  });

  it('gives one row, which need not be there yet', async () => {
    using folder = new TemporaryFolder();
    await using pair = await startPair(folder);
    const { owner, client } = pair;
    const stream = client.market.watch({ key: 'B' });
    owner.market.write(quoteOf('A'));
    const first = await isSilent(stream);
    owner.market.write(quoteOf('B', 7));
    assert.equal((await first.later).value.price, 7);
    const next = await isSilent(stream);
    owner.market.write(quoteOf('A', 8));
    owner.market.write(quoteOf('B', 8));
    assert.deepEqual([(await next.later).value.symbol], ['B']);
    await stream.return(undefined);
    const untyped = client.market.untyped.watch({ key: 'B', after: owner.market.read('A') });
    await untyped.return(undefined);
  });

  it('finds what is new among many rows, and does not hold up the program meanwhile', async () => {
    using folder = new TemporaryFolder();
    const rows = 10_000;
    const Cell = struct('Cell', { number: u32(), value: u32() });
    const many = service('many', { cells: region(Cell, { key: 'number', rows }) });
    await using owner = await ownRegions(many, { path: folder.join('a.sock') });
    await using client = await connect(many, { path: folder.join('a.sock') });
    for (let number = 0; number < rows; number += 1) owner.cells.write({ number, value: 1 });
    const stream = client.cells.watch();
    const seen = new Set<number>();
    while (seen.size < rows) seen.add((await nextOf(stream)).value.number);
    const silent = await isSilent(stream);
    let immediates = 0;
    const count = (): void => {
      immediates += 1;
      counting = setImmediate(count);
    };
    let counting = setImmediate(count);
    // Where the round has just been, so that it has to go all the way.
    owner.cells.write({ number: rows - 1, value: 2 });
    assert.deepEqual((await silent.later).value, { number: rows - 1, value: 2 });
    clearImmediate(counting);
    assert.ok(immediates >= 2, `${immediates}`);
    await stream.return(undefined);
  });

  it('tells of every row that the owner has gone', async () => {
    using folder = new TemporaryFolder();
    const owner = await ownRegions(feed, { path: folder.join('a.sock') });
    await using client = await connect(feed, { path: folder.join('a.sock') });
    owner.market.write(quoteOf('A'));
    owner.market.write(quoteOf('B'));
    const stream = client.market.watch();
    assert.deepEqual([(await nextOf(stream)).live, (await nextOf(stream)).live], [true, true]);
    await owner.$close();
    const events = [await nextOf(stream), await nextOf(stream)];
    assert.deepEqual(events.map(({ value, live }) => [value.symbol, live]).sort(), [
      ['A', false],
      ['B', false],
    ]);
    await isSilent(stream);
    await stream.return(undefined);
  });
});
