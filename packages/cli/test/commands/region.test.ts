import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createSegment, removeSegment } from '@isthmus/core';
import { type Instance, startInstance } from '../../../../test/support/instance.ts';
import { eventually } from '../fixtures/eventually.ts';
import { isthmus, isthmusEach, startIsthmus } from '../fixtures/isthmus.ts';
import { Boiler } from '../fixtures/plant.schema.ts';
import { plantProgram, writePlant } from '../fixtures/plant.ts';

const oven = `/isthmus-cli-${randomBytes(6).toString('hex')}`;
let folder = '';
let instance: Instance;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'region-test-'));
  await writePlant(folder, {
    service: "path: 'plant.sock'",
    regions: `oven: { struct: Boiler, posix: '${oven}', writable: true, guard: { flock: true } },
              kiln: { struct: Boiler, posix: '${oven}-none' }`,
  });
  await createSegment({ posix: oven, struct: Boiler });
  instance = await startInstance(plantProgram(), join(folder, 'plant.sock'));
});
after(async () => {
  await instance[Symbol.asyncDispose]();
  await removeSegment({ posix: oven });
  await rm(folder, { recursive: true });
});

function region(...args: readonly string[]) {
  return isthmus(['region', ...args], { cwd: folder });
}

/** What a command printed, as JSON. */
async function json(...args: readonly string[]) {
  const { code, stdout, stderr } = await region(...args);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

/** Command lines that end at once, and what each came to. One process, so much cheaper than one for each. */
async function outcomesOf(lines: readonly (readonly string[])[]) {
  const outcomes = await isthmusEach(
    lines.map((line) => ['region', ...line]),
    folder,
  );
  return outcomes.map((outcome, index) => ({ ...outcome, line: lines[index]?.join(' ') }));
}

/** What each of them printed, as JSON. */
async function answersTo(...lines: readonly (readonly string[])[]) {
  return (await outcomesOf(lines)).map(({ code, stdout, stderr }) => {
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout);
  });
}

test('ls has a line for each, what is missing too', async () => {
  const { code, stdout, stderr } = await region('ls');
  assert.deepEqual([code, stderr], [0, '']);
  const cells = stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ {2,}/));
  const ages = cells.map((row) => row[5] ?? '');
  for (const row of cells) row.splice(5, 1);
  assert.deepEqual(cells, [
    ['NAME', 'STRUCT', 'ROWS', 'WRITABLE', 'VERSION', 'LIVE'],
    ['plant.boiler', 'Boiler', '-', 'yes', '1', 'yes'],
    ['plant.sensors', 'Sensor', '2/4', 'no', '-', 'yes'],
    ['plant.spare', 'Boiler', '-', 'no', '-', 'yes'],
    ['oven', 'Boiler', '-', 'yes', cells[4]?.[4], 'yes'],
    ['kiln', 'Boiler', '-', '?', '-', 'no (SEGMENT_MISSING)'],
  ]);
  assert.match(ages.join(), /^AGE,\d[\d.]* (ms|s|min),\d[\d.]* (ms|s|min),-,-,-$/);
  const { regions } = await json('ls', '--json');
  assert.deepEqual(
    regions.map(({ name, key, maxRows, problem }: Record<string, unknown>) => [name, key, maxRows, problem]),
    [
      ['plant.boiler', null, 1, null],
      ['plant.sensors', 'name', 4, null],
      ['plant.spare', null, 1, null],
      ['oven', null, 1, null],
      ['kiln', null, 1, 'SEGMENT_MISSING'],
    ],
  );
});

test('get, set and set --patch, of a service and of a segment', async () => {
  for (const name of ['plant.boiler', 'oven']) {
    const [{ tag }, whole, stamped] = await answersTo(
      ['set', name, '{"level":2.5,"setPoint":70,"remark":7}'],
      ['get', name],
      ['get', name, '--stamp', '--field', 'remark'],
    );
    assert.deepEqual(whole, { level: 2.5, setPoint: 70, remark: 7 });
    assert.deepEqual([stamped.tag, stamped.live, stamped.value], [tag, true, 7]);
    assert.ok(Math.abs(Date.parse(stamped.time) - Date.now()) < 60_000, stamped.time);
    const patch = ['set', name, '{"level":3,"remark":null}', '--patch', '--expected', tag];
    const [patched, changed, late] = await outcomesOf([patch, ['get', name], patch]);
    assert.equal(patched?.code, 0, patched?.stderr);
    assert.deepEqual(JSON.parse(changed?.stdout ?? ''), { level: 3, setPoint: 70 });
    assert.deepEqual([late?.code, late?.stdout], [1, '']);
    assert.match(late?.stderr ?? '', /REGION_CONFLICT/);
  }
});

test('set takes the value from stdin too', async () => {
  const { code, stderr } = await isthmus(['region', 'set', 'plant.boiler', '-'], { cwd: folder, stdin: '{"level":9}' });
  assert.equal(code, 0, stderr);
  assert.deepEqual(await json('get', 'plant.boiler'), { level: 9, setPoint: 60 });
});

test('rows of a table, and bytes', async () => {
  const [row, column] = await answersTo(
    ['get', 'plant.sensors', 'outlet'],
    ['get', 'plant.sensors', '--field', 'celsius'],
  );
  assert.deepEqual([row, column], [{ name: 'outlet', celsius: 61 }, [12.5, 61]]);
  const { code, stdout } = await region('get', 'plant.sensors', 'inlet', '--bytes');
  assert.deepEqual([code, stdout.slice(0, 8)], [0, 'inlet\0\0\0']);
});

