import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { isthmus } from '../fixtures/isthmus.ts';

const run = promisify(execFile);

test('a new project installs, passes its own test and its type check, and starts', { timeout: 300_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'init-test-'));
  try {
    const made = await isthmus(['init', 'water-tank'], { cwd: folder });
    assert.equal(made.code, 0, made.stderr);
    assert.match(made.stdout, /cd water-tank && npm install && npm start/);
    const project = { cwd: join(folder, 'water-tank') };
    await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund'], project);
    await run('npm', ['test'], project);
    await run('npm', ['run', 'check'], project);
    const { stdout } = await run(
      'npx',
      ['isthmus', 'call', 'waterTank', 'divide', '{"dividend":1,"divisor":4}'],
      project,
    );
    assert.deepEqual(JSON.parse(stdout), { quotient: 0.25 });
    const again = await isthmus(['init', 'water-tank'], { cwd: folder });
    assert.equal(again.code, 2);
    assert.match(again.stderr, /is not empty/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
