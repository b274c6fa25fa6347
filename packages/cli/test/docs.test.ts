/** docs/cli.md held against the commands, both ways. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createProgram } from '../src/program.ts';

const page = await readFile(join(import.meta.dirname, '../../../docs/cli.md'), 'utf8');
const program = createProgram(() => {});

test('every command has a section with its arguments, and no other', () => {
  const sections = [...page.matchAll(/^## `isthmus (.+)`$/gm)].map(([, usage]) => usage);
  const commands = program.commands.map((command) => {
    const parts = command.registeredArguments.map((argument) => {
      const name = argument.variadic ? `${argument.name()}...` : argument.name();
      return argument.required ? `<${name}>` : `[${name}]`;
    });
    return [command.name(), ...parts].join(' ');
  });
  assert.deepEqual(sections, commands);
});

test('every option is listed, and no other', async (t) => {
  for (const command of program.commands) {
    await t.test(command.name(), () => {
      const section = page.split(`\n## \`isthmus ${command.name()}`)[1]?.split('\n## ')[0] ?? '';
      const listed = [...section.matchAll(/^\| `(-.+?)` \|/gm)].map(([, flags]) => flags);
      assert.deepEqual(
        listed,
        command.options.map((option) => option.flags),
      );
    });
  }
});

test('every command explains itself with examples and exit codes', async (t) => {
  for (const command of program.commands) {
    await t.test(command.name(), () => {
      let help = '';
      command.configureOutput({
        writeOut: (text) => {
          help += text;
        },
      });
      command.outputHelp();
      assert.match(help, /Examples:\n {2}\S/);
      assert.match(help, /Exit codes:\n {2}0/);
      for (const option of command.options) assert.notEqual(option.description, '', option.flags);
    });
  }
});