test('a schema and a socket do without a configuration', async () => {
  const where = ['--schema', 'plant.schema.ts', '--path', 'plant.sock'];
  const [celsius, { regions }] = await answersTo(
    ['get', 'plant.sensors', 'inlet', '--field', 'celsius', ...where],
    ['ls', '--json', ...where],
  );
  assert.deepEqual([celsius, regions.length], [12.5, 3]);
});

test('watch prints what there is and what is new, a line each, and ends after --count', async () => {
  await json('set', 'plant.boiler', '{"level":1}');
  const watching = startIsthmus(['region', 'watch', 'plant.boiler', '--count', '3', '--max-rate', '1000'], {
    cwd: folder,
  });
  for (let level = 1; level <= 3; level += 1) {
    await eventually(() => (watching.stdout().split('\n').length > level ? true : undefined));
    if (level < 3) await json('set', 'plant.boiler', `{"level":${level + 1}}`);
  }
  const { code, stdout, stderr } = await watching.result;
  assert.deepEqual([code, stderr], [0, '']);
  const events = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    events.map(({ skipped, live, value }) => [skipped, live, value.level]),
    [
      [0, true, 1],
      [0, true, 2],
      [0, true, 3],
    ],
  );
  assert.equal(new Set(events.map(({ tag }) => tag)).size, 3);
  assert.deepEqual(Object.keys(events[0]), ['tag', 'time', 'skipped', 'live', 'value']);
});

test('watch ends by a signal with its code, and quietly when nobody reads', async () => {
  for (const [signal, exitCode] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    const watching = startIsthmus(['region', 'watch', 'plant.sensors'], { cwd: folder });
    await eventually(() => (watching.stdout().split('\n').length > 2 ? true : undefined));
    watching.child.kill(signal);
    const { code, stderr } = await watching.result;
    assert.deepEqual([code, stderr], [exitCode, '']);
  }
  const watching = startIsthmus(['region', 'watch', 'plant.boiler'], { cwd: folder });
  await eventually(() => (watching.stdout() === '' ? undefined : true));
  watching.child.stdout?.destroy();
  await json('set', 'plant.boiler', '{"level":5}');
  const { code, stderr } = await watching.result;
  assert.deepEqual([code, stderr], [0, '']);
});

test('what cannot be done is said with its code', async () => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['get', 'plant.nothing'], /UNKNOWN_REGION.*plant\.nothing; there are: plant\.boiler, .*, oven, kiln/],
    [['get', 'plant.spare'], /REGION_EMPTY/],
    [['get', 'plant.sensors', 'none'], /UNKNOWN_ROW/],
    [['get', 'plant.sensors', 'eight chars'], /INVALID_ARGUMENT/],
    [['get', 'kiln'], /SEGMENT_MISSING/],
    [['watch', 'kiln'], /SEGMENT_MISSING/],
    [['set', 'plant.sensors', '{"name":"inlet","celsius":1}'], /REGION_READ_ONLY/],
    [['set', 'plant.boiler', '{'], /MALFORMED_BODY/],
    [['set', 'plant.boiler', '{"level":101,"depth":1}'], /INVALID_INPUT.*\/depth: .*\/level: /s],
    [['get', 'plant.boiler', '--path', 'none.sock'], /NO_INSTANCE.*none\.sock/],
    [['get', 'plant.boiler', '--schema', 'plant.schema.ts'], /NO_INSTANCE.*no bridge runs in/],
    [['ls', '--config', 'none.ts'], /CONFIG_INVALID/],
  ];
  const outcomes = await outcomesOf(cases.map(([line]) => line));
  for (const [index, { code, stdout, stderr, line }] of outcomes.entries()) {
    assert.deepEqual([code, stdout], [1, ''], line);
    assert.match(stderr, cases[index]?.[1] ?? /^$/);
  }
});

test('a service of regions only has nothing to call', async () => {
  const [outcome] = await isthmusEach([['call', 'plant', 'level', '{}']], folder);
  assert.deepEqual([outcome?.code, outcome?.stdout], [1, '']);
  assert.match(outcome?.stderr ?? '', /UNKNOWN_METHOD.*level; plant has: regions only/);
});

test('wrong usage ends with 2', async () => {
  const outcomes = await outcomesOf([
    [],
    ['get'],
    ['get', 'plant.boiler', 'key'],
    ['get', 'plant.boiler', '--field', 'depth'],
    ['get', 'plant.boiler', '--bytes', '--stamp'],
    ['get', 'plant.boiler', '--bytes', '--field', 'level'],
    ['get', 'plant.boiler', '--schema', 'plant.schema.ts', '--config', 'isthmus.config.ts'],
    ['set', 'plant.boiler'],
    ['set', 'plant.boiler', '{"level":1}', '--expected', 'latest'],
    ['set', 'plant.sensors', '{"celsius":1}', '--patch'],
    ['watch', 'plant.boiler', '--max-rate', '0'],
    ['watch', 'plant.boiler', '--max-rate', '1e3'],
    ['watch', 'plant.boiler', '--count', '0'],
    ['ls', 'plant.boiler'],
  ]);
  for (const { code, stdout, line } of outcomes) assert.deepEqual([code, stdout], [2, ''], line);
});
