/** Random pairs of versions of a schema that fit each other. */
import fc from 'fast-check';
import {
  array,
  bytes,
  decimal,
  type Enumeration,
  enumeration,
  type Flags,
  f32,
  field,
  flags,
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
  union,
  type ValueType,
} from '../../src/index.ts';
import { layoutOf } from '../../src/language/layout.ts';
import { anyStruct } from './arbitrary.ts';

export interface Versions {
  readonly older: Struct;
  readonly newer: Struct;
}

/** A struct, and one that it may have become: with more in the end, anywhere in it, and other bounds and defaults. */
export function anyVersions({ tails = true } = {}): fc.Arbitrary<Versions> {
  const appended = tails ? additions : additions.filter((make) => !struct('Only', { x: make('X') }).layout.hasTails);
  return fc
    .tuple(anyStruct({ tails }), fc.array(fc.nat(7), { minLength: 20, maxLength: 20 }))
    .map(([older, choices]) => ({ older, newer: new Growth(choices, appended).struct(older) }))
    .filter(({ newer }) => newer.problems.length === 0 && newer.layout.align <= 64);
}

/** What may be appended to a struct. */
const additions: readonly ((name: string) => Type)[] = [
  () => optional(u8()),
  () => i32({ default: 7 }),
  () => text({ default: 'né' }),
  () => list(u16(), { default: 'empty' }),
  () => bytes({ default: 'empty', max: 9 }),
  () => decimal(2, { default: '1.5' }),
  () => timestamp({ default: 1n }),
  () => f32({ default: 0.1 }),
  () => text(9, { default: 'x' }),
  () => optional(array(i64(), 2)),
  (name) => field(flags(`Flags${name}`, ['a', 'b', 'c'], { bits: 8 }), { default: ['c', 'a'] }),
  (name) => field(enumeration(`Enum${name}`, ['a', 'b']), { default: 'b' }),
  (name) => optional(struct(`Struct${name}`, { id: u8(), note: text() })),
];

/** Makes the newer versions of types: of a named one always the same. */
class Growth {
  readonly #choices: readonly number[];
  readonly #additions: typeof additions;
  readonly #known = new Map<string, ValueType>();
  #taken = 0;

  constructor(choices: readonly number[], appended: typeof additions) {
    this.#choices = choices;
    this.#additions = appended;
  }

  struct(type: Struct): Struct {
    const known = this.#known.get(type.name);
    if (known?.kind === 'struct') return known;
    const fields: Record<string, Type> = {};
    for (const [name, declared] of Object.entries(type.fields)) {
      fields[name] = declared.kind === 'optional' ? optional(this.#grown(declared.type)) : this.#grown(declared);
    }
    for (let count = Math.max(0, this.#choice() - 4); count > 0; count--) {
      const make = this.#additions[(this.#choice() * 8 + this.#choice()) % this.#additions.length];
      if (make !== undefined) fields[`appendedAs${count}`] = make(`${type.name}${count}`);
    }
    const natural = layoutOf(type.fields, type.packed, 1).align;
    const align = type.layout.align > natural ? type.layout.align : 1;
    const newer = struct(type.name, fields, { packed: type.packed, align });
    this.#known.set(type.name, newer);
    return newer;
  }

  #grown(type: ValueType): ValueType {
    switch (type.kind) {
      case 'struct':
        return this.struct(type);
      case 'union': {
        const variants = Object.entries(type.variants).map(([name, variant]) => [name, this.struct(variant)] as const);
        return union(type.name, Object.fromEntries(variants));
      }
      case 'array':
        return array(this.#grown(type.element), type.length);
      case 'list':
        return list(this.#grown(type.element), { ...defaultOf(type), max: type.max + this.#choice() });
      case 'textTail':
        return text({ ...defaultOf(type), max: type.max + this.#choice() });
      case 'enum':
        return this.#named(type, () => this.#enumeration(type));
      case 'flags':
        return this.#named(type, () => this.#flags(type));
      case 'u8':
        return u8({
          ...defaultOf(type),
          max: Math.min(255, type.max + this.#choice()),
          min: Math.max(0, type.min - 9),
        });
      case 'i64':
        return i64({
          ...(type.default === undefined ? {} : { default: 5n }),
          endian: type.bigEndian ? 'big' : 'little',
        });
      default:
        return type;
    }
  }

  #enumeration(type: Enumeration): Enumeration {
    const isOpen = type.open || this.#choice() > 5;
    const late = isOpen ? ['late', 'later', 'latest'].slice(this.#choice() % 4) : [];
    const newer = enumeration(type.name, [...type.values, ...late], { open: isOpen });
    return type.default === undefined ? newer : field(newer, { default: newer.values[this.#choice() % 2] ?? 'v0' });
  }

  #flags(type: Flags): Flags {
    const isOpen = type.open || this.#choice() > 5;
    const late = isOpen ? ['late', 'later', 'latest'].slice(this.#choice() % 4) : [];
    const values = [...type.values, ...late].slice(0, type.bits);
    const newer = flags(type.name, values, { bits: type.bits, open: isOpen });
    return type.default === undefined ? newer : field(newer, { default: [] });
  }

  #named(type: Enumeration | Flags, make: () => ValueType): ValueType {
    const newer = this.#known.get(type.name) ?? make();
    this.#known.set(type.name, newer);
    return newer;
  }

  #choice(): number {
    return this.#choices[this.#taken++ % this.#choices.length] ?? 0;
  }
}

function defaultOf<T>(type: { readonly default: T }): { default?: T & {} } {
  return type.default === undefined || type.default === null ? {} : { default: type.default };
}
