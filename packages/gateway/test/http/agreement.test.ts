/**
 * The gateway checks bodies with the codec alone and publishes JSON Schema. This holds the two together: what callers may
 * check beforehand with any validator is what they are answered.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Codec, IsthmusError, jsonSchemaOf } from '@isthmus/schema';
import fc from 'fast-check';
import { compile, pointersOf } from '../support/ajv.ts';
import { memoryOf } from '../support/fake-client.ts';
import { Everything, pricing, QuoteReply, QuoteRequest } from '../support/schema.ts';

/** The pointers that the codec refuses. */
function refusedBy(codec: Codec<unknown>, value: unknown): string[] {
  try {
    codec.encodeJson(value, memoryOf(new Uint8Array(codec.size)), 0);
    return [];
  } catch (error) {
    assert.ok(error instanceof IsthmusError && error.code === 'INVALID_INPUT', String(error));
    return [...new Set(error.fields.map((field) => field.pointer))].sort();
  }
}

const numbers = fc.oneof(
  fc.integer({ min: -300, max: 1100 }),
  fc.double({ noNaN: true }).filter(Number.isFinite),
  fc.constantFrom(-0, 2 ** 53, 2 ** 53 - 1, -(2 ** 53), 2 ** 63, 2 ** 64, 3.5e38, -3.5e38, Number.MAX_VALUE),
);
const texts = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.bigInt({ min: -(2n ** 66n), max: 2n ** 66n }).map(String),
  fc.constantFrom('', '0', '-0', '00', '+1', ' 1', '1 ', '1.0', '1e3', '\0', '\ud800', 'call', 'put', 'ééééé'),
);
const anything = fc.oneof(numbers, texts, fc.boolean(), fc.constant(null), fc.constant([]), fc.constant({}));

/** An object of these fields in any state: right, wrong, missing, and with fields that nobody knows. */
function mangled(fields: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<unknown> {
  const names = Object.keys(fields);
  const mixed = Object.fromEntries(
    names.map((name) => [
      name,
      fc.oneof({ weight: 4, arbitrary: fields[name] ?? anything }, { weight: 1, arbitrary: anything }),
    ]),
  );
  const known = fc.oneof(
    { weight: 3, arbitrary: fc.record(mixed) },
    { weight: 1, arbitrary: fc.record(mixed, { requiredKeys: [] }) },
  );
  const surplus = fc.dictionary(fc.constantFrom('x', 'a/b', 'c~d', '', 'toString'), anything, { maxKeys: 2 });
  const unknown = fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: surplus });
  return fc.oneof(
    { weight: 9, arbitrary: fc.tuple(known, unknown).map(([a, b]) => ({ ...a, ...b })) },
    { weight: 1, arbitrary: anything },
  );
}

const quotes = mangled({
  spot: fc.double({ min: 0, max: 1e6, noNaN: true }),
  volatility: fc.double({ min: -1, max: 1, noNaN: true }),
  kind: fc.constantFrom('call', 'put'),
  dividendYield: numbers,
});
const everythings = mangled({
  flag: fc.boolean(),
  count: fc.integer({ min: -10, max: 1000 }),
  big: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
  shift: fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String), fc.maxSafeInteger()),
  name: fc.string({ maxLength: 8 }),
  inner: mangled({
    level: fc.integer({ min: 0, max: 255 }),
    ratio: fc.float({ noNaN: true, noDefaultInfinity: true }),
  }),
});

/** As it arrives: through JSON, which drops -0 and whatever is undefined. */
const arrived = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test('codec and JSON Schema refuse the same fields', () => {
  const validate = compile(jsonSchemaOf(QuoteRequest));
  fc.assert(
    fc.property(quotes.map(arrived), (value) => {
      const accepted = validate(value);
      assert.deepEqual(refusedBy(pricing.calls.quote.inputCodec, value), accepted ? [] : pointersOf(validate.errors));
    }),
    { numRuns: 3000 },
  );
});

test('the codec also refuses what JSON Schema cannot say, and nothing else', () => {
  const validate = compile(jsonSchemaOf(Everything));
  const beyondJsonSchema = new Set(['/name', '/big', '/shift']);
  fc.assert(
    fc.property(everythings.map(arrived), (value) => {
      const accepted = validate(value);
      const bySchema = accepted ? [] : pointersOf(validate.errors);
      const byCodec = refusedBy(pricing.calls.echo.inputCodec, value);
      const more = byCodec.filter((pointer) => !bySchema.includes(pointer));
      assert.deepEqual(
        bySchema,
        byCodec.filter((pointer) => bySchema.includes(pointer)),
      );
      for (const pointer of more) assert.ok(beyondJsonSchema.has(pointer), pointer);
    }),
    { numRuns: 3000 },
  );
});

test('replies fit the JSON Schema published for them', () => {
  const validate = compile(jsonSchemaOf(Everything, 'output'));
  const { inputCodec, outputCodec } = pricing.calls.echo;
  fc.assert(
    fc.property(everythings.map(arrived), (value) => {
      fc.pre(refusedBy(inputCodec, value).length === 0);
      const memory = memoryOf(new Uint8Array(inputCodec.size));
      inputCodec.encodeJson(value, memory, 0);
      assert.ok(validate(outputCodec.decodeJson(memory, 0, memory.bytes.length)), JSON.stringify(validate.errors));
    }),
  );
  assert.ok(compile(jsonSchemaOf(QuoteReply, 'output'))({ price: 1 }));
});
