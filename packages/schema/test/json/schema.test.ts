import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bool, enumeration, f32, f64, field, i8, i64, jsonSchemaOf, struct, text, u32, u64 } from '../../src/index.ts';

const Side = enumeration('Side', ['buy', 'sell'], { description: 'Which way' });
const Inner = struct('Inner', { x: f64() }, { description: 'Inside' });
const Order = struct(
  'Order',
  {
    live: bool({ default: false }),
    small: i8({ min: 0, description: 'Small' }),
    whole: u32(),
    big: i64({ min: -5n, default: 7n }),
    huge: u64(),
    beyond: u64({ min: 2n ** 60n }),
    ratio: f32({ max: 0.1 }),
    price: f64({ min: 0, default: 1.5 }),
    name: text(9),
    side: field(Side, { default: 'buy' }),
    inner: field(Inner, { description: 'Mine' }),
  },
  { description: 'An order' },
);

const decimals = (pattern: string) => ({ type: 'string', pattern });
const signed = decimals('^(0|-?[1-9][0-9]{0,18})$');
const unsigned = decimals('^(0|[1-9][0-9]{0,19})$');

test('the input form: every rule that JSON Schema can say', () => {
  assert.deepEqual(jsonSchemaOf(Order), {
    title: 'Order',
    description: 'An order',
    type: 'object',
    properties: {
      live: { type: 'boolean', default: false },
      small: { type: 'integer', minimum: 0, maximum: 127, description: 'Small' },
      whole: { type: 'integer', minimum: 0, maximum: 4_294_967_295 },
      big: { oneOf: [signed, { type: 'integer', minimum: -5, maximum: Number.MAX_SAFE_INTEGER }], default: '7' },
      huge: { oneOf: [unsigned, { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER }] },
      // No number that JSON readers keep exactly is in this range.
      beyond: unsigned,
      ratio: { type: 'number', minimum: -3.4028234663852886e38, maximum: Math.fround(0.1) },
      price: { type: 'number', minimum: 0, default: 1.5 },
      name: { type: 'string', maxLength: 9, pattern: '^[^\\u0000]*$' },
      side: { title: 'Side', type: 'string', enum: ['buy', 'sell'], description: 'Which way', default: 'buy' },
      inner: {
        title: 'Inner',
        description: 'Mine',
        type: 'object',
        properties: { x: { type: 'number' } },
        required: ['x'],
        additionalProperties: false,
      },
    },
    required: ['small', 'whole', 'huge', 'beyond', 'ratio', 'name', 'inner'],
    additionalProperties: false,
  });
});

test('the output form: all fields are there, 64-bit integers are strings', () => {
  const { properties, required } = jsonSchemaOf(Order, 'output');
  assert.deepEqual(required, Object.keys(Order.fields));
  assert.ok(typeof properties === 'object' && properties !== null);
  assert.deepEqual(Reflect.get(properties, 'big'), { ...signed, default: '7' });
  assert.deepEqual(Reflect.get(properties, 'huge'), unsigned);
});

test('it is plain JSON', () => {
  assert.deepEqual(JSON.parse(JSON.stringify(jsonSchemaOf(Order))), jsonSchemaOf(Order));
});
