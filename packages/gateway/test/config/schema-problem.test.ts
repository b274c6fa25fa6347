import assert from 'node:assert/strict';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { IsthmusError } from '@isthmus/schema';
import { loadConfig, schemaProblem } from '../../src/config/index.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'schema-problem-test-'));
  await symlink(join(import.meta.dirname, '../../../../node_modules'), join(folder, 'node_modules'));
});
after(() => rm(folder, { recursive: true }));

const header = "import { call, f64, list, service, struct, text } from '@isthmus/schema';\n";

/** What is said of the error that importing a file of this text throws. */
async function problemOf(name: string, text: string): Promise<IsthmusError | undefined> {
  const file = join(folder, name);
  await writeFile(file, header + text);
  const cause: unknown = await import(pathToFileURL(file).href).then(
    () => assert.fail('it was imported'),
    (error: unknown) => error,
  );
  return schemaProblem(cause, 'as given');
}

const shown = (name: string) => relative('', join(folder, name));

test('each problem of a schema begins with its file', async () => {
  const text = `const Box = struct('box', { x: f64({ min: 2, max: 1 }), name: text(0) });
export const boxes = service('boxes', { get: call({ input: Box }) });`;
  const problem = await problemOf('bad.schema.ts', text);
  assert.equal(problem?.code, 'SCHEMA_INVALID');
  const lines = problem.detail.split('\n');
  assert.equal(lines.length, 3);
  for (const line of lines) assert.ok(line.startsWith(`${shown('bad.schema.ts')}: struct box`), line);
});

test('a type that contains itself is explained, with its line', async () => {
  const tree = "const Node = struct('Node', { value: f64(), children: list(Node) });";
  const problem = await problemOf('tree.schema.ts', tree);
  assert.equal(problem?.code, 'SCHEMA_INVALID');
  const place = `${shown('tree.schema.ts')}:2: Node is used before it is declared.`;
  assert.ok(problem.detail.startsWith(place), problem.detail);
  assert.match(problem.detail, /cannot contain itself, not even through others/);
  const ring = "const A = struct('A', { b: list(B) });\nconst B = struct('B', { a: list(A) });";
  assert.match((await problemOf('ring.schema.ts', ring))?.detail ?? '', /ring\.schema\.ts:2: B is used before/);
});

test('the file that is named is the one with the problem, not the one that imports it', async () => {
  await problemOf('inner.schema.ts', "export const wrong = service('Wrong', { get: call() });");
  const problem = await problemOf('outer.schema.ts', "import './inner.schema.ts';");
  assert.equal(
    problem?.detail,
    `${shown('inner.schema.ts')}: service Wrong: the name must be a lower-case letter, then letters and digits`,
  );
  await writeFile(join(folder, 'x.config.ts'), "import { wrong } from './inner.schema.ts';\nexport default { wrong };");
  await assert.rejects(loadConfig(join(folder, 'x.config.ts')), { code: 'SCHEMA_INVALID', detail: problem.detail });
});

test('without a stack it is the file that was asked for; other errors are not of a schema', () => {
  const bare = new IsthmusError('SCHEMA_INVALID', { detail: 'one\ntwo' });
  bare.stack = '';
  assert.equal(schemaProblem(bare, 'as given')?.detail, 'as given: one\nas given: two');
  for (const other of [new IsthmusError('CLOSED'), new ReferenceError('x is not defined'), new Error('no'), null]) {
    assert.equal(schemaProblem(other, 'as given'), undefined);
  }
});

test('the frames of this repository that it skips are those of the language', () => {
  const entry = fileURLToPath(import.meta.resolve('@isthmus/schema'));
  assert.ok(dirname(entry).endsWith('src') || dirname(entry).endsWith('dist'), entry);
});
