/** Each claim of SECURITY.md names its test, and there is such a test. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';

const root = resolve(import.meta.dirname, '../..');
const page = readFileSync(`${root}/SECURITY.md`, 'utf8');

/** `file`: "name of a test", and more names of the same file. */
const mention = /`([\w./-]+\.(?:ts|c))`: ("[^"]+"(?:, "[^"]+")*)/g;

function mentionsIn(text: string): readonly { readonly file: string; readonly name: string }[] {
  return [...text.matchAll(mention)].flatMap(([, file = '', names = '']) =>
    [...names.matchAll(/"([^"]+)"/g)].map(([, name = '']) => ({ file, name })),
  );
}

/** The names of the tests in a file: in C as its table has them, in TypeScript as they are given to test() and it(). */
function testsOf(file: string): readonly string[] {
  const text = readFileSync(`${root}/${file}`, 'utf8');
  const pattern = file.endsWith('.c') ? /\{"([^"]+)",\s/g : /\b(?:test|it)\(\s*(?:'([^'\n]+)'|"([^"\n]+)")/g;
  return [...text.matchAll(pattern)].map(([, first, second]) => first ?? second ?? '');
}

/** The rows of all tables whose last column is the test. */
const claims = page.split('\n').reduce<{ readonly rows: string[]; isIn: boolean }>(
  (found, line) => {
    if (/\| test \|$/.test(line)) found.isIn = true;
    else if (!line.startsWith('|')) found.isIn = false;
    else if (found.isIn && !/^[|-]+$/.test(line)) found.rows.push(line);
    return found;
  },
  { rows: [], isIn: false },
).rows;

test('each claim names a test, and nothing else in its column', () => {
  assert.ok(claims.length >= 40, `${claims.length} claims`);
  const columns = claims.map((row) => row.slice(row.lastIndexOf(' | ') + ' | '.length).replace(/ \|$/, ''));
  assert.deepEqual(
    columns.filter((column) => mentionsIn(column).length === 0 || /[^, ]/.test(column.replaceAll(mention, ''))),
    [],
  );
});

test('each test that is named is there', () => {
  assert.deepEqual(
    mentionsIn(page).filter(({ file, name }) => !testsOf(file).includes(name)),
    [],
  );
});

test('each file that is linked is there', () => {
  const files = [...page.matchAll(/`(\w+\/[\w./-]+\.(?:ts|c|sh))`|\]\((?!http)([^)#]+)/g)].map(
    ([, named, linked]) => named ?? linked ?? '',
  );
  assert.ok(files.length > claims.length);
  assert.deepEqual(
    files.filter((file) => !existsSync(`${root}/${file}`)),
    [],
  );
});
