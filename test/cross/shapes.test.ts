/** Each shape of call, from C to C through generated functions on both sides. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { allShapes } from '../../packages/schema/test/c/all-shapes.ts';
import { compileService } from '../support/compile.ts';
import { startInstance } from '../support/instance.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const transcript = `quote 21 now: 42, ok
quote 4 later: 4, ok
quote 4 unlucky: 0, refused: -4 is below 0
quote -1 now: 0, INVALID_INPUT: field /strike must be a finite number of at least 0
trade: ok
  total 8080
  second 350/100 1.5 7 weighed
  first 350/100 0.5 7 -
trade: ok
  total 8080
  second 350/100 1.5 7 weighed
  first 350/100 0.5 7 -
raw 8: reversed, ok
raw 1: later, ok
raw 0: , ok
raw 101: , INVALID_INPUT: the message has 101 bytes, and 100 is the most
raw 8: , REPLY_TOO_LARGE: the reply has 8 bytes, the buffer 4
coded: ok
  row 0
  row 1
rows: ok
rows: ok
  bad 0
rows: refused: after 1 rows
  row 0
  row 1
rows: that was enough
  0
  0.5
  1
ticks: ok
  pulse
  pulse
pulses: ok
  3ab
  cde
  fg
blobs: ok
blobs: HANDLER_FAULT: the message has 10 bytes, and 9 is the most
blobs: REPLY_TOO_LARGE: the message has 3 bytes, and there is room for 2
log: 0
log: 0
log: 0
pang: 0
ping: ok
quote 0 logged: 6, ok
quote 0 pangs: 1, ok
`;

test('each shape of call works between C programs', async () => {
  using folder = new TemporaryFolder();
  const [service = '', client = ''] = ['service.c', 'client.c'].map((name) => {
    return compileService(allShapes, readFileSync(join(import.meta.dirname, 'shapes', name), 'utf8'));
  });
  await using instance = await startInstance(service, folder.join('shapes.sock'));
  const { stdout, stderr, status } = spawnSync(client, [instance.socket], { encoding: 'utf8', timeout: 60_000 });
  assert.equal(stdout, transcript, stderr);
  assert.equal(status, 0);
});
