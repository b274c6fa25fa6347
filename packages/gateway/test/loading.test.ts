import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

/** Which of Fastify's parts a process has loaded, before and after it makes a gateway. */
const script = `
import { createRequire } from 'node:module';
import { createGateway } from ${JSON.stringify(import.meta.resolve('@isthmus/gateway'))};
const loaded = () => Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('/node_modules/fastify/'));
const before = loaded();
await using gateway = await createGateway({ services: {} });
console.log(JSON.stringify({ before, after: loaded() }));`;

test('Fastify is loaded by whoever makes a gateway, and by nobody else: commands begin sooner', async () => {
  const args = ['--input-type=module-typescript', '--eval', script];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 120_000 });
  assert.deepEqual(JSON.parse(stdout), { before: false, after: true });
});
