import assert from 'node:assert/strict';
import { test } from 'node:test';
import { struct, u8, u32 } from '@isthmus/schema';
import type { Field } from '../../src/from-c/place-fields.ts';
import { verifyLayouts } from '../../src/from-c/verify.ts';

const fields = { a: u8(), b: u32() };
const type = struct('S', fields);
const inC: readonly Field[] = [
  { name: 'a', type: fields.a, offset: 0, size: 1 },
  { name: 'b', type: fields.b, offset: 4, size: 4 },
];

test('a layout that is the compiler’s passes', () => {
  verifyLayouts([{ type, options: {}, fields: inC, size: 8 }]);
});

test('one that is not is an error of ours, which names every difference', () => {
  const moved = inC.map((field) => ({ ...field, offset: field.offset + 1 }));
  assert.throws(() => verifyLayouts([{ type, options: {}, fields: moved, size: 12 }]), {
    code: 'INTERNAL',
    detail:
      /S\.a: 1 bytes at 1, in the schema 1 bytes at 0\nS\.b: 4 bytes at 5, .* at 4\nS: 12 bytes, in the schema 8$/,
  });
  const other = inC.map((field) => ({ ...field, name: 'c' }));
  assert.throws(() => verifyLayouts([{ type, options: {}, fields: other, size: 8 }]), { code: 'INTERNAL' });
});

test('what the language does not take is told with every reason', () => {
  const invalid = struct('S', { class: u8(), long: u8() });
  assert.throws(() => verifyLayouts([{ type: invalid, options: {}, fields: [], size: 2 }]), {
    code: 'SCHEMA_INVALID',
    detail: /field class: .*\n.*field long: /,
  });
});
