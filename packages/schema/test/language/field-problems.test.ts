/** Every way in which a field can be wrong, with the words that name the place and the reason. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  array,
  bool,
  bytes,
  call,
  decimal,
  duration,
  enumeration,
  f32,
  f64,
  field,
  flags,
  i8,
  i16,
  i64,
  list,
  optional,
  struct,
  text,
  timestamp,
  u8,
  u16,
  u64,
  type ValueType,
} from '../../src/index.ts';
import { fieldProblems, js, structProblems } from '../support/problems.ts';

const Kind = enumeration('Kind', ['call', 'put']);
const Access = flags('Access', ['read', 'write']);
const Inner = struct('Inner', { v: f64() });
const notAType = 'this is not a type; types are made by calls such as f64()';
const isUndefined = 'this is undefined and not a type; a type is declared before it is used, and cannot contain itself';

test('a field: the reason, behind the struct and the field', () => {
  const table: [ValueType | unknown, ...string[]][] = [
    // Ranges.
    [f64({ min: 2, max: 1 }), 'min 2 is greater than max 1'],
    [f64({ min: Number.NaN }), 'min must be a finite number'],
    [f64({ max: Number.POSITIVE_INFINITY }), 'max must be a finite number'],
    [f32({ max: 1e39 }), 'max 1e+39 is outside of what f32 can hold'],
    [i8({ min: -129 }), 'min -129 is outside of what i8 can hold'],
    [i8({ max: 1.5 }), 'max must be a whole number'],
    [
      i16({ min: -40_000, max: 40_000 }),
      'min -40000 is outside of what i16 can hold',
      'max 40000 is outside of what i16 can hold',
    ],
    [i64({ min: js(1) }), 'min must be a bigint'],
    [u64({ max: 2n ** 64n }), 'max 18446744073709551616 is outside of what u64 can hold'],
    [timestamp({ max: 2n ** 63n }), 'max 9223372036854775808 is outside of what timestamp can hold'],
    [duration({ min: js('PT1S') }), 'min must be a bigint'],
    [f64({ min: js(null) }), 'min must be a finite number'],
    // Defaults.
    [u16({ default: -1 }), 'default -1 is outside of what u16 can hold'],
    [u16({ default: 1, min: 2 }), 'the default 1 is outside of min and max'],
    [f64({ default: 2, max: 1 }), 'the default 2 is outside of min and max'],
    [u64({ default: js(1) }), 'default must be a bigint'],
    [timestamp({ default: 1n, min: 2n }), 'the default 1 is outside of min and max'],
    [bool({ default: js(1) }), 'the default must be true or false'],
    [text(2, { default: 'éé' }), 'the default takes 4 bytes of 2'],
    [text({ max: 2, default: 'éé' }), 'the default takes 4 bytes of 2'],
    [text(2, { default: '\0' }), 'the default must be well-formed text without NUL characters'],
    [text(9, { default: '\ud800' }), 'the default must be well-formed text without NUL characters'],
    [text({ default: js(1) }), 'the default must be well-formed text without NUL characters'],
    [bytes({ default: js(new Uint8Array(1)) }), 'the default must be "empty"'],
    [list(f64(), { default: js([]) }), 'the default must be "empty"'],
    [field(Kind, { default: js('swap') }), 'the default "swap" is not one of call, put'],
    [field(Kind, { default: js(0) }), 'the default 0 is not one of call, put'],
    [field(Access, { default: js(['read', 'execute']) }), 'the default "execute" is not one of read, write'],
    [field(Access, { default: ['read', 'read'] }), 'the default has "read" twice'],
    [field(Access, { default: js('read') }), 'the default must be an array of names'],
    [optional(f64({ default: 1 })), 'an optional field has no default: left out, it is not there'],
    [optional(field(Kind, { default: 'call' })), 'an optional field has no default: left out, it is not there'],
    // Decimals.
    [decimal(19), 'the scale must be a whole number from 0 to 18'],
    [decimal(1.5), 'the scale must be a whole number from 0 to 18'],
    [decimal(js('2')), 'the scale must be a whole number from 0 to 18'],
    [
      decimal(2, { min: '1.234' }),
      'min must be a decimal number in a string, of 64 bits with 2 digits after the point',
    ],
    [decimal(2, { max: js(1) }), 'max must be a decimal number in a string, of 64 bits with 2 digits after the point'],
    [decimal(18, { max: '10' }), 'max must be a decimal number in a string, of 64 bits with 18 digits after the point'],
    [decimal(2, { min: '2', max: '1' }), 'min 2.00 is greater than max 1.00'],
    [decimal(2, { default: '5', max: '1.5' }), 'the default 5.00 is outside of min and max'],
    // Lengths.
    [text(0), 'the capacity must be a whole number from 1 to 65535'],
    [text(1.5), 'the capacity must be a whole number from 1 to 65535'],
    [text(65_536), 'the capacity must be a whole number from 1 to 65535'],
    [text(js('5')), 'the capacity must be a whole number from 1 to 65535'],
    [text(js(5n), { default: 'longer' }), 'the capacity must be a whole number from 1 to 65535'],
    [text({ max: 0 }), 'max must be a whole number from 1 to 536870848'],
    [bytes(0), 'the length must be a whole number from 1 to 65536'],
    [bytes(65_537), 'the length must be a whole number from 1 to 65536'],
    [bytes({ max: 2 ** 29 }), 'max must be a whole number from 1 to 536870848'],
    [list(f64(), { max: -1 }), 'max must be a whole number from 1 to 536870848'],
    [list(f64(), { max: js(null) }), 'max must be a whole number from 1 to 536870848'],
    [array(f64(), 0), 'the length must be a whole number from 1 to 65536'],
    [array(f64(), js(5n)), 'the length must be a whole number from 1 to 65536'],
    [array(f64(), 8193), 'it takes 65544 bytes, and 65536 is the most'],
    [array(array(u8(), 257), 256), 'it takes 65792 bytes, and 65536 is the most'],
    // Alignment.
    [
      list(struct('Page', { x: u8() }, { align: 128 })),
      'its elements are aligned to 128 bytes, and 64 is the most in a message',
    ],
    // Options.
    [f64(js({ minimum: 1 })), 'there is no option "minimum"; there are description, default, min, max, unit, endian'],
    [u8(js({ endian: 'big' })), 'there is no option "endian"; there are description, default, min, max, unit'],
    [u16(js({ endian: 'middle' })), 'endian must be "little" or "big"'],
    [f64({ unit: js(1) }), 'the unit must be a string'],
    [timestamp(js({ unit: 's' })), 'there is no option "unit"; there are description, default, min, max, endian'],
    [bool({ description: js(1) }), 'the description must be a string'],
    [text(3, js({ min: 1 })), 'there is no option "min"; there are description, default'],
    [bytes(3, js({ default: 'empty' })), 'there is no option "default"; there are description'],
    [array(f64(), 2, js({ max: 1 })), 'there is no option "max"; there are description'],
    [field(Inner, js({ default: 1 })), 'there is no option "default"; there are description'],
    [f64(js(null)), 'the options must be an object'],
    [bool(js(null)), 'the options must be an object'],
    [decimal(2, js(null)), 'the options must be an object'],
    [text(js(null)), 'the options must be an object'],
    [text(5, js(null)), 'the options must be an object'],
    [bytes(js(null)), 'the options must be an object'],
    [bytes(js('5')), 'the options must be an object'],
    [bytes(5, js(null)), 'the options must be an object'],
    [list(f64(), js(null)), 'the options must be an object'],
    [array(f64(), 2, js(null)), 'the options must be an object'],
    [field(Kind, js(undefined)), 'the options must be an object'],
    // Something else than a type.
    [f64, notAType],
    [null, notAType],
    ['f64', notAType],
    [{ kind: 'f64' }, notAType],
    [call(), notAType],
    [undefined, isUndefined],
    [optional(js(undefined)), isUndefined],
    [optional(js(optional(f64()))), 'optional() is for the fields of structs alone'],
    [list(js(optional(f64()))), 'its elements: optional() is for the fields of structs alone'],
    [list(js(f64)), `its elements: ${notAType}`],
    [array(js(undefined), 2), `its elements: ${isUndefined}`],
    [field(js(undefined), {}), isUndefined],
    [
      field(js(f64()), { description: 'x' }),
      'field() is for enumerations, flags, structs and unions; other types take these options themselves',
    ],
  ];
  for (const [type, ...reasons] of table) assert.deepEqual(fieldProblems(type), reasons);
});

test('the elements of arrays and lists: their problems have the place of the field', () => {
  const place = 'struct Box, field x, its elements';
  const problems = (type: ValueType) => structProblems(struct('Box', { x: type }));
  assert.deepEqual(problems(list(f64({ min: 2, max: 1 }))), [`${place}: min 2 is greater than max 1`]);
  assert.deepEqual(problems(array(list(text(0)), 2)), [
    `${place}, its elements: the capacity must be a whole number from 1 to 65535`,
  ]);
  assert.deepEqual(problems(list(field(Kind, { default: js('swap') }))), [
    `${place}: the default "swap" is not one of call, put`,
  ]);
});
