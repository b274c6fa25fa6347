import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { isthmus } from '../fixtures/isthmus.ts';

const options = { cwd: tmpdir() };

test('finds everything on a machine that has it, up to a call', async () => {
  const { code, stdout, stderr } = await isthmus(['doctor', '--json'], options);
  const checks: { name: string; status: string; found: string }[] = JSON.parse(stdout).checks;
  assert.deepEqual(
    checks.filter(({ status }) => status === 'missing'),
    [],
  );
  assert.equal(code, 0, stderr);
  assert.match(checks.find(({ name }) => name === 'call')?.found ?? '', /in [\d.]+ us/);
});

test('says what is missing and how to get it', async () => {
  const { code, stdout } = await isthmus(['doctor'], { ...options, env: { CC: 'no-such-compiler' } });
  assert.equal(code, 1);
  assert.match(
    stdout,
    /^missing C compiler +no-such-compiler cannot be run\n +Install one \(Debian: apt-get install gcc/m,
  );
});
