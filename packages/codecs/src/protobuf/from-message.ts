import { decimalText, type Enumeration, type Flags, type Struct, type Union, type ValueType } from '@isthmus/schema';
import { Constants, compile } from '../compile.ts';
import type { Budget } from '../wire-format.ts';
import { type Bits, bitsOf, signedOf, unsignedOf } from './bits.ts';
import { messageOf, oneofName } from './messages.ts';

export type FromMessage = (message: unknown, budget: Budget) => Record<string, unknown>;
type Convert = (value: unknown, budget: Budget) => unknown;

/**
 * What makes a struct's value of a protobufjs message. Fields that the message lacks get what proto3 says, 0, false or
 * empty, unless it is seen that they are not there: these are left out. What does not fit the schema stays so.
 */
export function fromMessage(type: Struct): FromMessage {
  return new Converters().message(type);
}

class Converters {
  readonly #messages = new Map<Struct | Union, FromMessage>();

  message(type: Struct | Union): FromMessage {
    let convert = this.#messages.get(type);
    if (convert === undefined) {
      convert = type.kind === 'struct' ? this.#struct(type) : this.#union(type);
      this.#messages.set(type, convert);
    }
    return convert;
  }

  #struct(type: Struct): FromMessage {
    const constants = new Constants();
    const members = type.layout.fields.map(({ name, type: inner, presence }) => {
      const isOptional = presence !== undefined;
      const isWrapped = inner.kind === 'list' && isOptional;
      const convert = isWrapped ? unwrapping(this.#convert(inner)) : this.#convert(inner);
      const value = convert === undefined ? `m.${name}` : `${constants.add(convert)}(m.${name}, b)`;
      const absent = isWrapped || isMessage(inner) ? `m.${name} == null` : whenAbsent(inner, name, isOptional);
      return `${name}: ${absent === undefined ? value : `${absent} ? undefined : ${value}`}`;
    });
    const body = `b.spend(${type.layout.size}); return { ${members.join(', ')} };`;
    return compile('m, b', body, constants.values);
  }

  #union(type: Union): FromMessage {
    const oneof = oneofName(messageOf(type));
    const variants = new Map<unknown, FromMessage>();
    for (const [name, variant] of Object.entries(type.variants)) {
      const convert = this.message(variant);
      variants.set(
        name,
        typed((message, budget) => ({ kind: name, ...convert(message[name], budget) })),
      );
    }
    return typed((message, budget) => variants.get(message[oneof])?.(message, budget) ?? {});
  }

  /** `undefined`: the value stays as it is. */
  #convert(type: ValueType): Convert | undefined {
    switch (type.kind) {
      case 'i64':
      case 'timestamp':
      case 'duration':
        return typed(signedOf);
      case 'u64':
        return typed(unsignedOf);
      case 'decimal':
        return typed<Bits>((bits) => decimalText(signedOf(bits), type.scale));
      case 'enum':
        return numberToEnum(type);
      case 'flags':
        return bitsToFlags(type);
      case 'bytes':
      case 'bytesTail':
        // Left out, they are an array in protobufjs.
        return (value) => (value instanceof Uint8Array ? value : new Uint8Array(0));
      case 'struct':
      case 'union':
        return this.message(type);
      case 'array':
      case 'list': {
        const { element } = type;
        const convert = this.#convert(element);
        const item = element.kind === 'array' || element.kind === 'list' ? unwrapping(convert) : convert;
        if (item === undefined) return undefined;
        return typed<readonly unknown[]>((values, budget) => values.map((value) => item(value, budget)));
      }
      default:
        return undefined;
    }
  }
}

/** Says of a function what protobufjs makes true: that it only gets values as it decodes them. */
function typed<Value = Readonly<Record<string, unknown>>, Result = unknown>(
  convert: (value: Value, budget: Budget) => Result,
): (value: unknown, budget: Budget) => Result {
  return convert as (value: unknown, budget: Budget) => Result;
}

function unwrapping(convert: Convert | undefined): Convert {
  if (convert === undefined) return typed(({ items }) => items);
  return typed(({ items }, budget) => convert(items, budget));
}

function isMessage({ kind }: ValueType): boolean {
  return kind === 'struct' || kind === 'union';
}

/** The condition for a field that is not there; `undefined` where that cannot be seen. */
function whenAbsent(type: ValueType, name: string, isOptional: boolean): string | undefined {
  // Of lists, only those that cannot be empty: fixed ones.
  if (type.kind === 'array') return isOptional ? `m.${name}.length === 0` : undefined;
  if (type.kind === 'list') return undefined;
  return isOptional || type.default !== undefined ? `!Object.hasOwn(m, "${name}")` : undefined;
}

/** Enumerations are int32 in protobuf and uint32 here. */
function numberToEnum({ values }: Enumeration): Convert {
  return typed<number>((value) => values[value] ?? value >>> 0);
}

/** Bits without a name are left out where there may be such; elsewhere they stay, as something that is no name. */
function bitsToFlags({ values, bits, open }: Flags): Convert {
  const known = bitsOf((1n << BigInt(values.length)) - 1n);
  const names = ({ low, high }: Bits): readonly unknown[] => {
    const found = values.filter((_, bit) => ((bit < 32 ? low >>> bit : high >>> (bit - 32)) & 1) === 1);
    const hasUnknown = (low & ~known.low) !== 0 || (high & ~known.high) !== 0;
    return hasUnknown && !open ? [...found, 'a bit without a name'] : found;
  };
  return bits === 64 ? typed(names) : typed<number>((low) => names({ low, high: 0 }));
}
