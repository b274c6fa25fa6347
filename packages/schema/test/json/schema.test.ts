import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  array,
  bool,
  bytes,
  decimal,
  duration,
  enumeration,
  type Fields,
  f32,
  f64,
  field,
  flags,
  i8,
  i64,
  type JsonSchema,
  jsonSchemaOf,
  list,
  optional,
  struct,
  type Type,
  text,
  timestamp,
  u16,
  u32,
  u64,
  union,
} from '../../src/index.ts';

const Side = enumeration('Side', ['buy', 'sell'], { description: 'Which way' });
const Access = flags('Access', ['read', 'write'], { description: 'Who may' });
const Inner = struct('Inner', { x: f64() }, { description: 'Inside' });
const Tiny = struct('Tiny', { note: text({ default: '' }) });
const Shape = union('Shape', { inner: Inner, tiny: Tiny }, { description: 'Either' });

const innerObject = {
  type: 'object',
  properties: { x: { type: 'number' } },
  required: ['x'],
  additionalProperties: false,
};
const noNul = '^[^\\u0000]*$';
const decimals = (pattern: string) => ({ type: 'string', pattern });
const signed = decimals('^(0|-?[1-9][0-9]{0,18})$');
const unsigned = decimals('^(0|[1-9][0-9]{0,19})$');
const exact = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER };
const utc = decimals(
  '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?Z$',
);
const sextet = '[A-Za-z0-9+/]';
const base64 = { type: 'string', contentEncoding: 'base64' };

/** The schema of one field, and whether it is required. */
function fieldOf(type: Type, form: 'input' | 'output' = 'input'): readonly [unknown, boolean] {
  const { properties, required } = jsonSchemaOf(struct('Box', { x: type } as Fields), form);
  assert.ok(typeof properties === 'object' && properties !== null && Array.isArray(required));
  return [Reflect.get(properties, 'x'), required.includes('x')];
}

