/**
 * Random schemas of all kinds of types, and random values for a given one.
 *
 * `anyStruct()` gives structs; `valuesOf(type)` the values of a type as decoding gives them; `jsonOf(type, value)`, in
 * `forms.ts`, the same in JSON form.
 */
import fc from 'fast-check';
import {
  array,
  bool,
  bytes,
  type DecimalType,
  decimal,
  decimalText,
  duration,
  enumeration,
  type Flags,
  f32,
  f64,
  field,
  flags,
  i8,
  i16,
  i32,
  i64,
  list,
  optional,
  type Struct,
  struct,
  type Type,
  text,
  timestamp,
  u8,
  u16,
  u32,
  u64,
  union,
  type ValueType,
} from '../../src/index.ts';
import { snakeCase } from '../../src/language/c-words.ts';
import { fieldNameProblems } from '../../src/language/names.ts';
import { acceptedRange, limits } from '../../src/language/types.ts';

export interface SchemaShape {
  /** How many structs, unions, arrays and lists may be inside of each other, the struct itself not counted. Default: 2. */
  readonly depth?: number;
  /** Whether there may be text, bytes and lists behind the fixed part. Default: true. */
  readonly tails?: boolean;
  /** The most fields of each struct. Default: 6. */
  readonly fields?: number;
}

/**
 * Makes a type whose named types have names from `names`. An arbitrary of makers, and not of types, because no two types of
 * a schema may share a name, and arbitraries do not know of each other.
 */
type Maker<T> = (names: Names) => T;

class Names {
  #count = 0;

  next(prefix: string): string {
    return `${prefix}${this.#count++}`;
  }
}

/** A struct that a service would accept as an input or output. Small: its values take some hundred bytes, as a rule. */
export function anyStruct(shape: SchemaShape = {}): fc.Arbitrary<Struct> {
  const { depth = 2, tails = true, fields = 6 } = shape;
  return structMakers({ depth, tails, fields }, 'Root', () => true)
    .map((make) => make(new Names()))
    .filter(({ problems, layout }) => problems.length === 0 && layout.align <= 64);
}

/** A struct and a value of it, as decoding gives it. */
export function anyStructWithValue(shape: SchemaShape = {}): fc.Arbitrary<readonly [Struct, unknown]> {
  return anyStruct(shape).chain((type) => fc.tuple(fc.constant(type), valuesOf(type)));
}

const fieldNames = fc
  .oneof(fc.stringMatching(/^[a-z][a-zA-Z0-9]{0,8}$/), fc.constantFrom('kind', 'offset', 'value', 'x', 'toString1'))
  .filter((name) => fieldNameProblems(name).length === 0);

function structMakers(
  shape: Required<SchemaShape>,
  prefix: string,
  takes: (name: string) => boolean,
): fc.Arbitrary<Maker<Struct>> {
  const inner = makers({ ...shape, depth: shape.depth - 1 });
  const members = fc.uniqueArray(fc.tuple(fieldNames.filter(takes), inner, fc.boolean()), {
    minLength: 1,
    maxLength: shape.fields,
    // In C, names differ only once they are in snake_case.
    selector: ([name]) => snakeCase(name),
  });
  const options = fc.record({
    packed: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    align: fc.oneof(
      { weight: 6, arbitrary: fc.constant(1) },
      { weight: 1, arbitrary: fc.constantFrom(2, 4, 8, 16, 64) },
    ),
  });
  return fc.tuple(members, options, fc.boolean()).map(([given, chosen, again]) => (names) => {
    const fields: Record<string, Type> = {};
    let last: ValueType | undefined;
    for (const [name, make, isOptional] of given) {
      last = make(names);
      fields[name] = isOptional && last.default === undefined ? optional(last) : last;
    }
    // One type in two places.
    if (again && last !== undefined) fields.onceMore = last;
    return struct(names.next(prefix), fields, chosen);
  });
}

function makers(shape: Required<SchemaShape>): fc.Arbitrary<Maker<ValueType>> {
  const leaves = fc.oneof(
    { weight: 4, arbitrary: plain(scalars) },
    { weight: 2, arbitrary: plain(texts) },
    { weight: 1, arbitrary: enumerations },
    { weight: 1, arbitrary: flagSets },
    { weight: shape.tails ? 2 : 0, arbitrary: plain(tails) },
  );
  if (shape.depth < 0) return leaves;
  const inner = makers({ ...shape, depth: shape.depth - 1 });
  const deep: fc.Arbitrary<Maker<ValueType>>[] = [
    structMakers(shape, 'Struct', () => true),
    unions(shape),
    fc.tuple(inner, fc.integer({ min: 1, max: 4 })).map(
      ([make, n]) =>
        (names) =>
          array(make(names), n),
    ),
  ];
  if (shape.tails) {
    const options = fc.record(
      { max: fc.integer({ min: 1, max: 5 }), default: fc.constant('empty' as const) },
      { requiredKeys: [] },
    );
    deep.push(
      fc.tuple(inner, options).map(
        ([make, given]) =>
          (names) =>
            list(make(names), given),
      ),
    );
  }
  return fc.oneof({ weight: deep.length, arbitrary: leaves }, { weight: deep.length, arbitrary: fc.oneof(...deep) });
}

