import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IsthmusError, i64, list, struct, text } from '@isthmus/schema';
import { payloadCodec } from '../../src/index.ts';
import { decoded, encoded } from '../support/forms.ts';

const Row = struct('Row', { name: text(), size: i64() });
const Table = struct('Table', { rows: list(Row) });
const codec = payloadCodec('json', Table);
const read = (message: string | Uint8Array): unknown =>
  decoded(codec, typeof message === 'string' ? new TextEncoder().encode(message) : message).value;

test('it is the JSON form, as text in UTF-8', () => {
  const value = { rows: [{ name: 'né', size: 2n ** 60n }] };
  const message = '{"rows":[{"name":"né","size":"1152921504606846976"}]}';
  assert.equal(Buffer.from(encoded(codec, value)).toString(), message);
  assert.deepEqual(read(message), value);
  assert.deepEqual(read(` { "rows" : [ { "size" : 5 , "name" : "\\u0061" } ] } \n`), {
    rows: [{ name: 'a', size: 5n }],
  });
});

test('what is no JSON text is a malformed message', () => {
  const notUtf8 = Buffer.concat([Buffer.from('{"rows":[{"size":1,"name":"'), Buffer.from([0xff]), Buffer.from('"}]}')]);
  for (const message of ['', '{', '{"rows":[]}x', '\ufeff{"rows":[]}', '{rows:[]}', '['.repeat(100_000), notUtf8]) {
    assert.throws(() => read(message), { code: 'MALFORMED_MESSAGE' }, String(message).slice(0, 20));
  }
});

test('what does not fit, or comes twice, is named by its place', () => {
  const cases: [string, string][] = [
    ['{"rows":[{"size":1}]}', '/rows/0/name'],
    ['{"rows":[{"size":1.5,"name":""}]}', '/rows/0/size'],
    ['{"rows":[{"size":1,"name":"","x":1}]}', '/rows/0/x'],
    ['{"rows":[],"__proto__":{}}', '/__proto__'],
    ['{"rows":[{"size":1,"name":"","size":2}]}', '/rows/0/size'],
    ['{"rows":[],"rows":[]}', '/rows'],
    ['null', ''],
    [`{"rows":${'['.repeat(50_000)}${']'.repeat(50_000)}}`, '/rows/0'],
  ];
  for (const [message, pointer] of cases) {
    assert.throws(
      () => read(message),
      (error) => {
        assert.ok(error instanceof IsthmusError);
        assert.equal(error.code, 'HANDLER_FAULT');
        assert.deepEqual(
          error.fields.map((field) => field.pointer),
          [pointer],
        );
        return true;
      },
      message.slice(0, 40),
    );
  }
});
