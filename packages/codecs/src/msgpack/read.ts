import { IsthmusError, type Struct, type Union, type ValueType } from '@isthmus/schema';
import { Constants, compile } from '../compile.ts';
import { Input } from './input.ts';
import { toBigint, toFloat } from './integers.ts';
import { encoded } from './write.ts';

type Read = (input: Input) => unknown;

/** Thrown where a message is not as expected. No error, since making its stack would cost more than the reading. */
const surprise = Symbol('not in the order of the schema');

/**
 * What reads a struct whose fields come in the order of the schema, as nearly every writer leaves them: it knows which key comes
 * next, and so need not make texts of keys. Gives `undefined` for any other message, right or wrong: what is wrong with
 * it is for `readMsgpack` to say.
 */
export function inOrderReader(type: Struct): (bytes: Uint8Array) => unknown {
  const read = new Readers().of(type);
  return (bytes) => {
    const input = new Input(bytes);
    try {
      const value = read(input);
      input.end();
      return value;
    } catch (error) {
      if (error === surprise || error instanceof IsthmusError) return undefined;
      throw error;
    }
  };
}

class Readers {
  readonly #composites = new Map<Struct | Union, Read>();

  of(type: ValueType): Read {
    switch (type.kind) {
      case 'i64':
      case 'u64':
      case 'timestamp':
      case 'duration':
        return (input) => toBigint(input.value());
      case 'f32':
      case 'f64':
        return (input) => toFloat(input.value());
      case 'array':
      case 'list':
        return elements(this.of(type.element));
      case 'struct':
      case 'union': {
        let read = this.#composites.get(type);
        if (read === undefined) {
          read = type.kind === 'struct' ? this.#struct(type) : this.#union(type);
          this.#composites.set(type, read);
        }
        return read;
      }
      default:
        return (input) => input.value();
    }
  }

  #struct(type: Struct): Read {
    const fields = this.#fields(type);
    return (input) => fields(input, input.mapLength());
  }

  #union(type: Union): Read {
    const key = encoded('kind');
    const variants = new Map<unknown, (input: Input, entries: number) => Record<string, unknown>>();
    for (const [name, variant] of Object.entries(type.variants)) variants.set(name, this.#fields(variant));
    return (input) => {
      const entries = input.mapLength();
      if (entries < 1 || !input.skip(key)) throw surprise;
      const kind = input.value();
      const fields = variants.get(kind);
      if (fields === undefined) throw surprise;
      return { kind, ...fields(input, entries - 1) };
    };
  }

  /** Reads as many entries of a map as there are, of which each must be the next field or one after it. */
  #fields(type: Struct): (input: Input, entries: number) => Record<string, unknown> {
    const constants = new Constants();
    const names = type.layout.fields.map(({ name }) => name);
    const reads = type.layout.fields.map(({ name, type: inner }, index) => {
      const read = `${constants.add(this.of(inner))}(input)`;
      return `if (left > 0 && input.skip(${constants.add(encoded(name))})) { f${index} = ${read}; left--; }`;
    });
    const body = [
      `let ${names.map((_, index) => `f${index}`).join(', ')};`,
      ...reads,
      // Also where there was no map: then it is -1.
      `if (left !== 0) throw ${constants.add(surprise)};`,
      `return { ${names.map((name, index) => `${name}: f${index}`).join(', ')} };`,
    ];
    return compile('input, left', body.join('\n'), constants.values);
  }
}

function elements(read: Read): Read {
  return (input) => {
    const length = input.arrayLength();
    if (length < 0) throw surprise;
    const values: unknown[] = [];
    for (let index = 0; index < length; index++) values.push(read(input));
    return values;
  };
}
