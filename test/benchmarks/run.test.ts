import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { Results } from '../../benchmarks/harness/results.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const script = resolve(import.meta.dirname, '../../benchmarks/run.ts');
const timeout = 180_000;

async function bench(...args: readonly string[]): Promise<{ readonly stdout: string; readonly stderr: string }> {
  return promisify(execFile)(process.execPath, [script, '--no-install', ...args], { timeout });
}

describe('npm run bench', { skip: availableParallelism() < 2 && 'it needs two CPUs' }, () => {
  test('measures those that it is told to, and keeps what it finds', { timeout }, async () => {
    using folder = new TemporaryFolder();
    const who = ['--quick', '--only', 'hop', '--contestants', 'L,C to C', '--rounds', '2', '--ms', '2'];
    const { stdout, stderr } = await bench(...who, '--output', folder.path);
    assert.match(stderr, /^round 2 of 2, 64 B, one at a time, C to C: [\d.]+ \w+ a call$/m);
    assert.deepEqual(readdirSync(folder.path).sort(), [
      'hop-latency.svg',
      'hop-sizes.svg',
      'results.json',
      'results.md',
    ]);
    const results: Results = JSON.parse(readFileSync(folder.join('results.json'), 'utf8'));
    assert.deepEqual(Object.keys(results.sections), ['hop']);
    const { hop } = results.sections;
    assert.deepEqual(hop?.failures, []);
    assert.deepEqual(
      hop?.contestants.map(({ name }) => name),
      ['L', 'C to C'],
    );
    const ns = hop?.figures.filter(({ measure }) => measure === 'ns') ?? [];
    assert.deepEqual(
      ns.map(({ contestant, at }) => [contestant, at.bytes, at.inFlight]),
      [
        ['L', 64, 1],
        ...['C to C'].flatMap((name) => [
          [name, 64, 1],
          [name, 64, 1024],
          [name, 2 ** 20, 1],
        ]),
      ],
    );
    for (const { rounds } of ns) assert.ok(rounds.length === 2 && rounds.every((value) => value !== null && value > 0));
    const text = readFileSync(folder.join('results.md'), 'utf8');
    assert.equal(stdout, `${text}\n`);
    assert.match(text, /\| C to C, 64 B, polling +\| <= 1.8 L +\|/);
    assert.match(text, /### 1 MiB, one at a time/);
  });

  test('makes the report again from what was kept', { timeout }, async () => {
    using folder = new TemporaryFolder();
    await bench(
      '--quick',
      '--only',
      'hop',
      '--contestants',
      'L',
      '--rounds',
      '1',
      '--ms',
      '2',
      '--output',
      folder.path,
    );
    const files = readdirSync(folder.path);
    const before = files.map((name) => readFileSync(folder.join(name), 'utf8'));
    await bench('--render', '--output', folder.path);
    assert.deepEqual(
      files.map((name) => readFileSync(folder.join(name), 'utf8')),
      before,
    );
  });

  test('refuses what makes no sense', { timeout }, async () => {
    await assert.rejects(bench('--only', 'hops'), /--only hops: the sections are hop/);
    await assert.rejects(bench('--rounds', '0'), /--rounds must be a whole number above 0/);
    await assert.rejects(bench('--cpus', '0,0'), /two different CPUs are needed/);
    await assert.rejects(bench('--contestants', 'L,nobody', '--only', 'hop'), /--contestants: there is no nobody/);
  });
});
