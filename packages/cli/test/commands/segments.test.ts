import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createSegment, removeSegment } from '@isthmus/core';
import { isthmus, isthmusEach } from '../fixtures/isthmus.ts';
import { writePlant } from '../fixtures/plant.ts';

const posix = `/isthmus-cli-${randomBytes(6).toString('hex')}`;
let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'segments-test-'));
  await writeFile(join(folder, 'oven.bin'), Buffer.alloc(64));
  await writePlant(folder, { regions: `oven: { struct: Boiler, file: 'oven.bin' }` });
  await createSegment({ posix, bytes: 64 });
});
after(async () => {
  await removeSegment({ posix });
  await rm(folder, { recursive: true });
});

/**
 * Makes a System V segment whose creator is dead by the time that this returns. Tests name the one that they remove: those of others
 * on this machine are none of their business.
 */
function orphan(): { readonly key: number; readonly shown: string } {
  const key = randomInt(1, 2 ** 31);
  const program = `import { createSegment } from '@isthmus/core'; await createSegment({ systemV: { key: ${key} }, bytes: 64 });`;
  execFileSync(process.execPath, ['--input-type=module', '--eval', program], { cwd: import.meta.dirname });
  return { key, shown: `0x${key.toString(16).padStart(8, '0')}` };
}

async function segments(...args: readonly string[]) {
  const { code, stdout, stderr } = await isthmus(['segments', ...args], { cwd: folder });
  return { code, stdout, stderr };
}

test('lists what there is, the files of the configuration too', async () => {
  const { key, shown } = orphan();
  try {
    await chmod(join('/dev/shm', posix), 0o666);
    const [table, json, kind, elsewhere] = await isthmusEach(
      [['segments'], ['segments', '--json'], ['segments', '--kind', 'file'], ['segments', '/none']],
      folder,
    );
    assert.match(table?.stdout ?? '', /^KIND +NAME +OWNER +MODE +BYTES +ATTACHED +STATE +NOTES\n/);
    assert.match(
      table?.stdout ?? '',
      new RegExp(`^systemV +key ${shown} \\(id \\d+\\) .* 0600 +64 +0 .*is gone +orphan$`, 'm'),
    );
    assert.match(table?.stdout ?? '', new RegExp(`^posix +${posix} .* 0666 +64 .* world-writable$`, 'm'));
    const listed: Record<string, unknown>[] = JSON.parse(json?.stdout ?? '').segments;
    const [one] = listed.filter((segment) => segment.key === shown);
    assert.deepEqual([one?.kind, one?.mode, one?.bytes, one?.attached, one?.orphan], ['systemV', '0600', 64, 0, true]);
    assert.deepEqual(
      listed.filter(({ kind: found }) => found === 'file').map(({ name, orphan: found }) => [name, found]),
      [[join(folder, 'oven.bin'), false]],
    );
    assert.deepEqual([kind?.code, kind?.stdout.trimEnd().split('\n').length], [0, 2]);
    assert.deepEqual([elsewhere?.code, elsewhere?.stdout], [0, 'there is none\n']);
  } finally {
    await removeSegment({ systemV: { key } });
  }
});

test('--clean removes nothing where nobody can be asked, and with --yes what is an orphan', async () => {
  const { shown } = orphan();
  const kept = await segments('--clean', shown);
  assert.equal(kept.code, 2);
  assert.match(kept.stdout, new RegExp(shown));
  assert.match(kept.stderr, /there is no terminal to ask at: --yes removes what is listed/);
  assert.match((await segments()).stdout, new RegExp(shown));
  const cleaned = await segments('--clean', '--yes', shown, posix);
  assert.deepEqual([cleaned.code, cleaned.stderr], [0, '']);
  assert.match(cleaned.stdout, new RegExp(`^removed key ${shown} \\(id \\d+\\)$`, 'm'));
  const after = await segments();
  assert.doesNotMatch(after.stdout, new RegExp(shown));
  assert.match(after.stdout, new RegExp(posix), 'what is a minute old at most stays');
});

test('--clean --json says what became of each', async () => {
  const { shown } = orphan();
  const { code, stdout } = await segments('--clean', '--yes', '--json', shown);
  const removals: { outcome: string; segment: { key: string } }[] = JSON.parse(stdout).removals;
  assert.deepEqual(
    removals.map(({ outcome, segment }) => [outcome, segment.key]),
    [['removed', shown]],
  );
  assert.equal(code, 0);
});

test('at a terminal it asks, and only yes removes', async (t) => {
  const { key, shown } = orphan();
  try {
    const command = `${process.execPath} ${join(import.meta.dirname, '../../src/main.ts')} segments --clean ${shown}`;
    const answered = (answer: string) => {
      const options = { cwd: folder, input: answer, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } } as const;
      return execFileSync('script', ['--quiet', '--return', '--command', command, '/dev/null'], options);
    };
    try {
      execFileSync('script', ['--version']);
    } catch {
      t.skip('there is no script(1) to make a terminal');
      return;
    }
    assert.match(answered('n\n'), /remove .*, for good\? \[y\/N\].*nothing was removed/s);
    assert.match(answered('y\n'), new RegExp(`removed key ${shown}`));
  } finally {
    await removeSegment({ systemV: { key } }).catch((error: unknown) => {
      assert.equal(Reflect.get(Object(error), 'code'), 'SEGMENT_MISSING');
    });
  }
});

test('wrong usage ends with 2, and a configuration that cannot be read with 1', async () => {
  const outcomes = await isthmusEach(
    [
      ['segments', '--yes'],
      ['segments', '--kind', 'systemv'],
      ['segments', '--config', 'none.ts'],
    ],
    folder,
  );
  assert.deepEqual(
    outcomes.map(({ code, stdout }) => [code, stdout]),
    [
      [2, ''],
      [2, ''],
      [1, ''],
    ],
  );
});
