/**
 * Kills and stops each side at each failpoint, and says what came of it: `node test/reliability/matrix.ts [--write] [--third N] [WORD...]`.
 *
 * Words select combinations: how a side, a failpoint's name or an action begins. `--third` tries each kill and a third of the others: which one
 * follows from the number. `--write` puts the table into docs/reliability.md, which takes all combinations. Exit status 1 where something was
 * not as promised.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Combination, combinationsOf, readFailpoints, thirdOf } from './failpoints.ts';
import { compilePrograms, compileWithFailpoints } from './programs.ts';
import { type Outcome, writeTable } from './table.ts';
import { Trials } from './trial.ts';

const self = fileURLToPath(import.meta.url);
const finish = 'finish';

function nameOf({ side, failpoint, action, hit }: Combination): string {
  return `${side}, ${failpoint}, ${action} at ${hit}`;
}

/** Takes combinations from its parent, one at a time, and answers with what went wrong: '' for nothing. After `finish` it ends. */
function serveTrials(): void {
  const trials = new Trials(compilePrograms(), compileWithFailpoints());
  process.on('message', async (combination: Combination | typeof finish) => {
    let problem = '';
    try {
      await (combination === finish ? trials.finish() : trials.run(combination));
    } catch (error) {
      problem = error instanceof Error ? (error.stack ?? error.message) : String(error);
    }
    process.send?.(problem);
    if (combination === finish) process.disconnect();
  });
  process.on('disconnect', () => trials[Symbol.asyncDispose]());
  process.send?.('');
}

/** Has a worker try the combinations of a queue. */
async function work(queue: Combination[], outcomes: Outcome[]): Promise<void> {
  const worker = fork(self, ['--worker']);
  const answer = async (): Promise<string> => String((await once(worker, 'message'))[0]);
  await answer();
  for (let combination = queue.shift(); combination !== undefined; combination = queue.shift()) {
    worker.send(combination);
    const problem = await answer();
    outcomes.push({ combination, problem });
    if (outcomes.length % 50 === 0) console.log(`${outcomes.length} tried`);
    if (problem !== '') console.log(`FAILED: ${nameOf(combination)}\n${problem}\n`);
  }
  const exited = once(worker, 'exit');
  worker.send(finish);
  const problem = await answer();
  if (problem !== '') throw new Error(problem);
  await exited;
}

async function main(args: readonly string[]): Promise<void> {
  const { values, positionals: words } = parseArgs({
    args: [...args],
    options: { write: { type: 'boolean', default: false }, third: { type: 'string' } },
    allowPositionals: true,
  });
  if (values.third !== undefined && !/^\d+$/.test(values.third)) throw new Error('--third takes a number');
  if (values.write && (words.length > 0 || values.third !== undefined))
    throw new Error('--write takes all combinations');
  const failpoints = readFailpoints();
  const all = combinationsOf(failpoints);
  const wanted = values.third === undefined ? all : thirdOf(all, Number(values.third));
  const chosen = wanted.filter(({ side, failpoint, action }) =>
    words.every((word) => [side, failpoint, action].some((name) => name.startsWith(word))),
  );
  // Before the workers, which would all begin to.
  compilePrograms();
  compileWithFailpoints();
  const begun = performance.now();
  const outcomes: Outcome[] = [];
  const queue = [...chosen];
  await Promise.all(Array.from({ length: availableParallelism() + 1 }, () => work(queue, outcomes)));
  const failed = outcomes.filter(({ problem }) => problem !== '').length;
  if (values.write) writeTable(failpoints, outcomes);
  console.log(
    `${outcomes.length - failed} of ${chosen.length} combinations as promised, ${Math.round((performance.now() - begun) / 1000)} s`,
  );
  if (failed > 0 || outcomes.length < chosen.length) process.exitCode = 1;
}

if (process.argv.includes('--worker')) serveTrials();
else await main(process.argv.slice(2));
