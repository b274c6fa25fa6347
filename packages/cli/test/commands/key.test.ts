import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { hashOfApiKey } from '@isthmus/gateway';
import { isthmusEach } from '../fixtures/isthmus.ts';

test('prints a key and its entry, another one each time; and refuses what cannot be', async () => {
  const [plain, again, named, ...wrong] = await isthmusEach(
    [
      ['key', 'new'],
      ['key', 'new'],
      ['key', 'new', '--id', 'panel.1', '--scope', 'call:pricing.*', 'read:feed.market'],
      ['key', 'new', '--id', 'a_b'],
      ['key', 'new', '--scope', 'docs', 'call:pricing'],
      ['key', 'new', 'panel'],
    ],
    tmpdir(),
  );
  const made = [plain, again, named].map((outcome) => {
    assert.equal(outcome?.code, 0);
    const [key = '', entry = '', ...rest] = outcome.stdout.split('\n');
    assert.deepEqual(rest, ['']);
    assert.match(outcome.stderr, /auth\.apiKeys/);
    assert.ok(!outcome.stderr.includes(key));
    return { key, entry: JSON.parse(entry) };
  });
  for (const { key, entry } of made) {
    assert.equal(hashOfApiKey(key), entry.hash);
    assert.ok(key.startsWith(`isth_${entry.id}_`));
  }
  assert.notEqual(made[0]?.key, made[1]?.key);
  assert.notEqual(made[0]?.entry.id, made[1]?.entry.id);
  assert.deepEqual(made[0]?.entry.scopes, []);
  const { id, scopes } = made[2]?.entry ?? {};
  assert.deepEqual([id, scopes], ['panel.1', ['call:pricing.*', 'read:feed.market']]);
  for (const { code, stdout } of wrong) assert.deepEqual([code, stdout], [2, '']);
  assert.match(wrong[0]?.stderr ?? '', /1 to 64 letters, digits, \. and -/);
  assert.match(wrong[1]?.stderr ?? '', /'call:pricing' is invalid\. It must be a scope/);
});
