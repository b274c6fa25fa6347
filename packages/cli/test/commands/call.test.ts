import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { eventually } from '../fixtures/eventually.ts';
import { isthmus, startIsthmus } from '../fixtures/isthmus.ts';
import { writeTank } from '../fixtures/tank.ts';

let folder = '';
let runtime = '';
let env: Readonly<Record<string, string>> = {};
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'call-test-'));
  runtime = join(folder, 'runtime');
  await mkdir(runtime);
  env = { XDG_RUNTIME_DIR: runtime };
  await writeTank(folder);
});
after(() => rm(folder, { recursive: true }));

const call = (...args: string[]) => isthmus(['call', ...args], { cwd: folder, env });

test('one call, with instances of its own', async () => {
  const { code, stdout, stderr } = await call('tank', 'level', '{"metres":3}');
  assert.equal(code, 0, stderr);
  assert.equal(JSON.parse(stdout).metres, 3);
  assert.deepEqual(readdirSync(runtime), []);
});

test('a call without input takes none', async () => {
  assert.deepEqual((await call('tank', 'ping')).stdout, '{}\n');
  const { code, stderr } = await call('tank', 'level');
  assert.equal(code, 2);
  assert.match(stderr, /level takes an input/);
});

test('what fails is said with its code', async () => {
  const refused = await call('tank', 'level', '{"metres":-2}');
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /HANDLER_REFUSED: .*a level of -2 m is a leak/);
  const invalid = await call('tank', 'level', '{"metres":"high","extra":1}');
  assert.equal(invalid.code, 1);
  assert.match(invalid.stderr, /INVALID_INPUT/);
  assert.match(invalid.stderr, /\/metres: /);
  assert.match(invalid.stderr, /\/extra: /);
  assert.match((await call('tank', 'level', '{')).stderr, /MALFORMED_BODY/);
  assert.match(
    (await call('tank', 'drain', '{}')).stderr,
    /UNKNOWN_METHOD.*drain; tank has: level, pause, ping, crash/,
  );
  assert.match((await call('pool', 'level', '{}')).stderr, /UNKNOWN_SERVICE.*pool; there are: tank/);
  assert.match((await call('tank', 'pause', '{"ms":5000}', '--timeout-ms', '100')).stderr, /DEADLINE_EXCEEDED/);
  const nobody = await call('tank', 'ping', '--path', join(runtime, 'none.sock'));
  assert.equal(nobody.code, 1);
  assert.match(nobody.stderr, /NO_INSTANCE/);
});

test('a file of rows: answers in order, each bad row by its number, and the summary', async () => {
  const count = 2000;
  const inputs = Array.from({ length: count }, (_, index) =>
    index === 41 ? '{"metres":-1}' : `{"metres":${index / 100}}`,
  );
  inputs[99] = '{"metres":';
  inputs[100] = '{"metres":101}';
  await writeFile(join(folder, 'in.ndjson'), `${inputs.join('\n')}\n`);
  const { code, stdout, stderr } = await call('tank', 'level', '-i', 'in.ndjson', '-o', 'out.ndjson');
  assert.equal(code, 1, stderr);
  assert.equal(stdout, '');
  const lines = (await readFile(join(folder, 'out.ndjson'), 'utf8')).split('\n').slice(0, -1);
  assert.equal(lines.length, count);
  for (const [index, line] of lines.entries()) {
    const row = JSON.parse(line);
    if ([41, 99, 100].includes(index)) assert.equal(row.error.line, index + 1);
    else assert.equal(row.metres, index / 100);
  }
  assert.match(stderr, /^line 42: HANDLER_REFUSED: a level of -1 m is a leak$/m);
  assert.match(stderr, /^line 100: MALFORMED_BODY: /m);
  assert.match(stderr, /^line 101: INVALID_INPUT: \/metres /m);
  assert.match(stderr, /^2,000 rows, 3 errors, [\d.]+ s, [\d,]+ calls\/s, p50 .+, p99 .+$/m);
});