function plain(types: fc.Arbitrary<ValueType>): fc.Arbitrary<Maker<ValueType>> {
  return types.map((type) => () => type);
}

function unions(shape: Required<SchemaShape>): fc.Arbitrary<Maker<ValueType>> {
  const variants = fc.uniqueArray(
    fc.tuple(
      fieldNames,
      structMakers({ ...shape, fields: 3 }, 'Variant', (name) => name !== 'kind'),
    ),
    { minLength: 1, maxLength: 3, selector: ([name]) => snakeCase(name) },
  );
  return variants.map((given) => (names) => {
    return union(names.next('Union'), Object.fromEntries(given.map(([name, make]) => [name, make(names)])));
  });
}

const endians = fc.constantFrom('little' as const, 'big' as const);

/** Now and then narrower bounds than the type's own, and a default within them. */
function ranges<Value extends number | bigint>(
  values: fc.Arbitrary<Value>,
): fc.Arbitrary<{ readonly min?: Value; readonly max?: Value; readonly default?: Value }> {
  return fc.tuple(values, values, fc.constantFrom('none', 'least', 'most', 'both')).map(([a, b, kind]) => {
    const range: { min?: Value; max?: Value; default?: Value } = {};
    const min = a < b ? a : b;
    const max = a < b ? b : a;
    if (kind === 'least' || kind === 'both') range.min = min;
    if (kind === 'most' || kind === 'both') range.max = max;
    if (kind !== 'none') range.default = kind === 'least' ? max : min;
    return range;
  });
}

function integers<T extends ValueType>(
  kind: 'i8' | 'i16' | 'i32' | 'u8' | 'u16' | 'u32',
  make: (range: object, endian: 'little' | 'big') => T,
): fc.Arbitrary<T> {
  return fc.tuple(ranges(fc.integer(limits[kind])), endians).map(([range, endian]) => make(range, endian));
}

const int64s = fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n);
const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
/** Not -0: fast-check has no range from 0 to it. */
const bounds = (numbers: fc.Arbitrary<number>): fc.Arbitrary<number> => numbers.map((bound) => bound + 0);

const scalars: fc.Arbitrary<ValueType> = fc.oneof(
  fc.option(fc.boolean()).map((value) => (value === null ? bool() : bool({ default: value }))),
  integers('i8', (range) => i8(range)),
  integers('i16', (range, endian) => i16({ ...range, endian })),
  integers('i32', (range, endian) => i32({ ...range, endian })),
  integers('u8', (range) => u8(range)),
  integers('u16', (range, endian) => u16({ ...range, endian })),
  integers('u32', (range, endian) => u32({ ...range, endian })),
  fc.tuple(ranges(int64s), endians).map(([range, endian]) => i64({ ...range, endian })),
  fc.tuple(ranges(fc.bigInt(0n, 2n ** 64n - 1n)), endians).map(([range, endian]) => u64({ ...range, endian })),
  // Bounds that are no 32-bit floats themselves are the interesting ones.
  fc.tuple(ranges(bounds(fc.double({ min: -1e6, max: 1e6, noNaN: true }))), endians).map(([range, endian]) => {
    return f32({ ...range, endian });
  }),
  fc.tuple(ranges(bounds(finite)), endians).map(([range, endian]) => f64({ ...range, endian })),
  fc.tuple(ranges(int64s), endians).map(([range, endian]) => timestamp({ ...range, endian })),
  fc.tuple(ranges(int64s), endians).map(([range, endian]) => duration({ ...range, endian })),
  fc.tuple(fc.integer({ min: 0, max: 18 }), ranges(int64s), endians).map(([scale, range, endian]) => {
    const given = Object.entries(range).map(([key, units]) => [key, decimalText(units, scale)]);
    return decimal(scale, { ...Object.fromEntries(given), endian });
  }),
);

const texts: fc.Arbitrary<ValueType> = fc.oneof(
  fc.integer({ min: 1, max: 70 }).map((capacity) => text(capacity)),
  fc.integer({ min: 4, max: 9 }).map((capacity) => text(capacity, { default: 'né' })),
  fc.integer({ min: 1, max: 40 }).map((length) => bytes(length)),
);

const tails: fc.Arbitrary<ValueType> = fc.oneof(
  fc.constant(text()),
  fc.integer({ min: 3, max: 40 }).map((max) => text({ max, default: 'né' })),
  fc.constant(bytes()),
  fc.integer({ min: 1, max: 40 }).map((max) => bytes({ max, default: 'empty' })),
);

