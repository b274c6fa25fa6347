/** The README's tables against the code. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { attachDefaults, checkAttachOptions } from '@isthmus/core';
import { settingsOf } from '../src/options.ts';

const read = (path: string) => readFileSync(join(import.meta.dirname, '..', path), 'utf8');
const readme = read('README.md');

test('the README lists every option of connect(), and no other', () => {
  const source = read('src/options.ts');
  const [, body = ''] = /export interface ConnectOptions \{([\s\S]*?)\n\}/.exec(source) ?? [];
  const declared = [...body.matchAll(/readonly (\w+)\??:/g)].map((match) => match[1]);
  const rows = rowsOf('## Options of connect()');
  const listed = rows.flatMap(([names = '']) => [...names.matchAll(/`(\w+)`/g)].map((match) => match[1]));
  assert.deepEqual(listed.sort(), declared.sort());
});

test('the README names the defaults', () => {
  const defaults = settingsOf({ path: 'x' });
  for (const [names = '', text = ''] of rowsOf('## Options of connect()')) {
    const value = new Map<string, unknown>(Object.entries(defaults)).get(/`(\w+)`/.exec(names)?.[1] ?? '');
    if (text === '') continue;
    const expected = typeof value === 'number' ? value.toLocaleString('en') : String(value);
    assert.equal(text.replaceAll('`', '').replace('1 MiB', '1,048,576'), expected, names);
  }
});

test('the README lists every option of attach(), with its default, and every guard', () => {
  const rows = rowsOf('| option | meaning | default |');
  const listed = rows.map(([name = '', , text = '']) => [
    name.replaceAll('`', ''),
    text.replaceAll('`', '') || undefined,
  ]);
  assert.deepEqual(Object.fromEntries(listed), attachDefaults);
  const { problems } = checkAttachOptions({ posix: '/x', guard: {} });
  const guards = rowsOf('| guard | |').flatMap(([names = '']) =>
    [...names.matchAll(/`(\w+)/g)].map((match) => match[1]),
  );
  assert.ok(problems[0]?.includes(`exactly one of ${guards.join(', ')},`), problems[0]);
});

/** The cells of the first table below a heading, or of the one that begins so, without its header. */
function rowsOf(heading: string): string[][] {
  const text = readme.slice(readme.indexOf(heading)).split('\n\n');
  const section = text[heading.startsWith('|') ? 0 : 1] ?? '';
  return section
    .split('\n')
    .slice(2)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}