test('from stdin to stdout, with errors and summary as JSON', async () => {
  const { code, stdout, stderr } = await isthmus(['call', 'tank', 'level', '-i', '-', '--json'], {
    cwd: folder,
    env,
    stdin: '{"metres":1}\n{"metres":-1}\n{"metres":2}',
  });
  assert.equal(code, 1);
  assert.deepEqual(
    stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line).metres),
    [1, undefined, 2],
  );
  const reports = stderr.split('\n').filter((line) => line.startsWith('{'));
  assert.equal(JSON.parse(reports[0] ?? '').error.line, 2);
  assert.equal(JSON.parse(reports[1] ?? '').summary.rows, 3);
});

test('--fail-fast stops at the first bad row, and writes no file', async () => {
  await writeFile(join(folder, 'bad.ndjson'), '{"metres":1}\n{"metres":-1}\n'.repeat(100));
  const { code, stderr } = await call('tank', 'level', '-i', 'bad.ndjson', '-o', 'none.ndjson', '--fail-fast');
  assert.equal(code, 1);
  assert.equal(stderr.match(/^line /gm)?.length, 1);
  assert.match(stderr, /stopped before the end of the input; none\.ndjson was not written/);
  assert.equal(existsSync(join(folder, 'none.ndjson')), false);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.endsWith('.tmp')),
    [],
  );
});

test('an input that is not there is said before anything is written', async () => {
  const { code, stderr } = await call('tank', 'level', '-i', 'nothing.ndjson', '-o', 'none.ndjson');
  assert.equal(code, 1);
  assert.match(stderr, /SYSTEM.*nothing\.ndjson cannot be read/);
});

test('Ctrl-C ends a batch: no file, no process, no socket', async () => {
  await writeFile(join(folder, 'slow.ndjson'), '{"ms":2000}\n'.repeat(10_000));
  const running = startIsthmus(['call', 'tank', 'pause', '-i', 'slow.ndjson', '-o', 'none.ndjson'], {
    cwd: folder,
    env,
  });
  await eventually(() => (readdirSync(runtime).length > 0 ? true : undefined));
  await new Promise((resolve) => setTimeout(resolve, 500));
  const begun = performance.now();
  running.child.kill('SIGINT');
  assert.equal((await running.result).code, 130);
  assert.ok(performance.now() - begun < 30_000);
  assert.equal(existsSync(join(folder, 'none.ndjson')), false);
  assert.deepEqual(readdirSync(runtime), []);
});

test('a bridge that runs is used, also without a configuration, and its instances are left running', async () => {
  const bridge = startIsthmus(['start'], { cwd: folder, env });
  await eventually(() => (/serves/.test(bridge.stdout()) ? true : undefined));
  const folders = readdirSync(runtime);
  const first = await call('tank', 'level', '{"metres":1}');
  const second = await call('tank', 'level', '{"metres":1}', '--schema', 'tank.schema.ts');
  assert.equal(first.code, 0, first.stderr);
  assert.equal(second.code, 0, second.stderr);
  assert.equal(first.stderr, '', 'it built nothing');
  assert.deepEqual(readdirSync(runtime), folders);
  const direct = await call('tank', 'level', '{"metres":1}', '--path', join(runtime, folders[0] ?? '', 'tank/1.sock'));
  assert.equal(direct.code, 0, direct.stderr);
  bridge.child.kill('SIGTERM');
  assert.equal((await bridge.result).code, 0);
  const third = await call('tank', 'level', '{"metres":1}', '--schema', 'tank.schema.ts');
  assert.equal(third.code, 2);
  assert.match(third.stderr, /no bridge runs/);
});

test('a batch goes on through the crash of an instance', async () => {
  const bridge = startIsthmus(['start'], { cwd: folder, env });
  await eventually(() => (/serves/.test(bridge.stdout()) ? true : undefined));
  await writeFile(join(folder, 'many.ndjson'), '{"metres":1}\n'.repeat(30_000));
  const running = startIsthmus(['call', 'tank', 'level', '-i', 'many.ndjson', '-o', 'many.out'], { cwd: folder, env });
  const crashed = await call('tank', 'crash');
  assert.match(crashed.stderr, /INSTANCE_LOST/);
  const { code, stderr } = await running.result;
  assert.equal(code, 0, stderr);
  assert.match(stderr, /30,000 rows, 0 errors/);
  bridge.child.kill('SIGTERM');
  await bridge.result;
});
