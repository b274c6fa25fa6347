/** What the command says; that the project it makes installs, passes its test and starts is tried in test/e2e/init.test.ts. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isthmus } from '../fixtures/isthmus.ts';

test('names the files and what to do next, and leaves a folder that has something in it alone', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'init-test-'));
  try {
    const made = await isthmus(['init', 'water-tank'], { cwd: folder });
    assert.equal(made.code, 0, made.stderr);
    assert.match(made.stdout, /^ {2}water-tank\/water-tank\.schema\.ts$/m);
    assert.match(made.stdout, /cd water-tank && npm install && npm start/);
    const again = await isthmus(['init', 'water-tank'], { cwd: folder });
    assert.equal(again.code, 2);
    assert.match(again.stderr, /is not empty/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
