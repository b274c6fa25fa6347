/** `isthmus doctor`: whether this machine has what Isthmus needs. */
import type { Command } from 'commander';
import { colours } from '../colours.ts';
import type { CheckResult, Status } from '../doctor/check.ts';
import { checks } from '../doctor/checks.ts';
import { exitCodes, type SetExitCode } from '../exit-codes.ts';

export function addDoctor(program: Command, setExitCode: SetExitCode): void {
  program
    .command('doctor')
    .summary('say what is missing on this machine, and how to get it')
    .description(
      'Checks what Isthmus needs of this machine, up to a call that crosses from Node to a C program compiled on the spot. Changes nothing.',
    )
    .option('--json', 'one JSON document instead of lines')
    .addHelpText(
      'after',
      `
Examples:
  isthmus doctor
  isthmus doctor --json

Exit codes:
  0  nothing that is needed is missing; there may be warnings, and hints at what would be faster
  1  something is missing
  2  wrong usage`,
    )
    .action(async ({ json }: { readonly json?: true }) => {
      const results: CheckResult[] = [];
      for (const check of checks) {
        const result = await check();
        results.push(result);
        if (json !== true) process.stdout.write(`${describe(result)}\n`);
      }
      if (json === true) process.stdout.write(`${JSON.stringify({ checks: results }, null, 2)}\n`);
      setExitCode(results.some(({ status }) => status === 'missing') ? exitCodes.failed : exitCodes.done);
    });
}

function describe({ name, status, found, advice }: CheckResult): string {
  const { green, cyan, yellow, red, dim } = colours(process.stdout);
  const paint: Record<Status, (text: string) => string> = { ok: green, hint: cyan, warn: yellow, missing: red };
  const line = `${paint[status](status.padEnd(7))} ${name.padEnd(13)} ${found}`;
  return advice === undefined ? line : `${line}\n${dim(`        ${' '.repeat(14)}${advice}`)}`;
}
