import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { createSegment, removeSegment } from '@isthmus/core';
import { isthmus } from '../fixtures/isthmus.ts';

const options = { cwd: tmpdir() };

test('finds everything on a machine that has it, up to a call; and a segment that everybody may write', async () => {
  const posix = `/isthmus-doctor-${randomBytes(6).toString('hex')}`;
  await createSegment({ posix, bytes: 64, mode: 0o666 });
  try {
    const { code, stdout, stderr } = await isthmus(['doctor', '--json'], options);
    const checks: { name: string; status: string; found: string }[] = JSON.parse(stdout).checks;
    assert.deepEqual(
      checks.filter(({ status }) => status === 'missing'),
      [],
    );
    assert.equal(code, 0, stderr);
    assert.match(checks.find(({ name }) => name === 'call')?.found ?? '', /in [\d.]+ us/);
    const memory = checks.find(({ name }) => name === 'shared memory');
    assert.equal(memory?.status, 'warn');
    // On a machine that has many of them, it may be among those that are only counted.
    assert.match(memory.found, new RegExp(`everybody may write .*(${posix} \\(mode 0666\\)|and \\d+ more)`));
  } finally {
    await removeSegment({ posix });
  }
});

test('says what is missing and how to get it', async () => {
  const { code, stdout } = await isthmus(['doctor'], { ...options, env: { CC: 'no-such-compiler' } });
  assert.equal(code, 1);
  assert.match(
    stdout,
    /^missing C compiler +no-such-compiler cannot be run\n +Install one \(Debian: apt-get install gcc/m,
  );
});
