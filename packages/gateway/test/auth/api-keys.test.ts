import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiKeys, hashOfApiKey, idOfApiKey, isApiKeyHash, isApiKeyId, newApiKey } from '../../src/auth/api-keys.ts';
import { apiKey } from '../support/auth.ts';

test('a new key is another one each time, says whose it is, and fits its hash', () => {
  const made = Array.from({ length: 100 }, () => newApiKey('panel.1-a'));
  assert.equal(new Set(made.map(({ key }) => key)).size, 100);
  for (const { key, hash } of made) {
    assert.match(key, /^isth_panel\.1-a_[A-Za-z0-9_-]{43}$/);
    assert.equal(idOfApiKey(key), 'panel.1-a');
    assert.ok(isApiKeyHash(hash));
    assert.equal(hashOfApiKey(key), hash);
    assert.ok(!hash.includes(key.slice(-43)));
  }
});

test('ids and hashes that are none', () => {
  for (const id of ['', 'a_b', 'a b', 'é', 'x'.repeat(65), 'a\n']) assert.ok(!isApiKeyId(id), id);
  for (const hash of ['', 'sha256:', `sha256:${'A'.repeat(64)}`, `md5:${'a'.repeat(64)}`, `sha256:${'a'.repeat(63)}`]) {
    assert.ok(!isApiKeyHash(hash), hash);
  }
});

test('a known key gives its identity; every other one is refused', () => {
  const panel = apiKey('panel', ['call:*'], { tenant: 'plant', rateLimit: { max: 5, windowMs: 1000 } });
  const robot = apiKey('robot', []);
  const keys = new ApiKeys([panel.entry, robot.entry]);
  const identity = keys.find(panel.key) ?? assert.fail();
  assert.deepEqual(identity.caller, { subject: 'panel', tenant: 'plant', scopes: ['call:*'], method: 'api-key' });
  assert.deepEqual(identity.rateLimit, { max: 5, windowMs: 1000 });
  assert.equal(identity.expiresMs, Infinity);
  assert.equal(keys.find(robot.key)?.caller?.subject, 'robot');
  const { key } = panel;
  const others = ['', 'isth_', key.slice(0, -1), `${key}A`, key.toUpperCase(), key.replace('panel', 'robot')];
  for (const other of [...others, key.replace('panel', 'nobody'), newApiKey('panel').key, 'constructor', '__proto__']) {
    assert.equal(keys.find(other), undefined, other);
  }
  // One bit of the secret at each place.
  for (let index = 'isth_panel_'.length; index < key.length; index++) {
    const changed = key[index] === 'A' ? 'B' : 'A';
    assert.equal(keys.find(key.slice(0, index) + changed + key.slice(index + 1)), undefined);
  }
});

test('a key ends when it expires', () => {
  const soon = new Date(Date.now() + 3_600_000).toISOString();
  const past = apiKey('past', ['*'], { expires: '2020-01-31' });
  const future = apiKey('future', ['*'], { expires: soon });
  const keys = new ApiKeys([past.entry, future.entry]);
  assert.equal(keys.find(past.key), undefined);
  assert.equal(keys.find(future.key)?.expiresMs, Date.parse(soon));
});
