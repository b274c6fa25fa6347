import type { Struct, Union, ValueType } from '@isthmus/schema';

/** Changes a value in place where it must; returns it. */
type Convert = (value: unknown) => unknown;

/**
 * MessagePack has one kind of integer, and a number may be written as one: makes bigints of what the schema says has 64 bits, and
 * numbers of what it says is a float. `undefined` for a type that has neither. What is neither fits or is refused later.
 */
export function integersOf(type: Struct): Convert | undefined {
  return new Converters().of(type);
}

export function toBigint(value: unknown): unknown {
  return Number.isSafeInteger(value) ? BigInt(Number(value)) : value;
}

export function toFloat(value: unknown): unknown {
  return typeof value === 'bigint' && BigInt(Number(value)) === value ? Number(value) : value;
}

class Converters {
  readonly #composites = new Map<Struct | Union, Convert | undefined>();

  of(type: ValueType): Convert | undefined {
    switch (type.kind) {
      case 'i64':
      case 'u64':
      case 'timestamp':
      case 'duration':
        return toBigint;
      case 'f32':
      case 'f64':
        return toFloat;
      case 'array':
      case 'list':
        return elements(this.of(type.element));
      case 'struct':
      case 'union': {
        const known = this.#composites.get(type);
        if (known !== undefined || this.#composites.has(type)) return known;
        const convert = type.kind === 'struct' ? this.#struct(type) : this.#union(type);
        this.#composites.set(type, convert);
        return convert;
      }
      default:
        return undefined;
    }
  }

  #struct(type: Struct): Convert | undefined {
    const fields = type.layout.fields.flatMap(({ name, type: inner }) => {
      const convert = this.of(inner);
      return convert === undefined ? [] : [{ name, convert }];
    });
    if (fields.length === 0) return undefined;
    return (value) => {
      if (isObject(value)) {
        for (const { name, convert } of fields) if (Object.hasOwn(value, name)) value[name] = convert(value[name]);
      }
      return value;
    };
  }

  #union(type: Union): Convert | undefined {
    const variants = new Map<unknown, Convert>();
    for (const [name, variant] of Object.entries(type.variants)) {
      const convert = this.of(variant);
      if (convert !== undefined) variants.set(name, convert);
    }
    if (variants.size === 0) return undefined;
    return (value) => (isObject(value) ? (variants.get(value.kind)?.(value) ?? value) : value);
  }
}

function elements(convert: Convert | undefined): Convert | undefined {
  if (convert === undefined) return undefined;
  return (value) => {
    if (Array.isArray(value)) for (const [index, element] of value.entries()) value[index] = convert(element);
    return value;
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
