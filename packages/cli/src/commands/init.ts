/** `isthmus init`: a new project. */
import type { Command } from 'commander';
import type { SetExitCode } from '../exit-codes.ts';
import { createProject } from '../init/create-project.ts';

export function addInit(program: Command, _setExitCode: SetExitCode): void {
  program
    .command('init')
    .summary('make a new project')
    .description(
      'Makes a new folder with a schema, a C program that serves it, a configuration and a test, which start and pass as they are.',
    )
    .argument('<name>', 'name of the project, of its folder and of its service: small letters, digits and hyphens')
    .addHelpText(
      'after',
      `
Examples:
  isthmus init tank
  cd tank && npm install && npm start

Exit codes:
  0  the project is there
  1  it cannot be made
  2  wrong usage, such as a name that cannot be used or a folder that is not empty`,
    )
    .action(async (name: string) => {
      const files = await createProject(name);
      const list = files.map((file) => `  ${name}/${file}\n`).join('');
      process.stdout.write(`${list}\nNext:\n  cd ${name} && npm install && npm start\n`);
    });
}
