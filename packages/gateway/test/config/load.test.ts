import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { IsthmusError } from '@isthmus/schema';
import { loadConfig } from '../../src/config/index.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'config-test-'));
});
after(() => rm(folder, { recursive: true }));

/** Where this test's own files are, so that a written config can import them. */
const here = JSON.stringify(join(import.meta.dirname, 'fixtures.ts'));

async function load(name: string, text: string) {
  await writeFile(join(folder, name), text);
  return loadConfig(join(folder, name));
}

const refusedWith = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof IsthmusError);
  assert.equal(error.code, 'CONFIG_INVALID');
  assert.match(error.detail, pattern);
  return true;
};

test('reads the default export of a TypeScript file', async () => {
  const text = `import { tank } from ${here};\nexport default { services: { tank: { schema: tank, path: 'run' as string } } };`;
  const settings = await load('good.config.ts', text);
  assert.equal(settings.folder, folder);
  assert.equal(settings.services[0]?.schema.name, 'tank');
});

test('says what is wrong with a file that cannot be used', async () => {
  await assert.rejects(
    loadConfig(join(folder, 'none.ts')),
    refusedWith(/there is no .*none\.ts: .*--config names another/),
  );
  await assert.rejects(load('syntax.ts', 'export default {'), refusedWith(/syntax\.ts cannot be imported/));
  await assert.rejects(load('throws.ts', 'throw new Error("no disk")'), refusedWith(/cannot be imported: no disk/));
  await assert.rejects(load('named.ts', 'export const config = {};'), refusedWith(/has no default export/));
  await assert.rejects(
    load('empty.ts', 'export default {};'),
    refusedWith(/empty\.ts: services: must have at least one service/),
  );
});
