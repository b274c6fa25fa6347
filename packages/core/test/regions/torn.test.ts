/**
 * Values under a writer that never pauses: every one that is read is one that was written. `ISTHMUS_TORN_READS=100000000` reads that
 * many, for some minutes.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { connect } from '@isthmus/core';
import { eventually } from '../../../../test/support/eventually.ts';
import { TemporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { feed } from '../support/feed.schema.ts';
import { startFeed } from '../support/feed.ts';

const reads = Number(process.env.ISTHMUS_TORN_READS ?? 1_000_000);

it(`never reads a torn value, in ${reads} reads`, { timeout: 3_600_000 }, async () => {
  using folder = new TemporaryFolder();
  await using instance = await startFeed(folder.join('a.sock'));
  await using client = await connect(feed, { path: instance.socket });
  await client.tick({ times: 0 });
  await eventually('the first tick', async () => (await client.ticks.untyped.rows()).length > 0);
  const bytes = new Uint8Array(64);
  const words = new BigUint64Array(bytes.buffer);
  const tail = new Uint32Array(bytes.buffer, 56);
  let checked = 0;
  let changed = 0;
  let busy = 0;
  let last = 0n;
  // It is written all the while; but whoever writes may be held up meanwhile.
  const end = performance.now() + 60_000;
  while (checked < reads || (changed <= 100 && performance.now() < end)) {
    try {
      const { version } = client.ticks.readInto(bytes);
      assert.ok(version >= last);
      if (version > last) changed += 1;
      last = version;
    } catch (error) {
      // Only where nobody had a chance to read it in one piece.
      if (!(error instanceof Error && 'code' in error && error.code === 'REGION_BUSY')) throw error;
      busy += 1;
      continue;
    }
    checked += 1;
    const count = words[0] ?? 0n;
    let isWhole = tail[1] === Number(BigInt.asUintN(32, count)) && tail[0] === Number(count & 1n);
    for (let i = 1; i <= 6; i += 1) isWhole &&= words[i] === BigInt.asUintN(64, count * BigInt(i + 1));
    if (!isWhole || count !== last) assert.fail(`version ${last} holds ${words} ${tail}`);
  }
  assert.ok(changed > 100, `${changed} versions`);
  assert.ok(busy < checked / 10, `${busy} times too busy`);
});
