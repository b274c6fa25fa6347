import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isthmus } from '../fixtures/isthmus.ts';
import { writeTank } from '../fixtures/tank.ts';

test('prints the text whose hash the two sides compare', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'schema-text-test-'));
  try {
    await writeTank(folder);
    const { code, stdout, stderr } = await isthmus(['schema', 'text', 'tank.schema.ts'], { cwd: folder });
    assert.deepEqual([code, stderr], [0, '']);
    const { tank } = await import(join(folder, 'tank.schema.ts'));
    assert.equal(stdout, tank.text);
    const none = await isthmus(['schema', 'text', 'none.ts'], { cwd: folder });
    assert.deepEqual([none.code, none.stdout], [1, '']);
    assert.match(none.stderr, /SCHEMA_INVALID.*there is no none\.ts/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
