import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { settingsOf, workerCountOf } from '../src/start-settings.ts';
import { writeTank } from './fixtures/tank.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'settings-test-'));
  await writeTank(folder);
});
after(() => rm(folder, { recursive: true }));

test('options come before the configuration, which comes before the defaults', async () => {
  const config = join(folder, 'isthmus.config.ts');
  const plain = await settingsOf({ files: [], config });
  assert.deepEqual(
    [plain.http.host, plain.http.port, plain.http.workers, plain.log.level],
    ['127.0.0.1', 0, 1, 'info'],
  );
  const told = await settingsOf({
    ...{ files: [], config, host: 'localhost', port: 81, workers: 3, logLevel: 'warn' },
  });
  assert.deepEqual([told.http.host, told.http.port, told.http.workers, told.log.level], ['localhost', 81, 3, 'warn']);
});

test('a schema and C files need no configuration, and go with none', async () => {
  const files = [join(folder, 'tank.schema.ts'), join(folder, 'tank.c')];
  const { services, http } = await settingsOf({ files, workers: 2 });
  assert.deepEqual([services.map(({ name }) => name), http.workers], [['tank'], 2]);
  await assert.rejects(settingsOf({ files, config: 'x.ts' }), /not both/);
  await assert.rejects(settingsOf({ files: files.slice(0, 1) }), /at least one C file/);
});

test('auto is a worker for each processor that may be used', async () => {
  const settings = await settingsOf({ files: [], config: join(folder, 'isthmus.config.ts'), workers: 'auto' });
  assert.equal(workerCountOf(settings), Math.min(64, availableParallelism()));
  assert.equal(workerCountOf({ ...settings, http: { ...settings.http, workers: 5 } }), 5);
});
