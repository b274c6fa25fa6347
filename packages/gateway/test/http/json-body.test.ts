import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IsthmusError } from '@isthmus/schema';
import fc from 'fast-check';
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
