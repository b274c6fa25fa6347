/** `isthmus rollout`: new instances for old ones, while calls go on. */
import { defaultConfigFile, endingOf, type RolloutEvent } from '@isthmus/gateway';
import type { Command } from 'commander';
import type { SetExitCode } from '../exit-codes.ts';
import { rollOutService } from '../rollout.ts';
import { untilSignal } from '../signals.ts';
import { writeOut } from '../stdout.ts';

interface RolloutOptions {
  readonly json?: true;
  readonly config?: string;
}

export function addRollout(program: Command, setExitCode: SetExitCode): void {
  program
    .command('rollout')
    .summary('replace the instances of a service by new ones, while calls go on')
    .description(
      'Reads the configuration anew, builds the service, and has the running bridge start new instances, wait until they take calls, and drain the old ones. If a new one does not come up, the old ones go on as they are.',
    )
    .argument('<service>', 'a service that Isthmus starts')
    .option('--json', 'each event as a line of JSON on stdout')
    .option('-c, --config <file>', 'configuration (default: isthmus.config.ts in this folder)')
    .addHelpText(
      'after',
      `
Examples:
  isthmus rollout pricing
  isthmus rollout pricing --json | jq -r 'select(.event == "ready") | .instance'

Exit codes:
  0    the new instances serve, and the old ones have gone
  1    no bridge runs, the build failed, or the new instances did not come up: the old ones go on
  2    wrong usage
  129  ended by SIGHUP, as are 130 by SIGINT (Ctrl-C) and 143 by SIGTERM: what the bridge has begun it finishes`,
    )
    .action(async (service: string, { json, config = defaultConfigFile }: RolloutOptions) => {
      await untilSignal(setExitCode, async (signal) => {
        const report = (line: string) => process.stderr.write(`${line}\n`);
        let replaced = 0;
        for await (const event of rollOutService({ service, config, report, signal })) {
          if (event.event === 'ended') replaced += 1;
          if (json === true) await writeOut(`${JSON.stringify(event)}\n`);
          else report(textOf(event));
        }
        if (json !== true)
          await writeOut(`${service}: ${replaced} ${replaced === 1 ? 'instance' : 'instances'} replaced\n`);
      });
    });
}

function textOf({ event, instance, exit }: RolloutEvent): string {
  switch (event) {
    case 'starting':
      return `${instance} is started`;
    case 'ready':
      return `${instance} takes calls`;
    case 'draining':
      return `${instance} drains`;
    case 'ended':
      return `${instance} ${endingOf(exit)}`;
  }
}
