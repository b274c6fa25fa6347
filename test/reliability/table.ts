/** The table of docs/reliability.md: what came of each failpoint, side and action. */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Combination, combinationsOf, type Failpoint, type Side, sides } from './failpoints.ts';

/** A combination that was tried, and what was not as promised; '' where all was. */
export interface Outcome {
  readonly combination: Combination;
  readonly problem: string;
}

export const page = resolve(import.meta.dirname, '../../docs/reliability.md');
const begin = '<!-- The table: npm run test:matrix -- --write -->\n';
const end = '<!-- The end of the table. -->\n';

/** What is in a cell: each action with the hits at which it was tried, and FAILED behind those that went wrong. */
function cellOf(failpoint: Failpoint, side: Side, outcomes: readonly Outcome[]): string {
  const here = outcomes.filter(
    ({ combination }) => combination.failpoint === failpoint.name && combination.side === side,
  );
  const tried = here.map(
    ({ combination: { action, hit }, problem }) => `${action} ${hit}${problem === '' ? '' : ' FAILED'}`,
  );
  return tried.toSorted().join(', ');
}

export function tableOf(failpoints: readonly Failpoint[], outcomes: readonly Outcome[]): string {
  const rows = failpoints.map((failpoint) => [
    `\`${failpoint.name}\``,
    failpoint.step,
    ...sides.map((side) => cellOf(failpoint, side, outcomes)),
  ]);
  const failed = outcomes.filter(({ problem }) => problem !== '').length;
  const lines = [
    ['failpoint', 'what has happened by then', ...sides],
    ['---', '---', ...sides.map(() => '---')],
    ...rows,
  ];
  const count = `${outcomes.length} combinations, ${failed} of them not as promised.`;
  return `${count}\n\n${lines.map((cells) => `| ${cells.join(' | ')} |\n`).join('')}`;
}

/** The table when everything is as promised. */
export function expectedTable(failpoints: readonly Failpoint[]): string {
  return tableOf(
    failpoints,
    combinationsOf(failpoints).map((combination) => ({ combination, problem: '' })),
  );
}

/** The table that is in the page now. */
export function writtenTable(): string {
  const [from, to, text] = place();
  return text.slice(from, to);
}

export function writeTable(failpoints: readonly Failpoint[], outcomes: readonly Outcome[]): void {
  const [from, to, text] = place();
  writeFileSync(page, `${text.slice(0, from)}${tableOf(failpoints, outcomes)}${text.slice(to)}`);
}

function place(): [from: number, to: number, text: string] {
  const text = readFileSync(page, 'utf8');
  const from = text.indexOf(begin) + begin.length;
  const to = text.indexOf(end);
  if (from < begin.length || to < from) throw new Error(`${page} has no place for the table`);
  return [from, to, text];
}
