/**
 * npm run bench: every contestant in one run. Options:
 *
 *   --quick             rough figures of the most important points, in 3 minutes; the whole takes 30
 *   --only SECTIONS     of hop, http and growth, with commas
 *   --contestants NAMES with commas; every other one sits out
 *   --rounds N, --ms N  how often each is measured, and for how long each time
 *   --cpus C,S          the CPUs of clients and of servers. Default: 0,1
 *   --urgent            measured programs get nearly all of their CPU, whatever else the machine has to do (needs root)
 *   --no-install        leaves benchmarks/node_modules as it is: who needs a package that is not there is skipped
 *   --output FOLDER     for results.json, results.md and the plots. Default: benchmarks/results
 *   --render            makes results.md and the plots again from the folder's results.json, without measuring
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { installPackages } from './harness/install.ts';
import { machineOf } from './harness/machine.ts';
import { raiseRunner } from './harness/processes.ts';
import { writeReport } from './harness/report.ts';
import type { Context, Results, Section, SectionResult } from './harness/results.ts';
import { RunFolder } from './harness/run-folder.ts';
import { benchmarks } from './harness/toolchains.ts';
import { sections } from './sections.ts';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    contestants: { type: 'string' },
    rounds: { type: 'string' },
    ms: { type: 'string' },
    cpus: { type: 'string', default: '0,1' },
    urgent: { type: 'boolean', default: false },
    output: { type: 'string', default: join(benchmarks, 'results') },
    'no-install': { type: 'boolean', default: false },
    render: { type: 'boolean', default: false },
  },
});
const output = resolve(options.output);

if (options.render) {
  const results: Results = JSON.parse(readFileSync(join(output, 'results.json'), 'utf8'));
  writeReport(output, results, sections);
} else {
  const results = await measure(chosenSections(options.only));
  console.log(writeReport(output, results, sections));
  if (Object.values(results.sections).some(({ failures }) => failures.length > 0)) process.exitCode = 1;
}

async function measure(chosen: readonly Section[]): Promise<Results> {
  const wanted = chosenContestants(chosen);
  const [client = Number.NaN, server = Number.NaN] = options.cpus.split(',').map(Number);
  if (!(Math.max(client, server) < availableParallelism()) || client === server || !(Math.min(client, server) >= 0)) {
    throw new Error(
      `--cpus ${options.cpus}: two different CPUs are needed, of the ${availableParallelism()} there are`,
    );
  }
  if (!options['no-install']) installPackages();
  using folder = new RunFolder();
  const begin = performance.now();
  const date = new Date().toISOString();
  const machine = machineOf();
  if (options.urgent) raiseRunner();
  const context: Context = {
    isQuick: options.quick,
    rounds: numberOf('rounds', options.rounds),
    ms: numberOf('ms', options.ms),
    wants: (contestant) => wanted?.includes(contestant) ?? true,
    isUrgent: options.urgent,
    cpus: { client, server },
    folder: folder.path,
    say: (text) => console.error(text),
  };
  const found: Record<string, SectionResult> = {};
  for (const section of chosen) found[section.name] = await section.run(context);
  return {
    date,
    seconds: Math.round((performance.now() - begin) / 1000),
    isQuick: options.quick,
    isUrgent: options.urgent,
    machine,
    sections: found,
  };
}

function chosenSections(only: string | undefined): readonly Section[] {
  if (only === undefined) return sections;
  return only.split(',').map((name) => {
    const section = sections.find((candidate) => candidate.name === name);
    if (section !== undefined) return section;
    throw new Error(`--only ${name}: the sections are ${sections.map((candidate) => candidate.name).join(', ')}`);
  });
}

/** Undefined: all of them. */
function chosenContestants(chosen: readonly Section[]): readonly string[] | undefined {
  const wanted = options.contestants?.split(',');
  const all = chosen.flatMap(({ contestants }) => contestants);
  const unknown = wanted?.find((name) => !all.includes(name));
  if (unknown === undefined) return wanted;
  throw new Error(`--contestants: there is no ${unknown} among ${all.join(', ')}`);
}

function numberOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!(Number.isInteger(number) && number > 0)) throw new Error(`--${name} must be a whole number above 0`);
  return number;
}
