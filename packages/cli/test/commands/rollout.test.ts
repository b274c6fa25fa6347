/** `isthmus rollout` and `isthmus status` where there is nothing for them to do. What they do is in test/e2e/rollout.test.ts. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isthmusEach, type Outcome } from '../fixtures/isthmus.ts';
import { writeTank } from '../fixtures/tank.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rollout-test-'));
  await writeTank(folder);
});
after(() => rm(folder, { recursive: true }));

test('without a bridge, and with a wrong command line, nothing is done', async () => {
  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [['status'], 1, /NO_BRIDGE/],
    [['status', '--json'], 1, /NO_BRIDGE/],
    [['status', '-c', 'elsewhere/isthmus.config.ts'], 1, /NO_BRIDGE.*elsewhere/],
    [['status', 'tank'], 2, /too many arguments/],
    [['rollout', 'tank'], 1, /NO_BRIDGE/],
    [['rollout', 'feed'], 1, /UNKNOWN_SERVICE.*feed; there are: tank/],
    [['rollout', 'tank', '-c', 'elsewhere.ts'], 1, /CONFIG_INVALID.*elsewhere\.ts/],
    [['rollout'], 2, /missing required argument 'service'/],
  ];
  const outcomes: readonly Outcome[] = await isthmusEach(
    cases.map(([args]) => args),
    folder,
  );
  for (const [index, [args, code, message]] of cases.entries()) {
    const outcome = outcomes[index];
    assert.equal(outcome?.code, code, args.join(' '));
    assert.match(outcome.stderr, message);
    assert.equal(outcome.stdout, '');
  }
  assert.equal(existsSync(join(folder, '.isthmus')), false);
});
