/** The codec checks values, and the JSON Schema is published: whoever checks with it beforehand must not be surprised. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { codecOf, IsthmusError, jsonSchemaOf, type Struct, type ValueType } from '../../src/index.ts';
import { compile, pointersOf } from '../support/ajv.ts';
import { anyStruct, valuesOf } from '../support/arbitrary.ts';
import { jsonOf } from '../support/forms.ts';
import { mangled } from '../support/mangle.ts';
import { memoryOf } from '../support/memory.ts';

const memory = memoryOf(65_536);

/** The pointers of what the codec refuses. */
function refusedBy(type: Struct, value: unknown): string[] {
  try {
    codecOf(type).encodeJson(value, memory, 0);
    return [];
  } catch (error) {
    assert.ok(error instanceof IsthmusError && error.code === 'INVALID_INPUT', String(error));
    assert.ok(error.fields.length > 0);
    return error.fields.map((field) => field.pointer);
  }
}

/** The type of the value that a pointer points to; `undefined` for a field that nobody knows. */
function typeAt(type: ValueType, keys: readonly string[], value: unknown): ValueType | undefined {
  const [key, ...rest] = keys;
  if (key === undefined) return type;
  const inside: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  switch (type.kind) {
    case 'array':
    case 'list':
      return typeAt(type.element, rest, inside);
    case 'union': {
      const kind: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'kind') : undefined;
      const variant = typeof kind === 'string' ? type.variants[kind] : undefined;
      return variant === undefined || key === 'kind' ? undefined : typeAt(variant, keys, value);
    }
    case 'struct': {
      const field = type.layout.fields.find(({ name }) => name === key);
      return field === undefined ? undefined : typeAt(field.type, rest, inside);
    }
    default:
      // What is in a set of flags is not a place of its own.
      return type;
  }
}

/** Types of which the codec knows more than JSON Schema can say: see `jsonSchemaOf`. */
const knowsMore: ReadonlySet<unknown> = new Set<ValueType['kind']>([
  'i64',
  'u64',
  'decimal',
  'timestamp',
  'duration',
  'text',
  'textTail',
  'bytesTail',
]);

/** Each place once, a bad name among flags being the flags', and nothing that lies inside of what is bad itself. */
function places(type: Struct, value: unknown, pointers: readonly string[]): Map<string, ValueType | undefined> {
  const found = new Map<string, ValueType | undefined>();
  for (const pointer of pointers) {
    const keys = pointer
      .split('/')
      .slice(1)
      .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
    const parent = typeAt(type, keys.slice(0, -1), value);
    const isInFlags = keys.length > 0 && parent?.kind === 'flags';
    found.set(
      isInFlags ? pointer.slice(0, pointer.lastIndexOf('/')) : pointer,
      isInFlags ? parent : typeAt(type, keys, value),
    );
  }
  return found;
}

const without = (pointers: Iterable<string>, around: ReadonlyMap<string, unknown>) => {
  return [...pointers].filter((pointer) => {
    const parts = pointer.split('/');
    return !parts.some((_, count) => count > 0 && around.has(parts.slice(0, count).join('/')));
  });
};

test('the JSON Schema refuses nothing that the codec takes, and the codec nothing more but what it alone can know', () => {
  let refused = 0;
  let accepted = 0;
  fc.assert(
    fc.property(
      anyStruct().chain((type) => {
        const values = valuesOf(type).chain((value) => mangled(jsonOf(type, value)));
        return fc.tuple(fc.constant(type), fc.array(values, { minLength: 5, maxLength: 25 }));
      }),
      ([type, values]) => {
        const validate = compile(jsonSchemaOf(type));
        for (const value of values) {
          const isAccepted = validate(value);
          const bySchema = places(type, value, isAccepted ? [] : pointersOf(validate.errors));
          const byCodec = places(type, value, refusedBy(type, value));
          if (byCodec.size === 0) accepted++;
          else refused++;
          // What is bad as a whole need not have its parts looked at.
          for (const pointer of without(bySchema.keys(), byCodec)) {
            assert.ok(byCodec.has(pointer), `only the JSON Schema refuses ${pointer} of ${JSON.stringify(value)}`);
          }
          for (const pointer of without(byCodec.keys(), bySchema)) {
            if (bySchema.has(pointer) || knowsMore.has(byCodec.get(pointer)?.kind)) continue;
            assert.fail(`only the codec refuses ${pointer} of ${JSON.stringify(value)}`);
          }
        }
      },
    ),
    { numRuns: 60 },
  );
  assert.ok(refused > 100 && accepted > 100, `${refused} refused, ${accepted} accepted`);
});

test('what decoding gives fits the JSON Schema of the output form', () => {
  fc.assert(
    fc.property(
      anyStruct().chain((type) =>
        fc.tuple(fc.constant(type), fc.array(valuesOf(type), { minLength: 1, maxLength: 5 })),
      ),
      ([type, values]) => {
        const validate = compile(jsonSchemaOf(type, 'output'));
        const codec = codecOf(type);
        for (const value of values) {
          const length = codec.encode(value as never, memory, 0);
          const decoded = codec.decodeJson(memory, 0, length);
          assert.ok(validate(decoded), JSON.stringify([decoded, validate.errors]));
        }
      },
    ),
    { numRuns: 40 },
  );
});
