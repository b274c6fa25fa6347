import { decimalUnits, type Enumeration, type Flags, type Struct, type Union, type ValueType } from '@isthmus/schema';
import { Constants, compile } from '../compile.ts';
import { type Bits, bitsOf } from './bits.ts';

export type ToMessage = (value: unknown) => Record<string, unknown>;
type Convert = (value: unknown) => unknown;

/** What makes a protobufjs message of a struct's value. The value must be right: as the struct's codec decodes it. */
export function toMessage(type: Struct): ToMessage {
  return new Converters().message(type);
}

class Converters {
  readonly #messages = new Map<Struct | Union, ToMessage>();

  message(type: Struct | Union): ToMessage {
    let convert = this.#messages.get(type);
    if (convert === undefined) {
      convert = type.kind === 'struct' ? this.#struct(type) : this.#union(type);
      this.#messages.set(type, convert);
    }
    return convert;
  }

  #struct(type: Struct): ToMessage {
    const constants = new Constants();
    const members = type.layout.fields.map(({ name, type: inner, presence }) => {
      const isWrapped = inner.kind === 'list' && presence !== undefined;
      const convert = isWrapped ? wrapped(this.#convert(inner)) : this.#convert(inner);
      if (convert === undefined) return `${name}: v.${name}`;
      const call = `${constants.add(convert)}(v.${name})`;
      return `${name}: ${presence === undefined ? call : `v.${name} === undefined ? undefined : ${call}`}`;
    });
    return compile('v', `return { ${members.join(', ')} };`, constants.values);
  }

  #union(type: Union): ToMessage {
    const variants = new Map<unknown, ToMessage>();
    for (const [name, variant] of Object.entries(type.variants)) {
      const convert = this.message(variant);
      variants.set(name, (value) => ({ [name]: convert(value) }));
    }
    return typed<{ readonly kind: unknown }, Record<string, unknown>>(
      (value) => variants.get(value.kind)?.(value) ?? {},
    );
  }

  /** `undefined`: the value stays as it is. */
  #convert(type: ValueType): Convert | undefined {
    switch (type.kind) {
      case 'i64':
      case 'u64':
      case 'timestamp':
      case 'duration':
        return typed(bitsOf);
      case 'decimal':
        return typed<string>((value) => bitsOf(decimalUnits(value, type.scale) ?? 0n));
      case 'enum':
        return enumToNumber(type);
      case 'flags':
        return flagsToBits(type);
      case 'struct':
      case 'union':
        return this.message(type);
      case 'array':
      case 'list': {
        const { element } = type;
        const convert = this.#convert(element);
        const item = element.kind === 'array' || element.kind === 'list' ? wrapped(convert) : convert;
        return item === undefined ? undefined : typed<readonly unknown[]>((values) => values.map(item));
      }
      default:
        return undefined;
    }
  }
}

/** Says of a function what the struct's codec makes true: that it only gets values of its type. */
function typed<Value, Result = unknown>(convert: (value: Value) => Result): (value: unknown) => Result {
  return convert as (value: unknown) => Result;
}

function wrapped(convert: Convert | undefined): Convert {
  return convert === undefined ? (items) => ({ items }) : (items) => ({ items: convert(items) });
}

/** The number of a value that this version of an open enumeration does not know goes as it is. */
function enumToNumber({ values }: Enumeration): Convert {
  const numbers = new Map<unknown, number>(values.map((value, index) => [value, index]));
  return typed<string | number>((value) => (typeof value === 'number' ? value | 0 : numbers.get(value)));
}

function flagsToBits({ values, bits }: Flags): Convert {
  const known = new Map(values.map((value, index) => [value, bitsOf(1n << BigInt(index))]));
  const sum = (names: readonly string[]): Bits => {
    let low = 0;
    let high = 0;
    for (const name of names) {
      const bit = known.get(name);
      low |= bit?.low ?? 0;
      high |= bit?.high ?? 0;
    }
    return { low, high };
  };
  return bits === 64 ? typed(sum) : typed<readonly string[]>((names) => sum(names).low);
}
