import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { openOutput } from '../../src/batch/output.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'output-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('the file has its old content until everything is written, and then all of the new', async () => {
  const path = join(folder, 'out.ndjson');
  await writeFile(path, 'old');
  const output = await openOutput(path);
  await output.write('1\n');
  assert.equal(await readFile(path, 'utf8'), 'old');
  await output.write('2\n');
  await output.commit();
  await output.discard();
  assert.equal(await readFile(path, 'utf8'), '1\n2\n');
  assert.deepEqual(await readdir(folder), ['out.ndjson']);
});

test('what is discarded leaves nothing', async () => {
  const output = await openOutput(join(folder, 'out.ndjson'));
  await output.write('1\n');
  await output.discard();
  await output.discard();
  assert.deepEqual(await readdir(folder), []);
});

test('a place that cannot be written to is refused before anything is called', async () => {
  await assert.rejects(openOutput(join(folder, 'none/out.ndjson')), { code: 'SYSTEM' });
});
