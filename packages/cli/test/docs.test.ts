/** docs/cli.md held against the commands, both ways. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Command } from 'commander';
import { createProgram } from '../src/program.ts';

const page = await readFile(join(import.meta.dirname, '../../../docs/cli.md'), 'utf8');

interface NamedCommand {
  /** Without `isthmus`: `gen`, `schema from-c`. */
  readonly name: string;
  readonly command: Command;
}

/** The commands that do something: not those that only hold others. */
const commands = leavesOf(
  createProgram(() => {}),
  [],
);

function leavesOf(parent: Command, path: readonly string[]): NamedCommand[] {
  return parent.commands.flatMap((command) => {
    const name = [...path, command.name()];
    return command.commands.length > 0 ? leavesOf(command, name) : [{ name: name.join(' '), command }];
  });
}

test('every command has a section with its arguments, and no other', () => {
  const sections = [...page.matchAll(/^## `isthmus (.+)`$/gm)].map(([, usage]) => usage);
  const usages = commands.map(({ name, command }) => {
    const parts = command.registeredArguments.map((argument) => {
      const shown = argument.variadic ? `${argument.name()}...` : argument.name();
      return argument.required ? `<${shown}>` : `[${shown}]`;
    });
    return [name, ...parts].join(' ');
  });
  assert.deepEqual(sections, usages);
});

test('every option is listed, and no other', async (t) => {
  for (const { name, command } of commands) {
    await t.test(name, () => {
      const section = page.split(new RegExp(`\n## \`isthmus ${name}[ \`]`))[1]?.split('\n## ')[0] ?? '';
      const listed = [...section.matchAll(/^\| `(-.+?)` \|/gm)].map(([, flags]) => flags);
      assert.deepEqual(
        listed,
        command.options.map((option) => option.flags),
      );
    });
  }
});

test('every command explains itself with examples and exit codes', async (t) => {
  for (const { name, command } of commands) {
    await t.test(name, () => {
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
