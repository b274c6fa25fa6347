/** A few combinations of the matrix, one of each kind; all of them: npm run test:matrix. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Combination, combinationsOf, readFailpoints, sides, thirdOf } from './failpoints.ts';
import { compilePrograms, compileWithFailpoints, type Programs } from './programs.ts';
import { expectedTable, writtenTable } from './table.ts';
import { Trials } from './trial.ts';

const failpoints = readFailpoints();

describe('the list of failpoints', () => {
  it('has each once, with a step that is told', () => {
    assert.equal(new Set(failpoints.map(({ name }) => name)).size, failpoints.length);
    assert.ok(failpoints.length > 60);
    for (const { step } of failpoints) assert.match(step, /^[a-z]/);
  });

  it('has those that are in the sources, and no others', () => {
    const folder = resolve(import.meta.dirname, '../../c/src');
    const sources = readdirSync(folder).filter((name) => name.endsWith('.c'));
    const text = sources.map((name) => readFileSync(resolve(folder, name), 'utf8')).join('\n');
    const used = [...text.matchAll(/\bISTH__FAILPOINT\((\w+)\);/g)].map(([, name]) => name);
    assert.deepEqual(used.toSorted(), failpoints.map(({ name }) => name).toSorted());
  });

  it('makes hundreds of combinations', () => {
    const combinations = combinationsOf(failpoints);
    assert.ok(combinations.length > 300);
    for (const side of sides) assert.ok(combinations.some((combination) => combination.side === side));
  });

  it('is tried whole by three runs that each try a third, and every kill by each of them', () => {
    const all = combinationsOf(failpoints);
    const kills = all.filter(({ action }) => action === 'kill');
    const runs = [7, 8, 9].map((number) => thirdOf(all, number));
    assert.equal(new Set(runs.flat()).size, all.length);
    for (const run of runs) {
      assert.deepEqual(
        run.filter(({ action }) => action === 'kill'),
        kills,
      );
      assert.ok(run.length - kills.length <= Math.ceil((all.length - kills.length) / 3));
    }
  });

  it('is the one that the page was made of, and all was as promised', () => {
    assert.equal(writtenTable(), expectedTable(failpoints), 'npm run test:matrix -- --write');
  });
});

describe('a process with a failpoint', () => {
  let failing: Programs;
  let trials: Trials;
  before(() => {
    failing = compileWithFailpoints();
    trials = new Trials(compilePrograms(), failing);
  });
  after(async () => {
    await trials.finish();
    await trials[Symbol.asyncDispose]();
  });

  it('does not start where the failpoint makes no sense', () => {
    for (const text of ['', 'ring_claim', 'ring_claim=kill', 'ring_claim=kill@0', 'ring_claim=kill@x', 'none=kill@1']) {
      const env = { ...process.env, ISTHMUS_FAILPOINT: text };
      const { status, stderr } = spawnSync(failing.siege, [], { env, encoding: 'utf8' });
      assert.equal(status, 70);
      assert.match(stderr, /^ISTHMUS_FAILPOINT=.* is not name=action@n/);
    }
  });

  const selection: readonly Combination[] = [
    { side: 'service', failpoint: 'guest_mapped', action: 'kill', hit: 1, isEnding: false },
    { side: 'service', failpoint: 'ring_written', action: 'stop', hit: 61, isEnding: false },
    { side: 'service', failpoint: 'handler_begin', action: 'segv', hit: 61, isEnding: false },
    { side: 'C client', failpoint: 'region_marked', action: 'kill', hit: 61, isEnding: false },
    { side: 'C client', failpoint: 'call_begun', action: 'stop', hit: 1, isEnding: false },
    { side: 'Node client', failpoint: 'ring_padded', action: 'kill', hit: 1, isEnding: false },
    { side: 'Node client', failpoint: 'connect_passed', action: 'stop', hit: 1, isEnding: false },
  ];
  for (const combination of selection) {
    const { side, failpoint, action, hit } = combination;
    it(`harms nobody else: ${side}, ${failpoint}, ${action} at ${hit}`, () => trials.run(combination));
  }
});