const enumerations: fc.Arbitrary<Maker<ValueType>> = fc
  .tuple(fc.integer({ min: 1, max: 20 }), fc.boolean(), fc.boolean())
  .map(([count, open, defaulted]) => (names) => {
    const values = Array.from({ length: count }, (_, index) => `v${index}`);
    const type = enumeration(names.next('Choice'), values, { open });
    return defaulted ? field(type, { default: 'v0' }) : type;
  });

const flagSets: fc.Arbitrary<Maker<ValueType>> = fc
  .tuple(fc.constantFrom(8, 16, 32, 64), fc.nat(), fc.boolean(), fc.boolean())
  .map(([bits, random, open, defaulted]) => (names) => {
    const values = Array.from({ length: 1 + (random % bits) }, (_, index) => `b${index}`);
    const type = flags(names.next('Flags'), values, { bits, open });
    return defaulted ? field(type, { default: values.slice(-2) }) : type;
  });

/** A value as decoding gives it: all fields there, f32 fields rounded, flags in order, decimals with all their digits. */
export function valuesOf(type: ValueType): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case 'bool':
      return fc.boolean();
    case 'i64':
    case 'u64':
    case 'timestamp':
    case 'duration':
      return fc.bigInt({ min: type.min, max: type.max });
    case 'decimal':
      return decimalsOf(type);
    case 'f32': {
      const { min, max } = acceptedRange(type);
      return fc
        .float({ noNaN: true, noDefaultInfinity: true })
        .map((value) => Math.fround(Math.min(Math.max(value, min), max)));
    }
    case 'f64':
      return fc.double({ min: type.min, max: type.max, noNaN: true });
    case 'text':
      return textOf(type.capacity);
    case 'textTail':
      return textOf(Math.min(type.max, 90));
    case 'bytes':
      return bytesOf(type.length, type.length);
    case 'bytesTail':
      return bytesOf(0, Math.min(type.max, 90));
    case 'enum': {
      const named = fc.constantFrom(...type.values);
      const unknown = fc.integer({ min: type.values.length, max: 0xffffffff });
      return type.open ? fc.oneof({ weight: 3, arbitrary: named }, { weight: 1, arbitrary: unknown }) : named;
    }
    case 'flags':
      return flagsOf(type);
    case 'array':
      return fc.array(valuesOf(type.element), { minLength: type.length, maxLength: type.length });
    case 'list':
      return fc.array(valuesOf(type.element), { maxLength: Math.min(type.max, 5) });
    case 'union': {
      const variants = Object.entries(type.variants).map(([kind, variant]) => {
        return fc.record({ kind: fc.constant(kind), ...members(variant) }, { noNullPrototype: true });
      });
      return fc.oneof(...variants);
    }
    case 'struct':
      return fc.record(members(type), { noNullPrototype: true });
    default:
      return fc.integer({ min: type.min, max: type.max });
  }
}

function members(type: Struct): Record<string, fc.Arbitrary<unknown>> {
  const given = type.layout.fields.map(({ name, type: inner, presence }) => {
    const values = valuesOf(inner);
    return [name, presence === undefined ? values : fc.option(values, { nil: undefined, freq: 2 })];
  });
  return Object.fromEntries(given);
}

function decimalsOf({ min, max, scale }: DecimalType): fc.Arbitrary<string> {
  return fc.bigInt({ min, max }).map((units) => decimalText(units, scale));
}

function flagsOf({ values }: Flags): fc.Arbitrary<readonly string[]> {
  return fc.subarray([...values]);
}

function bytesOf(minLength: number, maxLength: number): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength, maxLength });
}

/** A character of one to four bytes of UTF-8; not fast-check's own, which build tables of all there are. */
const character = fc
  .oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0x20, max: 0x7e }) },
    { weight: 1, arbitrary: fc.constantFrom(1, 0x0a, 0x1f, 0x22, 0x5c, 0x7f, 0x2028, 0xfeff) },
    { weight: 1, arbitrary: fc.integer({ min: 0x80, max: 0x7ff }) },
    { weight: 1, arbitrary: fc.integer({ min: 0x800, max: 0xd7ff }) },
    { weight: 1, arbitrary: fc.integer({ min: 0xe000, max: 0x10ffff }) },
  )
  .map((code) => String.fromCodePoint(code));
const characters = fc.oneof(
  fc.array(character, { maxLength: 90 }),
  fc.array(fc.constantFrom('a', 'B', '7', ' '), { maxLength: 90 }),
);

/** Well-formed text without NUL that fits into `capacity` bytes, of all lengths up to it. */
function textOf(capacity: number): fc.Arbitrary<string> {
  return characters.map((given) => {
    let result = '';
    for (const next of given) {
      if (Buffer.byteLength(result + next) > capacity) break;
      result += next;
    }
    return result;
  });
}
