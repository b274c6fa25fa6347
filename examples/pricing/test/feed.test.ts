import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Client, connect } from '@isthmus/core';
import { eventually } from '../../../test/support/eventually.ts';
import { feed } from '../market.schema.ts';

const folder = fileURLToPath(new URL('..', import.meta.url));
const symbols = ['ANVIL', 'BASALT', 'CINDER', 'DELTA', 'EMBER', 'FJORD', 'GNEISS', 'HARBOR'];

let temporary = '';
let program: ChildProcess;
let client: Client<typeof feed>;

before(async () => {
  await promisify(execFile)('make', ['-s', 'build/feed'], { cwd: folder });
  temporary = await mkdtemp(join(tmpdir(), 'isthmus-feed-'));
  const path = join(temporary, '1.sock');
  program = spawn(join(folder, 'build/feed'), { env: { ISTHMUS_SOCKET: path }, stdio: 'inherit' });
  client = await connect(feed, { path, connectTimeoutMs: 60_000 });
});
after(async () => {
  const exit = once(program, 'exit');
  program.kill('SIGTERM');
  assert.deepEqual(await exit, [0, null], 'the feed ends well');
  await client.$close();
  await rm(temporary, { recursive: true });
});

/** How often the rows have been written so far, all together. */
function updates(): number {
  return client.market.rows().reduce((sum, { value }) => sum + Number(value.updates), 0);
}

describe('the feed', () => {
  it('has a row for each stock, with a quote that makes sense', async () => {
    for await (const { value } of client.market.watch({ signal: AbortSignal.timeout(60_000) })) {
      if (value.symbol === symbols.at(-1)) break;
    }
    const rows = client.market.rows();
    assert.deepEqual(rows.map(({ value }) => value.symbol).sort(), symbols);
    for (const { value, version, time } of rows) {
      assert(1 <= value.last && value.last <= 500, `last of ${value.symbol}: ${value.last}`);
      assert.equal(Number((value.last - value.bid).toFixed(6)), 0.01);
      assert.equal(Number((value.ask - value.last).toFixed(6)), 0.01);
      assert.equal(value.updates, version);
      assert(value.volume >= 100n * value.updates && value.volume <= 900n * value.updates, 'volume');
      assert(time >= value.time && time - value.time < 10_000_000_000n, 'it is written when the trade is');
    }
  });

  it('writes on and on', async () => {
    const begun = updates();
    await eventually('10,000 more updates', () => updates() - begun >= 10_000, 60_000);
  });

  it('moves its prices', async () => {
    const seen = new Set<number>();
    for await (const { value } of client.market.watch({
      key: 'CINDER',
      maxRate: 20,
      signal: AbortSignal.timeout(30_000),
    })) {
      seen.add(value.last);
      if (seen.size >= 5) break;
    }
    assert.equal(client.market.isLive, true);
    assert.throws(() => client.market.write({ ...client.market.read('CINDER').value }), { code: 'REGION_READ_ONLY' });
  });

  it('ends with whoever has started it', async () => {
    const path = join(temporary, '2.sock');
    const env = { ISTHMUS_SOCKET: path, ISTHMUS_PARENT_FD: '3' };
    const child = spawn(join(folder, 'build/feed'), { env, stdio: ['ignore', 'inherit', 'inherit', 'pipe'] });
    const exit = once(child, 'exit');
    await (await connect(feed, { path, connectTimeoutMs: 60_000 })).$close();
    const [, , , lifeline] = child.stdio;
    assert(lifeline !== null && lifeline !== undefined);
    lifeline.destroy();
    assert.deepEqual(await exit, [0, null]);
  });
});
