/**
 * Where a Node server's CPU time goes under wrk, as tables in Markdown: by category, side by side, and the
 * functions with the most of it.
 * Usage: profile.ts [CONTESTANT...] [--seconds N] [--cpus C,S] [--urgent]      default: the gateway
 */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { RunFolder } from '../harness/run-folder.ts';
import type { Contestant } from './contestant.ts';
import { contestants } from './contestants.ts';
import { runWrk } from './load.ts';
import { withServer } from './measure.ts';
import { categoryTable, functionTable, type Profile, type Recorded } from './profile-tables.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '5' },
    cpus: { type: 'string', default: '0,1' },
    urgent: { type: 'boolean', default: false },
  },
});
const [client = 0, server = 1] = options.cpus.split(',').map(Number);
using folder = new RunFolder();
const where = { cpus: { client, server }, isUrgent: options.urgent, folder: folder.path };
const ms = Number(options.seconds) * 1000;

const recorded: Recorded[] = [];
for (const name of positionals.length === 0 ? ['gateway'] : positionals) {
  const contestant = contestants.find((candidate) => candidate.name === name);
  if (contestant === undefined) throw new Error(`there is no contestant ${name}`);
  const why = contestant.missing();
  if (why !== undefined) throw new Error(`${name}: ${why}`);
  contestant.build?.();
  recorded.push(await record(contestant));
}
console.log([categoryTable(recorded), ...recorded.map(functionTable)].join('\n\n'));

/** V8's own sampling, of which only the time under load counts. */
async function record(contestant: Contestant): Promise<Recorded> {
  const output = mkdtempSync(join(where.folder, 'profile-'));
  const profiled: Contestant = {
    ...contestant,
    server: (folder) => {
      const command = contestant.server(folder);
      if (command.program !== process.execPath) throw new Error(`${contestant.name} is no Node program`);
      return { ...command, args: ['--cpu-prof', `--cpu-prof-dir=${output}`, ...command.args] };
    },
  };
  const load = await withServer(profiled, where, async (server, url) => {
    await runWrk(url, ms, where);
    const before = server.cpuTime;
    const { requests } = await runWrk(url, ms, where);
    const after = server.cpuTime;
    return { requests, ownNs: after.own - before.own, startedNs: after.descendants - before.descendants };
  });
  const [file] = readdirSync(output);
  if (file === undefined) throw new Error(`${contestant.name} has left no profile`);
  const profile: Profile = JSON.parse(readFileSync(join(output, file), 'utf8'));
  return { name: contestant.name, profile, ms, ...load };
}
