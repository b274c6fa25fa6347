/** docs/evolution.md held against the rules, both ways, and its examples against what is found in them. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { rules } from '../../src/evolution/rules.ts';
import * as language from '../../src/index.ts';
import {
  array,
  type Change,
  call,
  compareSchemas,
  type Fields,
  list,
  type Members,
  optional,
  type SchemaShape,
  type Struct,
  service,
  struct,
  type Type,
  union,
} from '../../src/index.ts';

const page = await readFile(join(import.meta.dirname, '../../../../docs/evolution.md'), 'utf8');

interface Row {
  readonly rule: string;
  readonly where: string;
  readonly before: string;
  readonly after: string;
  readonly why: string;
}

function rowsBelow(heading: string): Row[] {
  const section = page.split(`\n### ${heading}\n`)[1]?.split(/\n##+ /)[0] ?? '';
  return [...section.matchAll(/^\| `(\w+)` \| (\w*) ?\| `(.+?)` \| `(.+?)` \| (.+?) \|$/gm)].map(
    ([, rule = '', where = '', before = '', after = '', why = '']) => ({ rule, where, before, after, why }),
  );
}

const rows = { safe: rowsBelow('Safe'), break: rowsBelow('Breaks') };

type Direction = 'request' | 'reply';

/** A schema with an example of the page in it: in the payload itself, or deep within it. */
function schemaOf(example: string, direction: Direction, isDeep: boolean): SchemaShape {
  const value: unknown = new Function(...Object.keys(language), `return ${example};`)(...Object.values(language));
  if (language.isService(value)) return value;
  assert.ok(typeof value === 'object' && value !== null);
  // Methods and regions are told by themselves; all else is a type, or the fields of a struct.
  if (Object.values(value).some(isMember)) return service('example', value as Members);
  const fields = 'kind' in value ? { first: value as Type } : (value as Fields);
  const given = isDeep ? { rows: list(nested(struct('Deep', fields))) } : fields;
  const payload = struct('Payload', given);
  return service('example', { method: direction === 'reply' ? call({ output: payload }) : call({ input: payload }) });
}

function isMember(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'kind' in value && ['call', 'region'].includes(`${value.kind}`);
}

/** Beside a union, because what is compared once must not hide what comes later. */
function nested(type: Struct): Struct {
  return struct('Outer', { shape: union('Either', { one: type }), again: optional(array(type, 2)) });
}

const directions = ['request', 'reply'] as const;

for (const verdict of ['safe', 'break'] as const) {
  for (const { rule, where, before, after, why } of rows[verdict]) {
    test(`${verdict}: ${rule} ${where}: ${before} -> ${after}`, () => {
      for (const direction of directions.filter((each) => where === '' || where === each)) {
        for (const isDeep of [false, true]) {
          const [old, young] = [schemaOf(before, direction, isDeep), schemaOf(after, direction, isDeep)];
          const changes = compareSchemas(old, young);
          assert.ok(changes.length > 0);
          for (const change of changes)
            assert.deepEqual([change.rule, change.verdict, change.reason], [rule, verdict, why]);
          // Whether two programs can talk does not depend on which is the newer one; and what is safe one way, they can.
          const isAdaptable = isAllAdaptable(changes);
          assert.equal(isAllAdaptable(compareSchemas(young, old)), isAdaptable);
          assert.ok(isAdaptable || verdict === 'break');
        }
      }
    });
  }
}

function isAllAdaptable(changes: readonly Change[]): boolean {
  return changes.every((change) => change.isAdaptable);
}

test('every rule has a row, and every row is a rule', () => {
  const listed = new Set([...rows.safe, ...rows.break].map(({ rule }) => rule));
  assert.deepEqual([...listed].sort(), Object.keys(rules).sort());
  const lines = page.match(/^\| `/gm) ?? [];
  assert.equal(rows.safe.length + rows.break.length, lines.length, 'no row that is not read');
});

test('descriptions and units may change at any time', () => {
  const before = schemaOf("f64({ unit: 'EUR', description: 'a' })", 'request', false);
  assert.deepEqual(compareSchemas(before, schemaOf("f64({ unit: 'USD', description: 'b' })", 'request', false)), []);
});
