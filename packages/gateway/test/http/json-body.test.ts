import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IsthmusError } from '@isthmus/schema';
import fc from 'fast-check';
import { duplicateFields, hasDuplicateNames } from '../../src/http/duplicate-names.ts';
import { parseJsonBody } from '../../src/http/json-body.ts';

const parse = (text: string): unknown => parseJsonBody(Buffer.from(text));

test('reads any JSON value as JSON.parse does', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value, null, 1);
      assert.deepEqual(parse(text), JSON.parse(text));
    }),
  );
});

test('an empty body is no value', () => {
  assert.equal(parse(''), undefined);
});

test('names each field given twice, at any depth', () => {
  const cases: [string, string[]][] = [
    ['{"a":1,"a":2}', ['/a']],
    ['{"a":1,"\\u0061":2}', ['/a']],
    ['{"a":{"b":1,"c":{"d":1,"d":1}},"x":[0,{"y":1,"y":2,"y":3}]}', ['/a/c/d', '/x/1/y', '/x/1/y']],
    ['[{"a":1},{"a":1,"a":1}]', ['/1/a']],
    ['{"a/b":1,"a/b":2,"c~d":1,"c~d":1,"":1,"":1}', ['/a~1b', '/c~0d', '/']],
    ['{"__proto__":1,"__proto__":2}', ['/__proto__']],
    ['{"a":"a","b":"{\\"a\\":1,","a":[]}', ['/a']],
  ];
  for (const [text, pointers] of cases) {
    assert.throws(
      () => parse(text),
      (error) => {
        assert.ok(error instanceof IsthmusError);
        assert.equal(error.code, 'INVALID_INPUT');
        assert.deepEqual(
          error.fields.map((field) => field.pointer),
          pointers,
        );
        return true;
      },
      text,
    );
  }
});

test('a name in several objects, or in a text, is not twice', () => {
  for (const text of [
    '{"a":{"a":{"a":1}}}',
    '[{"a":1},{"a":1}]',
    '{"a":"a","b":"a:a,\\"a\\":\\\\"}',
    '"a:b"',
    '1',
    '[]',
    '{}',
  ]) {
    assert.deepEqual(parse(text), JSON.parse(text));
  }
});

test('counting finds duplicates exactly when the scan does', () => {
  // Objects written member by member, so that names repeat, from an alphabet that is hard to scan. No name is a backslash:
  // once the JSON.parse of Node 24 has seen one, it takes any escaped name of one character in the same place for it
  // (V8 13.6; Node 20's does not). Such names are in no schema, so that they are refused either way.
  const key = fc.constantFrom('a', 'b', '"', ':', '{', '');
  const text = fc.letrec<{ value: string; object: string; array: string }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      key.map((name) => JSON.stringify(name)),
      tie('object'),
      tie('array'),
    ),
    object: fc
      .array(fc.tuple(key, tie('value')), { maxLength: 4 })
      .map((members) => `{${members.map(([name, value]) => `${JSON.stringify(name)} : ${value}`).join(',')}}`),
    array: fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join(' , ')}]`),
  })).value;
  fc.assert(
    fc.property(text, (written) => {
      assert.equal(hasDuplicateNames(written, JSON.parse(written)), duplicateFields(written).length > 0);
    }),
    { numRuns: 2000 },
  );
});

test('no depth of nesting exhausts the stack', () => {
  const depth = 200_000;
  const text = `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
  assert.doesNotThrow(() => hasDuplicateNames(text, JSON.parse(text)));
});
