import type { Struct, Union, ValueType } from '@isthmus/schema';
import { Constants, compile } from '../compile.ts';
import { Output } from './output.ts';

/** Writes a value. It must be right: as the struct's codec decodes it. */
export type Write = (output: Output, value: unknown) => void;

/** What writes the values of a struct. */
export function writerOf(type: Struct): Write {
  return new Writers().composite(type);
}

class Writers {
  readonly #composites = new Map<Struct | Union, Write>();

  composite(type: Struct | Union): Write {
    let write = this.#composites.get(type);
    if (write === undefined) {
      write = type.kind === 'struct' ? this.#fields(type, undefined) : this.#union(type);
      this.#composites.set(type, write);
    }
    return write;
  }

  /** A map of the fields that are there, after a union's `kind`. */
  #fields(type: Struct, kind: string | undefined): Write {
    const constants = new Constants();
    const first = kind === undefined ? [] : [`o.raw(${constants.add(encoded('kind', kind))});`];
    const always = first.length + type.layout.fields.filter(({ presence }) => presence === undefined).length;
    const sometimes = type.layout.fields.flatMap(({ name, presence }) => (presence === undefined ? [] : [name]));
    const body = [
      `o.map(${[always, ...sometimes.map((name) => `(v.${name} === undefined ? 0 : 1)`)].join(' + ')});`,
      ...first,
      ...type.layout.fields.map(({ name, type: inner, presence }) => {
        const write = `o.raw(${constants.add(encoded(name))}); ${this.#statement(inner, `v.${name}`, constants)}`;
        return presence === undefined ? write : `if (v.${name} !== undefined) { ${write} }`;
      }),
    ];
    return compile('o, v', body.join('\n'), constants.values);
  }

  #union(type: Union): Write {
    const variants = new Map<unknown, Write>();
    for (const [name, variant] of Object.entries(type.variants)) variants.set(name, this.#fields(variant, name));
    return typed<{ readonly kind: unknown }>((output, value) => variants.get(value.kind)?.(output, value));
  }

  #statement(type: ValueType, value: string, constants: Constants): string {
    switch (type.kind) {
      case 'bool':
        return `o.bool(${value});`;
      case 'i8':
      case 'i16':
      case 'i32':
      case 'u8':
      case 'u16':
      case 'u32':
        return `o.integer(${value});`;
      case 'i64':
      case 'u64':
      case 'timestamp':
      case 'duration':
        return `o.bigint(${value});`;
      case 'f32':
      case 'f64':
        return `o.${type.kind}(${value});`;
      case 'text':
      case 'textTail':
      case 'decimal':
        return `o.text(${value});`;
      case 'bytes':
      case 'bytesTail':
        return `o.bytes(${value});`;
      case 'enum':
        return type.open
          ? `if (typeof ${value} === "number") o.integer(${value}); else o.text(${value});`
          : `o.text(${value});`;
      case 'flags':
        return `o.array(${value}.length); for (const name of ${value}) o.text(name);`;
      case 'struct':
      case 'union':
        return `${constants.add(this.composite(type))}(o, ${value});`;
      case 'array':
      case 'list':
        return `${constants.add(this.#elements(type.element))}(o, ${value});`;
    }
  }

  #elements(element: ValueType): Write {
    const constants = new Constants();
    const each = this.#statement(element, 'e', constants);
    return compile('o, v', `o.array(v.length); for (const e of v) { ${each} }`, constants.values);
  }
}

/** Says of a function what the struct's codec makes true: that it only gets values of its type. */
function typed<Value>(write: (output: Output, value: Value) => void): Write {
  return write as Write;
}

/** Texts, one after the other. */
export function encoded(...texts: readonly string[]): Uint8Array {
  const output = new Output();
  for (const text of texts) output.text(text);
  return output.written;
}
