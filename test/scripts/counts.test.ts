/** The guard on instruction counts: what callgrind wrote is read, and growth is found. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareCounts, readCounts } from '../../scripts/counts/compare.ts';
import { readRecord, writeRecord } from '../../scripts/counts/record.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

/** What callgrind writes of a caller and the paths that it calls. */
function callgrindFile(paths: Readonly<Record<string, number>>): string {
  const calls = Object.entries(paths).map(([name, cost]) => `cfn=count_${name}\ncalls=1 201 \n207 ${cost}\n`);
  return `version: 1\nfl=counts.c\nfn=run\n${calls.join('')}fn=count_ring\n60 1024\ncfn=isth__producer_claim\ncalls=1024 51 \n63 20480\n`;
}

test('what callgrind counted is divided by the rounds, and sorted', () => {
  const counts = readCounts(callgrindFile({ ring: 186388, call: 1024 }), 1024);
  assert.deepEqual(Object.entries(counts), [
    ['call', 1],
    ['ring', 182],
  ]);
});

test('a file without paths, or with one that is called twice, is refused', () => {
  assert.throws(() => readCounts('version: 1\n', 1), /counted no path/);
  const file = callgrindFile({ ring: 5 });
  assert.throws(() => readCounts(file + file, 1), /count_ring was called more than once/);
  assert.throws(() => readCounts(file.replace('calls=1 ', 'calls=2 '), 1), /called more than once/);
});

test('growth beyond 3 % is a problem, whatever the path', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.stringMatching(/^[a-z_]{1,9}$/), fc.integer({ min: 100, max: 1e6 }), { minKeys: 1 }),
      (before) => {
        for (const [name, count] of Object.entries(before)) {
          const grown = compareCounts(before, { ...before, [name]: count * 1.031 });
          assert.deepEqual(grown.problems, [`${name} grew by 3.1 %`]);
          assert.deepEqual(grown.better, []);
          const fallen = compareCounts(before, { ...before, [name]: count * 0.96 });
          assert.deepEqual([fallen.problems, fallen.better], [[], [name]]);
          const bearable = compareCounts(before, { ...before, [name]: count * 1.029 });
          assert.deepEqual([bearable.problems, bearable.better], [[], []]);
        }
      },
    ),
  );
});

test('a path that only one side has is a problem, until it is recorded', () => {
  const { lines, problems } = compareCounts({ ring: 180, call: 1300 }, { ring: 180, idle: 70 });
  assert.deepEqual(problems, ['call is not counted any more', 'idle is new']);
  assert.equal(lines.length, 3);
});

test('a record is read as it was written; none is undefined, and another file an error', () => {
  using folder = new TemporaryFolder();
  const file = folder.join('counts.json');
  assert.equal(readRecord(file), undefined);
  const record = { toolchain: 'gcc 12.2.0, glibc 2.36, x86_64', counts: { ring: 182 } };
  writeRecord(record, file);
  assert.deepEqual(readRecord(file), record);
  for (const text of [
    'null',
    '{}',
    '{"toolchain":"gcc","counts":{"ring":"182"}}',
    '{"toolchain":"gcc","counts":{"ring":0}}',
  ]) {
    writeFileSync(file, text);
    assert.throws(() => readRecord(file), /is no record of counts/);
  }
});

test('the committed record is one', () => {
  assert.ok(Object.keys(readRecord()?.counts ?? {}).includes('ring'));
});
