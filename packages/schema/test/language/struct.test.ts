import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  bool,
  enumeration,
  type Fields,
  f32,
  f64,
  field,
  IsthmusError,
  i8,
  i16,
  i64,
  struct,
  text,
  u16,
  u32,
} from '../../src/index.ts';
import { structs } from '../support/arbitrary.ts';

/** The detail of the SCHEMA_INVALID that `make` must throw. */
function refusal(make: () => unknown): string {
  try {
    make();
  } catch (error) {
    assert.ok(error instanceof IsthmusError, String(error));
    assert.equal(error.code, 'SCHEMA_INVALID');
    return error.detail;
  }
  return assert.fail('it was taken');
}

const fieldRefusal = (type: unknown, name = 'x') => refusal(() => struct('Box', { [name]: type } as Fields));

test('fields lie where C puts them', () => {
  const Inner = struct('Inner', { a: i16(), b: u32() });
  const { size, align, fields } = struct('Outer', {
    flag: bool(),
    name: text(2),
    inner: Inner,
    small: i8(),
    big: i64(),
    last: u16(),
  }).layout;
  assert.deepEqual(
    fields.map(({ name, offset }) => `${name} ${offset}`),
    ['flag 0', 'name 1', 'inner 4', 'small 12', 'big 16', 'last 24'],
  );
  assert.deepEqual([size, align], [32, 8]);
});

test('in every layout fields are aligned, in order, apart, and the size is a multiple of the alignment', () => {
  fc.assert(
    fc.property(structs(), ({ layout }) => {
      let end = 0;
      for (const { offset, size } of layout.fields) {
        assert.ok(offset >= end && offset - end < 8);
        end = offset + size;
      }
      assert.ok(layout.size >= end && layout.size - end < layout.align);
      assert.equal(layout.size % layout.align, 0);
    }),
  );
});

test('an error names the struct, the field and what is wrong', () => {
  const reasons: [string, unknown, RegExp][] = [
    ['x', f64, /^struct Box, field x: this is not a type/],
    ['x', null, /not a type/],
    ['x', { kind: 'f16' }, /not a type/],
    ['x', f64({ min: 2, max: 1 }), /^struct Box, field x: min 2 is greater than max 1$/],
    ['x', f64({ min: Number.NaN }), /min must be a finite number/],
    ['x', f64({ max: Number.POSITIVE_INFINITY }), /max must be a finite number/],
    ['x', f32({ max: 1e39 }), /outside of what f32 can hold/],
    ['x', i8({ min: -129 }), /outside of what i8 can hold/],
    ['x', i8({ max: 1.5 }), /max must be a whole number/],
    ['x', u16({ default: -1 }), /default -1 is outside of what u16 can hold/],
    ['x', u16({ default: 1, min: 2 }), /default 1 is outside of min and max/],
    ['x', i64({ min: 1 as unknown as bigint }), /min must be a bigint/],
    ['x', bool({ default: 1 as unknown as boolean }), /default must be true or false/],
    ['x', text(0), /capacity/],
    ['x', text(1.5), /capacity/],
    ['x', text(65_536), /capacity/],
    ['x', text(2, { default: 'éé' }), /default takes 4 bytes of 2/],
    ['x', text(2, { default: '\0' }), /default must be well-formed/],
    ['x', field(enumeration('Kind', ['a']), { default: 'b' as 'a' }), /default "b" is not one of a/],
    ['X', f64(), /field X: the name must be a lower-case letter/],
    ['a_b', f64(), /must be/],
    ['constructor', f64(), /JavaScript gives this name a meaning/],
    ['then', f64(), /JavaScript gives this name a meaning/],
    ['a'.repeat(64), f64(), /longer than 63/],
  ];
  for (const [name, type, reason] of reasons) assert.match(fieldRefusal(type, name), reason);
});

test('a struct needs a good name, fields, and a size that fits a stack', () => {
  assert.match(
    refusal(() => struct('box', { x: f64() })),
    /^struct box: the name must be an upper-case letter/,
  );
  assert.match(
    refusal(() => struct('Box', {})),
    /at least one field/,
  );
  assert.match(
    refusal(() => struct('Box', null as unknown as Fields)),
    /at least one field/,
  );
  assert.match(
    refusal(() => struct('Box', { a: text(60_000), b: text(6000) })),
    /takes 66002 bytes, and 65536 is the most/,
  );
  assert.equal(struct('Box', { a: text(65_535) }).layout.size, 65_536);
});

test('options that do not exist are refused', () => {
  assert.match(
    refusal(() => f64({ minimum: 1 } as object)),
    /^f64: there is no option "minimum"; there are/,
  );
  assert.match(
    refusal(() => text(3, { min: 1 } as object)),
    /no option "min"/,
  );
  assert.match(
    refusal(() => bool({ description: 1 } as object)),
    /description must be a string/,
  );
  assert.match(
    refusal(() => struct('Box', { x: f64() }, { descripton: '' } as object)),
    /^struct Box: there is no option/,
  );
  assert.match(
    refusal(() => field(struct('Box', { x: f64() }), { default: 1 } as object)),
    /no option "default"/,
  );
});

test('an enumeration needs values, each once and nameable in C', () => {
  assert.match(
    refusal(() => enumeration('kind', ['a'])),
    /^enumeration kind: the name/,
  );
  assert.match(
    refusal(() => enumeration('Kind', [])),
    /at least one value/,
  );
  assert.match(
    refusal(() => enumeration('Kind', ['a', 'b', 'a'])),
    /the value a is there twice/,
  );
  assert.match(
    refusal(() => enumeration('Kind', ['a b'])),
    /value "a b": the name must be/,
  );
});

test('what is made is frozen', () => {
  const Box = struct('Box', { x: f64() });
  for (const made of [Box, Box.fields, Box.fields.x, Box.layout, Box.layout.fields]) assert.ok(Object.isFrozen(made));
});
