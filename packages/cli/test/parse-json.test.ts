import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJson } from '../src/parse-json.ts';

test('one document, with each name once', () => {
  assert.deepEqual(parseJson('{"a":[1,{"a":2}],"b":"a"}'), { a: [1, { a: 2 }], b: 'a' });
  for (const text of ['', '{', '{} {}', "{'a':1}"]) assert.throws(() => parseJson(text), { code: 'MALFORMED_BODY' });
  assert.throws(
    () => parseJson('{"a":1,"b":{"c":1,"c":2}}'),
    ({ code, fields }) => {
      assert.equal(code, 'INVALID_INPUT');
      assert.deepEqual(
        fields.map(({ pointer }: { pointer: string }) => pointer),
        ['/b/c'],
      );
      return true;
    },
  );
});
