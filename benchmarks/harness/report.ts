/** results.json, results.md and the plots. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { goalTable, judge } from './goals.ts';
import { machineText } from './machine.ts';
import { table } from './markdown.ts';
import type { Gap, Results, Section, SectionResult, Stolen } from './results.ts';

/**
 * Writes all three, and removes plots of an earlier run.
 *
 * @param sections Who draws what each of the results has.
 * @returns What results.md says.
 */
export function writeReport(folder: string, results: Results, sections: readonly Section[]): string {
  mkdirSync(folder, { recursive: true });
  const drawn = sections.flatMap((section) => {
    const result = results.sections[section.name];
    return result === undefined ? [] : [{ section, result, ...section.render(result) }];
  });
  for (const name of readdirSync(folder)) if (name.endsWith('.svg')) rmSync(join(folder, name));
  for (const { plots } of drawn) {
    for (const [name, svg] of Object.entries(plots)) writeFileSync(join(folder, name), svg);
  }
  const parts = drawn.map(({ section, result, markdown }) =>
    [`## ${section.title}`, whoText(result), markdown, gapText(result)].filter((part) => part !== '').join('\n\n'),
  );
  const text = `${[headText(results), goalText(results), ...parts].filter((part) => part !== '').join('\n\n')}\n`;
  writeFileSync(join(folder, 'results.json'), `${JSON.stringify(results, undefined, 1)}\n`);
  writeFileSync(join(folder, 'results.md'), text);
  return text;
}

function headText({ date, seconds, isQuick, isUrgent, machine }: Results): string {
  const kind = isQuick ? '`npm run bench -- --quick`' : '`npm run bench`';
  const priority = isUrgent ? ', ahead of what else the machine had to do' : '';
  return [
    '# Results',
    `Made by ${kind} on ${date.slice(0, 10)}, in ${durationText(seconds)}${priority}; [README.md](../README.md) says what each figure times.`,
    'Figures are medians over the rounds, in which contestants took turns, and behind them the lowest and the highest.',
    '',
    machineText(machine),
  ].join('\n');
}

function durationText(seconds: number): string {
  return seconds < 100 ? `${seconds} seconds` : `${Math.round(seconds / 60)} minutes`;
}

function goalText(results: Results): string {
  const verdicts = judge(results);
  return verdicts.length === 0 ? '' : `## Goals\n\n${goalTable(verdicts)}`;
}

function whoText({ contestants, rounds, ms, stolen }: SectionResult): string {
  const rows = contestants.map(({ name, kind, what }) => [name, kind, what]);
  const extent = `${rounds === 1 ? 'One round' : `${rounds} rounds`}; each measurement takes ${ms} ms.`;
  return `${extent}${stolenText(stolen)}\n\n${table(['contestant', 'kind', 'what is timed'], rows)}`;
}

function stolenText({ again, kept }: Stolen): string {
  if (again + kept === 0) return '';
  return ` The machine's host took more than 1 % of the CPU time away while something was measured: ${again} measurements were made again for that, and ${kept} count although it was so.`;
}

/** Who did not take part, and what went wrong. What a contestant does not carry is told by its table. */
function gapText({ gaps, failures }: SectionResult): string {
  const line = ({ contestant, at, why }: Gap): string => {
    const place =
      at === undefined
        ? ''
        : ` (${Object.entries(at)
            .map(([name, value]) => `${name} ${value}`)
            .join(', ')})`;
    return `- ${contestant}${place}: ${why.replaceAll('\n', ' ')}`;
  };
  const skipped = gaps.filter(({ at }) => at === undefined).map(line);
  return [
    ...(skipped.length === 0 ? [] : [`Skipped:\n\n${skipped.join('\n')}`]),
    ...(failures.length === 0 ? [] : [`Failed:\n\n${failures.map(line).join('\n')}`]),
  ].join('\n\n');
}
