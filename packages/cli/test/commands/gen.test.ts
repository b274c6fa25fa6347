import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { isthmus } from '../fixtures/isthmus.ts';
import { writeTank } from '../fixtures/tank.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gen-test-'));
  await writeTank(folder);
});
afterEach(() => rm(folder, { recursive: true }));

test('writes the header beside the schema, and --check tells when it is stale', async () => {
  const missing = await isthmus(['gen', '--check', 'tank.schema.ts'], { cwd: folder });
  assert.deepEqual([missing.code, missing.stdout, missing.stderr], [1, '', 'stale: tank.h (run isthmus gen)\n']);
  const written = await isthmus(['gen', 'tank.schema.ts'], { cwd: folder });
  assert.deepEqual([written.code, written.stdout], [0, 'wrote tank.h\n']);
  assert.match(await readFile(join(folder, 'tank.h'), 'utf8'), /int tank_on_level\(/);
  assert.equal((await isthmus(['gen', '--check', 'tank.schema.ts'], { cwd: folder })).code, 0);
  assert.equal((await isthmus(['gen', 'tank.schema.ts'], { cwd: folder })).stdout, '');
  await writeFile(join(folder, 'tank.h'), 'changed by hand');
  assert.equal((await isthmus(['gen', '--check', 'tank.schema.ts'], { cwd: folder })).code, 1);
});

test('--out takes the headers elsewhere', async () => {
  const { stdout } = await isthmus(['gen', 'tank.schema.ts', '--out', 'include'], { cwd: folder });
  assert.equal(stdout, 'wrote include/tank.h\n');
});

test('without files it follows the configuration', async () => {
  const { stdout } = await isthmus(['gen'], { cwd: folder });
  assert.equal(stdout, 'wrote .isthmus/include/tank.h\n');
});

test('says what is wrong with a schema', async () => {
  await writeFile(join(folder, 'empty.schema.ts'), 'export const nothing = 1;');
  const { code, stderr } = await isthmus(['gen', 'empty.schema.ts'], { cwd: folder });
  assert.equal(code, 1);
  assert.match(stderr, /SCHEMA_INVALID.*empty\.schema\.ts exports no service/);
  assert.match((await isthmus(['gen', 'none.ts'], { cwd: folder })).stderr, /SCHEMA_INVALID.*there is no .*none\.ts/);
});

test('wrong usage ends with 2', async () => {
  assert.equal((await isthmus(['gen', 'tank.schema.ts', '--config', 'x'], { cwd: folder })).code, 2);
  assert.equal((await isthmus(['gen', '--nothing'], { cwd: folder })).code, 2);
  assert.equal((await isthmus(['nothing'], { cwd: folder })).code, 2);
  assert.equal((await isthmus(['--help'], { cwd: folder })).code, 0);
});