test('each type: every rule that JSON Schema can say, in the input form', () => {
  const table: [Type, JsonSchema, boolean][] = [
    [bool({ default: false }), { type: 'boolean', default: false }, false],
    [i8({ min: 0, description: 'Small' }), { type: 'integer', minimum: 0, maximum: 127, description: 'Small' }, true],
    [u32(), { type: 'integer', minimum: 0, maximum: 4_294_967_295 }, true],
    [u16({ endian: 'big', default: 0 }), { type: 'integer', minimum: 0, maximum: 65_535, default: 0 }, false],
    [
      i64({ min: -5n, default: 7n }),
      { oneOf: [signed, { ...exact, minimum: -5 }], default: '7', description: 'At least -5' },
      false,
    ],
    [u64(), { oneOf: [unsigned, exact] }, true],
    // No number that JSON readers keep exactly is in this range.
    [u64({ min: 2n ** 60n }), { ...unsigned, description: 'At least 1152921504606846976' }, true],
    [f32({ max: 0.1 }), { type: 'number', minimum: -3.4028234663852886e38, maximum: Math.fround(0.1) }, true],
    [f64({ min: 0, default: 1.5 }), { type: 'number', minimum: 0, default: 1.5 }, false],
    [text(9), { type: 'string', maxLength: 9, pattern: noNul }, true],
    [text({ default: 'x' }), { type: 'string', pattern: noNul, default: 'x' }, false],
    [text({ max: 80 }), { type: 'string', maxLength: 80, pattern: noNul }, true],
    [bytes(3), { ...base64, minLength: 4, maxLength: 4, pattern: `^(${sextet}{4})*$` }, true],
    [bytes(4), { ...base64, minLength: 8, maxLength: 8, pattern: `^(${sextet}{4})*${sextet}[AQgw]==$` }, true],
    [
      bytes(5),
      { ...base64, minLength: 8, maxLength: 8, pattern: `^(${sextet}{4})*${sextet}{2}[AEIMQUYcgkosw048]=$` },
      true,
    ],
    [
      bytes({ max: 7, default: 'empty' }),
      {
        ...base64,
        maxLength: 12,
        pattern: `^(${sextet}{4})*(${sextet}[AQgw]==|${sextet}{2}[AEIMQUYcgkosw048]=)?$`,
        default: '',
      },
      false,
    ],
    [
      field(Side, { default: 'buy' }),
      { title: 'Side', type: 'string', enum: ['buy', 'sell'], description: 'Which way', default: 'buy' },
      false,
    ],
    [
      enumeration('Grown', ['a', 'b'], { open: true }),
      {
        title: 'Grown',
        anyOf: [
          { type: 'string', enum: ['a', 'b'] },
          { type: 'integer', minimum: 2, maximum: 4_294_967_295 },
        ],
      },
      true,
    ],
    [
      field(Access, { default: ['write'], description: 'Mine' }),
      {
        title: 'Access',
        description: 'Mine',
        type: 'array',
        items: { type: 'string', enum: ['read', 'write'] },
        uniqueItems: true,
        default: ['write'],
      },
      false,
    ],
    [
      array(u16(), 3),
      { type: 'array', items: { type: 'integer', minimum: 0, maximum: 65_535 }, minItems: 3, maxItems: 3 },
      true,
    ],
    [list(Inner), { type: 'array', items: { title: 'Inner', description: 'Inside', ...innerObject } }, true],
    // The default of an element is not used.
    [
      list(f64({ default: 1, min: 0 }), { max: 5, default: 'empty', description: 'Prices' }),
      { type: 'array', description: 'Prices', items: { type: 'number', minimum: 0 }, maxItems: 5, default: [] },
      false,
    ],
    [optional(f64({ max: 1 })), { type: 'number', maximum: 1 }, false],
    [optional(Inner), { title: 'Inner', description: 'Inside', ...innerObject }, false],
    [field(Inner, { description: 'Mine' }), { title: 'Inner', description: 'Mine', ...innerObject }, true],
    [
      decimal(2, { default: '1.5', min: '0', unit: 'EUR' }),
      {
        ...decimals('^-?(0|[1-9][0-9]{0,16})(\\.[0-9]{1,2})?$'),
        'x-unit': 'EUR',
        description: 'Unit: EUR. At least 0.00.',
        default: '1.50',
      },
      false,
    ],
    [decimal(0), decimals('^-?(0|[1-9][0-9]{0,18})$'), true],
    [
      timestamp({ max: 1_700_000_000_500_000_000n, default: 0n, description: 'When' }),
      {
        ...decimals(utc.pattern.replace('T', '[Tt]').replace('Z', '([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])')),
        format: 'date-time',
        description: 'When. At most 2023-11-14T22:13:20.5Z.',
        default: '1970-01-01T00:00:00Z',
      },
      false,
    ],
    [
      duration({ min: 0n, max: 90_000_000_000n, default: 1n }),
      {
        ...decimals(
          '^-?P([0-9]{1,19}W|(?=.)([0-9]{1,19}D)?(T(?=.)([0-9]{1,19}H)?([0-9]{1,19}M)?([0-9]{1,19}(\\.[0-9]{1,9})?S)?)?)$',
        ),
        description: 'From PT0S to PT1M30S',
        default: 'PT0.000000001S',
      },
      false,
    ],
    [
      Shape,
      {
        title: 'Shape',
        description: 'Either',
        type: 'object',
        oneOf: [
          {
            title: 'Inner',
            description: 'Inside',
            type: 'object',
            properties: { kind: { type: 'string', const: 'inner' }, x: { type: 'number' } },
            required: ['kind', 'x'],
            additionalProperties: false,
          },
          {
            title: 'Tiny',
            type: 'object',
            properties: {
              kind: { type: 'string', const: 'tiny' },
              note: { type: 'string', pattern: noNul, default: '' },
            },
            required: ['kind'],
            additionalProperties: false,
          },
        ],
      },
      true,
    ],
  ];
  for (const [type, schema, required] of table) assert.deepEqual(fieldOf(type), [schema, required]);
});

test('the output form: all fields are there that are not optional, and strings are as decoding writes them', () => {
  const table: [Type, JsonSchema, boolean][] = [
    [i64({ default: 7n }), { ...signed, default: '7' }, true],
    [u64(), unsigned, true],
    [bool({ default: true }), { type: 'boolean', default: true }, true],
    [optional(bool()), { type: 'boolean' }, false],
    [decimal(2), decimals('^-?(0|[1-9][0-9]{0,16})\\.[0-9]{2}$'), true],
    [decimal(18), decimals('^-?(0|[1-9][0-9]{0,0})\\.[0-9]{18}$'), true],
    [timestamp(), { ...utc, format: 'date-time' }, true],
    [duration(), decimals('^-?PT(?=.)([0-9]{1,19}H)?([0-9]{1,19}M)?([0-9]{1,19}(\\.[0-9]{1,9})?S)?$'), true],
  ];
  for (const [type, schema, required] of table) assert.deepEqual(fieldOf(type, 'output'), [schema, required]);
  const { oneOf } = fieldOf(Shape, 'output')[0] as { oneOf: { required: string[] }[] };
  assert.deepEqual(oneOf[1]?.required, ['kind', 'note']);
});

test('a whole struct, and bytes() itself', () => {
  assert.deepEqual(
    jsonSchemaOf(struct('Order', { a: f64({ unit: 'USD', description: 'What it costs.' }), b: optional(f64()) })),
    {
      title: 'Order',
      type: 'object',
      properties: {
        a: { type: 'number', description: 'What it costs. Unit: USD.', 'x-unit': 'USD' },
        b: { type: 'number' },
      },
      required: ['a'],
      additionalProperties: false,
    },
  );
  const { contentEncoding, maxLength } = jsonSchemaOf(bytes({ max: 3 }));
  assert.deepEqual([contentEncoding, maxLength], ['base64', 4]);
});
