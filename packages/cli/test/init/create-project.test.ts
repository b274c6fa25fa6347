import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { UsageError } from '../../src/exit-codes.ts';
import { createProject } from '../../src/init/create-project.ts';
import { toolVersions } from '../../src/init/project-package.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'init-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('makes every file, with the names filled in', async () => {
  const project = join(folder, 'water-tank');
  const files = await createProject(project);
  assert.deepEqual(files, [
    '.gitignore',
    'README.md',
    'isthmus.config.ts',
    'package.json',
    'test/water-tank.test.ts',
    'tsconfig.json',
    'water-tank.c',
    'water-tank.schema.ts',
  ]);
  const texts = await Promise.all(files.map((file) => readFile(join(project, file), 'utf8')));
  for (const [index, text] of texts.entries()) assert.doesNotMatch(text, /__\w+__/, files[index]);
  assert.match(texts[6] ?? '', /int water_tank_on_divide\(/);
  assert.match(texts[7] ?? '', /export const waterTank = service\(/);
});

test('a name that cannot be used is refused before anything is written', async () => {
  for (const name of ['Tank', '2tank', 'tank_2', 'tank-2', 'class', 'tänk', '-']) {
    await assert.rejects(createProject(join(folder, name)), UsageError, name);
  }
  assert.deepEqual(await readdir(folder), []);
});

test('a folder that has something in it is left alone', async () => {
  await writeFile(join(folder, 'mine.txt'), '');
  const project = join(folder, 'tank');
  await createProject(project);
  await assert.rejects(createProject(project), /is not empty/);
});

test('new projects get the tools that Isthmus itself is tested with', async () => {
  const root = JSON.parse(await readFile(join(import.meta.dirname, '../../../../package.json'), 'utf8'));
  for (const [name, version] of Object.entries(toolVersions)) assert.equal(root.devDependencies[name], version, name);
});
