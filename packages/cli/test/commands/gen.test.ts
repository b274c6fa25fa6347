import assert from 'node:assert/strict';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { isthmus } from '../fixtures/isthmus.ts';
import { writeTank } from '../fixtures/tank.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gen-test-'));
  await writeTank(folder);
});
afterEach(() => rm(folder, { recursive: true }));

test('writes the header beside the schema, and --check tells when it is stale', async () => {
  const missing = await isthmus(['gen', '--check', 'tank.schema.ts'], { cwd: folder });
  assert.deepEqual([missing.code, missing.stdout, missing.stderr], [1, '', 'stale: tank.h (run isthmus gen)\n']);
  const written = await isthmus(['gen', 'tank.schema.ts'], { cwd: folder });
  assert.deepEqual([written.code, written.stdout], [0, 'wrote tank.h\n']);
  assert.match(await readFile(join(folder, 'tank.h'), 'utf8'), /int tank_on_level\(/);
  assert.equal((await isthmus(['gen', '--check', 'tank.schema.ts'], { cwd: folder })).code, 0);
  assert.equal((await isthmus(['gen', 'tank.schema.ts'], { cwd: folder })).stdout, '');
  await writeFile(join(folder, 'tank.h'), 'changed by hand');
  assert.equal((await isthmus(['gen', '--check', 'tank.schema.ts'], { cwd: folder })).code, 1);
});

test('--out takes the headers elsewhere', async () => {
  const { stdout } = await isthmus(['gen', 'tank.schema.ts', '--out', 'include'], { cwd: folder });
  assert.equal(stdout, 'wrote include/tank.h\n');
});

test('without files it follows the configuration', async () => {
  const { stdout } = await isthmus(['gen'], { cwd: folder });
  assert.equal(stdout, 'wrote .isthmus/include/tank.h\n');
});

test('a service with a protobuf method gets its .proto file too, and --check covers it', async () => {
  await writeFile(
    join(folder, 'log.schema.ts'),
    `import { call, service, struct, text } from '@isthmus/schema';
export const log = service('log', { write: call({ input: struct('Line', { words: text() }), codec: 'protobuf' }) });
`,
  );
  const { stdout } = await isthmus(['gen', 'log.schema.ts', '--out', 'made'], { cwd: folder });
  assert.equal(stdout, 'wrote made/log.h\nwrote made/log.proto\n');
  assert.match(await readFile(join(folder, 'made/log.proto'), 'utf8'), /message Line {\n {2}string words = 1;\n}/);
  await writeFile(join(folder, 'made/log.proto'), 'changed by hand');
  const check = await isthmus(['gen', '--check', 'log.schema.ts', '--out', 'made'], { cwd: folder });
  assert.deepEqual([check.code, check.stderr], [1, 'stale: made/log.proto (run isthmus gen)\n']);
});

test('a service may have regions only', async () => {
  await copyFile(join(import.meta.dirname, '../fixtures/plant.schema.ts'), join(folder, 'plant.schema.ts'));
  const { code, stdout, stderr } = await isthmus(['gen', 'plant.schema.ts'], { cwd: folder });
  assert.deepEqual([code, stdout, stderr], [0, 'wrote plant.h\n', '']);
  assert.match(await readFile(join(folder, 'plant.h'), 'utf8'), /int plant_boiler_write\(isth_region \*region/);
});

test('says what is wrong with a schema', async () => {
  await writeFile(join(folder, 'empty.schema.ts'), 'export const nothing = 1;');
  const { code, stderr } = await isthmus(['gen', 'empty.schema.ts'], { cwd: folder });
  assert.equal(code, 1);
  assert.match(stderr, /SCHEMA_INVALID.*empty\.schema\.ts exports no service/);
  assert.match((await isthmus(['gen', 'none.ts'], { cwd: folder })).stderr, /SCHEMA_INVALID.*there is no .*none\.ts/);
});

test('says all that is wrong with all files, a line each, and writes nothing', async () => {
  const from = "from '@isthmus/schema';";
  await writeFile(
    join(folder, 'box.schema.ts'),
    `import { call, f64, service, struct, text, u8 } ${from}
const Box = struct('box', { price: f64({ min: 2, max: 1 }), int: u8({ default: 300 }), name: text(0) });
export const boxes = service('boxes', { get: call({ input: Box }), get_all: call() });`,
  );
  await writeFile(
    join(folder, 'tree.schema.ts'),
    `import { call, list, service, struct } ${from}
const Node = struct('Node', { children: list(Node) });
export const tree = service('tree', { get: call({ output: Node }) });`,
  );
  const files = ['tank.schema.ts', 'box.schema.ts', 'tree.schema.ts'];
  const { code, stdout, stderr } = await isthmus(['gen', ...files], { cwd: folder });
  assert.deepEqual([code, stdout], [1, '']);
  const lines = stderr.trimEnd().split('\n');
  assert.deepEqual(lines.slice(0, -2), [
    'isthmus: SCHEMA_INVALID: the schema is not valid:',
    'box.schema.ts: struct box: the name must be an upper-case letter, then letters and digits',
    'box.schema.ts: struct box, field price: min 2 is greater than max 1',
    'box.schema.ts: struct box, field int: int is a word of C, of C++ or of their headers; choose another name',
    'box.schema.ts: struct box, field int: default 300 is outside of what u8 can hold',
    'box.schema.ts: struct box, field name: the capacity must be a whole number from 1 to 65535',
    'box.schema.ts: service boxes, call get_all: the name must be a lower-case letter, then letters and digits',
  ]);
  assert.match(
    lines.at(-2) ?? '',
    /^tree\.schema\.ts:2: Node is used before it is declared\. A type .* cannot contain itself/,
  );
  await assert.rejects(readFile(join(folder, 'tank.h')));
});

test('wrong usage ends with 2', async () => {
  assert.equal((await isthmus(['gen', 'tank.schema.ts', '--config', 'x'], { cwd: folder })).code, 2);
  assert.equal((await isthmus(['gen', '--nothing'], { cwd: folder })).code, 2);
  assert.equal((await isthmus(['nothing'], { cwd: folder })).code, 2);
  assert.equal((await isthmus(['--help'], { cwd: folder })).code, 0);
});
