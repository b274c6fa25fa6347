import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { isthmus } from '../fixtures/isthmus.ts';

const fromC = ['schema', 'from-c'];
const header = `#include <part.h>
struct engine_state { struct part part; WORD speed; };
`;

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'from-c-test-'));
  await mkdir(join(folder, 'include'));
  await writeFile(join(folder, 'include/part.h'), 'struct part { int number; };\n');
  await writeFile(join(folder, 'engine.h'), header);
});
afterEach(() => rm(folder, { recursive: true }));

const given = ['engine.h', '--struct', 'engine_state', '--include', 'include', '--define', 'WORD=unsigned short'];

const expected = (
  path: string,
) => `// Made from a C header: do not edit. It is made again, or with --check compared, by what the next line says.
// isthmus schema from-c: {"header":"${path}engine.h","structs":["engine_state"],"include":["${path}include"],"define":["WORD=unsigned short"]}
import { i32, struct, u16 } from '@isthmus/schema';

export const Part = struct('Part', {
  number: i32(), // at 0
}, { description: 'In C struct part, 4 bytes.' });

export const EngineState = struct('EngineState', {
  part: Part, // at 0
  speed: u16(), // at 4
}, { description: 'In C struct engine_state, 8 bytes.' });
`;

test('prints the schema file, or writes it where --output says, with paths relative to it', async () => {
  const printed = await isthmus([...fromC, ...given], { cwd: folder });
  assert.deepEqual([printed.code, printed.stderr, printed.stdout], [0, '', expected('./')]);
  const written = await isthmus([...fromC, ...given, '-o', 'src/engine.ts'], { cwd: folder });
  assert.deepEqual([written.code, written.stderr, written.stdout], [0, '', 'wrote src/engine.ts\n']);
  assert.equal(await readFile(join(folder, 'src/engine.ts'), 'utf8'), expected('../'));
  assert.equal((await isthmus([...fromC, ...given, '-o', 'src/engine.ts'], { cwd: folder })).stdout, '');
});

test('--check makes it again from any folder, and tells what has changed', async () => {
  await isthmus([...fromC, ...given, '--output', 'src/engine.ts'], { cwd: folder });
  const same = await isthmus([...fromC, '--check', 'engine.ts'], { cwd: join(folder, 'src') });
  assert.deepEqual([same.code, same.stdout, same.stderr], [0, '', '']);

  await writeFile(join(folder, 'engine.h'), header.replace('WORD speed', 'WORD gear; WORD speed'));
  await writeFile(join(folder, 'include/part.h'), 'struct part { long number; };\n');
  const drifted = await isthmus([...fromC, '--check', 'src/engine.ts'], { cwd: folder });
  assert.deepEqual(
    [drifted.code, drifted.stdout, drifted.stderr],
    [
      1,
      '',
      `src/engine.ts is not what ../engine.h says:
  Part.number: was i32() at 0, is i64() at 0
  Part: was { description: 'In C struct part, 4 bytes.' }, is { description: 'In C struct part, 8 bytes.' }
  EngineState.gear: added, u16() at 8
  EngineState.speed: moved from 4 to 10
  EngineState: was { description: 'In C struct engine_state, 8 bytes.' }, is { description: 'In C struct engine_state, 16 bytes.' }
`,
    ],
  );
  assert.equal(await readFile(join(folder, 'src/engine.ts'), 'utf8'), expected('../'));

  await rm(join(folder, 'engine.h'));
  const gone = await isthmus([...fromC, '--check', 'src/engine.ts'], { cwd: folder });
  assert.equal(gone.code, 1);
  assert.match(gone.stderr, /BUILD_FAILED.*engine\.h.*No such file/s);
});

test('the compiler is the one that --compiler or CC names', async () => {
  const options = { cwd: folder, env: { CC: 'no-such-compiler -x' } };
  const failed = await isthmus([...fromC, ...given], options);
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /BUILD_FAILED.*no-such-compiler -x .*cannot be run/);
  const chosen = await isthmus([...fromC, ...given, '--compiler', 'cc -O2'], options);
  assert.deepEqual([chosen.code, chosen.stdout], [0, expected('./')]);
});

test('a failure says why, and writes nothing', async () => {
  for (const [args, message] of [
    [['engine.h', '--struct', 'engine'], /BUILD_FAILED.*part\.h/s],
    [[...given, '--struct', 'engine_stat'], /INVALID_ARGUMENT.*no struct engine_stat; near it are engine_state/],
    [['./none.h', '--struct', 'engine'], /INVALID_ARGUMENT.*there is no header \.\/none\.h/],
    [['no/such/header.h', '--struct', 'engine'], /BUILD_FAILED.*no\/such\/header\.h/s],
  ] as const) {
    const { code, stdout, stderr } = await isthmus([...fromC, ...args, '--output', 'out.ts'], { cwd: folder });
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, message);
    await assert.rejects(readFile(join(folder, 'out.ts')), { code: 'ENOENT' });
  }
  for (const file of ['none.ts', 'engine.h']) {
    const { code, stderr } = await isthmus([...fromC, '--check', file], { cwd: folder });
    assert.equal(code, 1);
    assert.match(stderr, /INVALID_ARGUMENT.*(none\.ts cannot be read|engine\.h has no line)/);
  }
});

test('wrong usage ends with 2', async () => {
  for (const args of [
    [],
    ['engine.h'],
    ['--struct', 'engine_state'],
    ['engine.h', '--struct', 'engine state'],
    [...given, '--define', '-O2'],
    ['--check', 'a.ts', 'engine.h'],
    ['--check', 'a.ts', '--output', 'b.ts'],
    ['--check', 'a.ts', '--struct', 'engine_state'],
    ['--nothing'],
  ]) {
    assert.equal((await isthmus([...fromC, ...args], { cwd: folder })).code, 2, args.join(' '));
  }
  assert.equal((await isthmus(['schema'], { cwd: folder })).code, 2);
});
