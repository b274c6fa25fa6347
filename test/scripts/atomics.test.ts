/**
 * Each acquire, release and fence of the C library names its partner: the function on the other side. Counts of references are their own
 * (atomic.h).
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';

const folder = resolve(import.meta.dirname, '../../c/src');
const ordering = /\bisth__(load_acquire|store_release|subtract_release|fence|fence_acquire|fence_release)\(/;
/** How far above the access its comment may end. */
const reach = 3;

const files = readdirSync(folder)
  .filter((name) => /\.[ch]$/.test(name) && name !== 'atomic.h')
  .map((name) => ({ name, lines: readFileSync(`${folder}/${name}`, 'utf8').split('\n') }));

/** The functions that are defined there: a name at a line's beginning, after its type. */
const functions = new Set(
  files.flatMap(({ lines }) => lines.flatMap((line) => /^\w[\w\s*]*?\b(\w+)\(/.exec(line)?.[1] ?? [])),
);

/** The comment of a line: on it, or right above. */
function commentOf(lines: readonly string[], at: number): string {
  const near = lines.slice(Math.max(0, at - reach), at + 1).join('\n');
  return [...near.matchAll(/(?:\/\*|^\s*\*).*?(?:\*\/|$)/gms)].map(([text]) => text).join(' ');
}

test('each acquire, release and fence names the function on the other side', () => {
  const silent = files.flatMap(({ name, lines }) =>
    lines.flatMap((line, index) => {
      if (!ordering.test(line)) return [];
      const words = commentOf(lines, index).match(/\w+/g) ?? [];
      return words.some((word) => functions.has(word)) ? [] : [`${name}:${index + 1}: ${line.trim()}`];
    }),
  );
  assert.deepEqual(silent, []);
});
