import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { writeIfChanged } from '../../src/programs/write-if-changed.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'write-test-'));
});
after(() => rm(folder, { recursive: true }));

test('writes a file once, with its folders, and leaves nothing else', async () => {
  const path = join(folder, 'a/b/tank.h');
  assert.equal(await writeIfChanged(path, 'one'), true);
  await utimes(path, 1, 1);
  assert.equal(await writeIfChanged(path, 'one'), false);
  assert.equal(await writeIfChanged(path, 'two'), true);
  assert.equal(await readFile(path, 'utf8'), 'two');
  assert.deepEqual(await readdir(dirname(path)), ['tank.h']);
});
