import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { call, f64, service, struct } from '@isthmus/schema';
import { compileService } from '../../src/programs/compile.ts';

const Level = struct('Level', { metres: f64() });
const schema = service('tank', { level: call({ input: Level, output: Level }) });

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'compile-test-'));
});
after(() => rm(folder, { recursive: true }));

async function compile(body: string) {
  const source = join(folder, 'tank.c');
  await writeFile(
    source,
    `#include <tank.h>\n${body}\nint main(int argc, char **argv) { return tank_main(argc, argv); }\n`,
  );
  return compileService({ schema, sources: [source], outputFolder: join(folder, '.isthmus') });
}

const handler = 'int tank_on_level(isth_call *call, const tank_level *in, tank_level *out)';

test('makes a program that serves the schema, without a warning', async () => {
  const { program, output } = await compile(`${handler} { (void)call; *out = *in; return 0; }`);
  assert.equal(output, '');
  assert.match(execFileSync(program, ['--help'], { encoding: 'utf8' }), /--socket/);
});

test('compiles the library once', async () => {
  const library = join(folder, '.isthmus/lib');
  const [object = ''] = await readdir(library);
  const first = await stat(join(library, object));
  await compile(`${handler} { (void)call; *out = *in; return 0; }`);
  assert.deepEqual(await readdir(library), [object]);
  assert.equal((await stat(join(library, object))).mtimeMs, first.mtimeMs);
});

test('warnings come back, errors are thrown, and an error leaves the program as it was', async () => {
  const { program, output } = await compile(`${handler} { int unused; (void)call; *out = *in; return 0; }`);
  assert.match(output, /unused variable/);
  const before = await readFile(program);
  await assert.rejects(compile(`${handler} { return nothing; }`), {
    code: 'BUILD_FAILED',
    detail: /tank\.c:2.*nothing/s,
  });
  assert.deepEqual(await readFile(program), before);
  assert.deepEqual(await readdir(join(folder, '.isthmus/bin')), ['tank']);
});
