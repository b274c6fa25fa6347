import assert from 'node:assert/strict';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isthmus } from '../fixtures/isthmus.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'schema-diff-test-'));
  await symlink(join(import.meta.dirname, '../../../../node_modules'), join(folder, 'node_modules'));
  await writeSchema('old', 'depth: f64({ min: 0 })');
  await writeSchema('safe', "depth: f64({ min: -1 }), unit: text({ default: 'm' })", 'fill: call()');
  await writeSchema('break', "depth: f32(), unit: text({ default: 'm' })");
  await writeFile(
    join(folder, 'two.schema.ts'),
    `import { call, service } from '@isthmus/schema';
export const tank = service('tank', { level: call() });
export const pump = service('pump', { run: call() });
`,
  );
  await writeFile(join(folder, 'notes.md'), '# Not a schema\n');
  await writeFile(join(folder, 'bent.txt'), 'isthmus schema 1\nservice tank\nwhat\n');
  await writeFile(join(folder, 'text.txt'), (await run('text', 'old.schema.ts')).stdout);
});
after(() => rm(folder, { recursive: true }));

function writeSchema(name: string, fields: string, ...more: readonly string[]): Promise<void> {
  const calls = [`level: call({ input: struct('Level', { ${fields} }) })`, ...more].join(', ');
  const text = `import { call, f32, f64, service, struct, text } from '@isthmus/schema';
export const tank = service('tank', { ${calls} });
`;
  return writeFile(join(folder, `${name}.schema.ts`), text);
}

function run(...args: readonly string[]) {
  return isthmus(['schema', ...args], { cwd: folder });
}

test('a change that is safe is said, and is no failure', async () => {
  const { code, stdout, stderr } = await run('diff', 'old.schema.ts', 'safe.schema.ts');
  assert.equal(stderr, '');
  assert.equal(
    stdout,
    `safe   method fill: added
       Callers of the old version do not know it. An instance of the old version answers UNKNOWN_METHOD.
safe   method level, request field unit: added, text default="m"
       It has a default or is optional, so whoever does not know it leaves it out.
safe   method level, request field depth, min: 0 -> -1
       Callers of the old version stay within it.
0 breaks, 3 safe changes
`,
  );
  assert.equal(code, 0);
});

test('a break is a failure, and comes first', async () => {
  const { code, stdout } = await run('diff', 'safe.schema.ts', 'break.schema.ts');
  assert.deepEqual(
    stdout.split('\n').filter((line) => !line.startsWith(' ')),
    [
      'break  method fill: removed',
      'break  method level, request field depth: f64{min=-1} -> f32',
      '2 breaks, 0 safe changes',
      '',
    ],
  );
  assert.equal(code, 1);
});

test('regions are compared too', async () => {
  const write = (name: string, members: string) =>
    writeFile(
      join(folder, `${name}.schema.ts`),
      `import { f64, region, service, struct, text, u32 } from '@isthmus/schema';
const State = struct('State', { name: text(7), level: f64()${name === 'after' ? ', pressure: f64()' : ''} });
export const tank = service('tank', { ${members} });
`,
    );
  await write('before', "state: region(State, { key: 'name', rows: 4 }), old: region(State)");
  await write('after', "state: region(State, { key: 'name', rows: 8 })");
  const { code, stdout } = await run('diff', 'before.schema.ts', 'after.schema.ts');
  assert.deepEqual(
    stdout.split('\n').filter((line) => !line.startsWith(' ')),
    [
      'break  region old: removed',
      'break  region state, row field pressure: added, f64',
      'safe   region state, rows: 4 -> 8',
      '2 breaks, 1 safe change',
      '',
    ],
  );
  assert.equal(code, 1);
});

test('no change', async () => {
  const { code, stdout } = await run('diff', 'old.schema.ts', 'text.txt');
  assert.deepEqual([code, stdout], [0, 'nothing has changed\n']);
  const json = await run('diff', 'text.txt', 'old.schema.ts', '--json');
  assert.deepEqual([json.code, JSON.parse(json.stdout)], [0, { verdict: 'same', changes: [] }]);
});

test('--json has the same for programs', async () => {
  const { code, stdout } = await run('diff', 'text.txt', 'break.schema.ts', '--json');
  const { verdict, changes } = JSON.parse(stdout);
  assert.deepEqual([code, verdict], [1, 'break']);
  assert.deepEqual(
    changes.map(({ reason, ...change }: { readonly reason: string }) => change),
    [
      {
        rule: 'typeChanged',
        verdict: 'break',
        place: 'method level, request field depth',
        before: 'f64{min=0}',
        after: 'f32',
        adaptable: false,
      },
      {
        rule: 'fieldAppended',
        verdict: 'safe',
        place: 'method level, request field unit',
        before: null,
        after: 'text default="m"',
        adaptable: true,
      },
    ],
  );
});

test('of a file with several services, one is chosen', async () => {
  const both = await run('diff', 'two.schema.ts', 'two.schema.ts');
  assert.equal(both.code, 2);
  assert.match(both.stderr, /two\.schema\.ts exports several services \(pump, tank\): say with --service which one/);
  assert.equal((await run('diff', 'two.schema.ts', 'two.schema.ts', '--service', 'pump')).code, 0);
  const none = await run('diff', 'two.schema.ts', 'two.schema.ts', '--service', 'sump');
  assert.equal(none.code, 1);
  assert.match(none.stderr, /UNKNOWN_SERVICE.*sump; there are: pump, tank/);
});

test('what cannot be read is said', async () => {
  const cases: [file: string, message: RegExp][] = [
    ['none.schema.ts', /SCHEMA_INVALID.*there is no none\.schema\.ts/],
    ['notes.md', /SCHEMA_INVALID.*notes\.md is neither a schema file, such as tank\.schema\.ts, nor a schema's text/],
    ['bent.txt', /SCHEMA_INVALID.*bent\.txt cannot be read: line 3: "what" is not an error, a type or a method/],
    ['.', /NO_INSTANCE.*there is no socket in \./],
  ];
  for (const [file, message] of cases) {
    const { code, stdout, stderr } = await run('diff', 'old.schema.ts', file);
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, message);
  }
  assert.equal((await run('diff', 'old.schema.ts')).code, 2);
});
