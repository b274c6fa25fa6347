/** Random schemas, and random values for a given one. */
import fc from 'fast-check';
import {
  bool,
  enumeration,
  f32,
  f64,
  field,
  i8,
  i16,
  i32,
  i64,
  type Struct,
  struct,
  type Type,
  text,
  u8,
  u16,
  u32,
  u64,
} from '../../src/index.ts';
import { acceptedRange } from '../../src/language/types.ts';

const fieldNames = fc.stringMatching(/^[a-z][a-zA-Z0-9]{0,8}$/).filter((name) => !(name in {}) && name !== 'then');

/** Two ends of a range, now and then narrower than the type's own. */
function ranges(kind: 'i8' | 'i16' | 'i32' | 'u8' | 'u16' | 'u32', min: number, max: number): fc.Arbitrary<Type> {
  const make = { i8, i16, i32, u8, u16, u32 }[kind];
  return fc.option(fc.tuple(fc.integer({ min, max }), fc.integer({ min, max })), { freq: 2 }).map((pair) => {
    return pair === null ? make() : make({ min: Math.min(...pair), max: Math.max(...pair), default: pair[0] });
  });
}

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const finiteF32 = fc.float({ noNaN: true, noDefaultInfinity: true });

const scalars: fc.Arbitrary<Type> = fc.oneof(
  fc.option(fc.boolean()).map((value) => (value === null ? bool() : bool({ default: value }))),
  ranges('i8', -128, 127),
  ranges('i16', -32_768, 32_767),
  ranges('i32', -2_147_483_648, 2_147_483_647),
  ranges('u8', 0, 255),
  ranges('u16', 0, 65_535),
  ranges('u32', 0, 4_294_967_295),
  fc.option(fc.tuple(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n))).map((pair) => {
    if (pair === null) return i64();
    const [a, b] = pair;
    return i64({ min: a < b ? a : b, max: a < b ? b : a, default: a });
  }),
  fc.option(fc.bigInt(0n, 2n ** 64n - 1n)).map((max) => (max === null ? u64() : u64({ max }))),
  fc.option(finite).map((min) => (min === null ? f64() : f64({ min, default: Math.max(min, 0) }))),
  // Bounds that are no 32-bit floats themselves are the interesting ones.
  fc.option(fc.double({ min: -1e6, max: 1e6, noNaN: true })).map((max) => (max === null ? f32() : f32({ max }))),
  fc.integer({ min: 1, max: 70 }).map((capacity) => text(capacity)),
  fc.integer({ min: 4, max: 9 }).map((capacity) => text(capacity, { default: 'né' })),
);

const enumerations: fc.Arbitrary<Type> = fc
  .tuple(fc.integer({ min: 1, max: 20 }), fc.boolean())
  .map(([count, defaulted]) => {
    const values = Array.from({ length: count }, (_, index) => `v${index}`);
    const type = enumeration(`Choice${count}`, values);
    return defaulted ? field(type, { default: 'v0' }) : type;
  });

/** A struct, with structs in it up to `depth` levels. Names of structs are made unique by their place. */
export function structs(depth = 2, name = 'S'): fc.Arbitrary<Struct> {
  const types =
    depth === 0 ? [scalars, enumerations] : [scalars, scalars, enumerations, structs(depth - 1, `${name}N`)];
  return fc
    .uniqueArray(fc.tuple(fieldNames, fc.oneof(...types)), {
      minLength: 1,
      maxLength: 7,
      // In C, names differ only once they are in snake_case.
      selector: ([key]) => key.toLowerCase(),
    })
    .map((entries) => {
      // Siblings are different structs, and so need different names.
      const fields = entries.map(([key, type], index) => [key, type.kind === 'struct' ? rename(type, index) : type]);
      return struct(name, Object.fromEntries(fields));
    });
}

function rename(type: Struct, index: number): Struct {
  const fields = Object.entries(type.fields).map(([key, inner]) => {
    return [key, inner.kind === 'struct' ? rename(inner, index) : inner];
  });
  return struct(`${type.name}${index}`, Object.fromEntries(fields));
}

/** A value as decoding gives it: f32 fields already rounded, all fields there. */
export function valuesOf(type: Type): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case 'bool':
      return fc.boolean();
    case 'i64':
    case 'u64':
      return fc.bigInt({ min: type.min, max: type.max });
    case 'f32': {
      const { min, max } = acceptedRange(type);
      return finiteF32.map((value) => Math.fround(Math.min(Math.max(value, min), max)));
    }
    case 'f64':
      return fc.double({ min: type.min, max: type.max, noNaN: true });
    case 'text':
      return texts(type.capacity);
    case 'enum':
      return fc.constantFrom(...type.values);
    case 'struct':
      return fc.record(Object.fromEntries(type.layout.fields.map((member) => [member.name, valuesOf(member.type)])));
    default:
      return fc.integer({ min: type.min, max: type.max });
  }
}

/** Well-formed text without NUL that fits into `capacity` bytes, of all lengths up to it. */
function texts(capacity: number): fc.Arbitrary<string> {
  const units = fc.oneof(fc.string({ unit: 'grapheme-ascii' }), fc.string({ unit: 'binary', maxLength: capacity }));
  return units.map((value) => {
    let result = '';
    for (const character of value.replaceAll('\0', '').toWellFormed()) {
      if (Buffer.byteLength(result + character) > capacity) break;
      result += character;
    }
    return result;
  });
}

/** A struct and a value of it. */
export const structsWithValue = structs().chain((type) => fc.tuple(fc.constant(type), valuesOf(type)));
