import {
  type ArrayType,
  hasTails,
  type List,
  type PlacedField,
  type Struct,
  type Union,
  type ValueType,
} from '../language/types.ts';
import { readLeaf } from './decode-leaf.ts';
import { isSmall } from './inline.ts';
import { loopOver, readPresence } from './read-source.ts';
import type { Reader } from './reader.ts';
import { faulty } from './signals.ts';
import { addressOf, further, type Place, Source, start, word } from './source.ts';
import type { Form } from './valid.ts';

/**
 * Reads the value whose fixed part is at `at`: each field once, since the other side may still write, checked, and tails in the
 * order in which they are encoded. Throws `faulty` and `unordered`. Types without tails need no reader.
 */
export type Decode = (view: DataView, bytes: Uint8Array, at: number, reader: Reader | undefined) => unknown;

const compiled = { native: new WeakMap<object, Decode>(), json: new WeakMap<object, Decode>() };

/** The decoder of a struct or union: compiled when first asked for. */
export function decoderOf(type: Struct | Union, form: Form): Decode {
  let decode = compiled[form].get(type.layout);
  if (decode === undefined) {
    // Its parameters are those of the type.
    decode = new DecodeSource(new Source(), form).compile(type) as Decode;
    compiled[form].set(type.layout, decode);
  }
  return decode;
}

/** How structs and unions inside of the one at hand are read: adds lines, and returns the expression of the value. */
type Nested = (type: Struct | Union, place: Place) => string;

/** What is in a decode function. A view's class has parts of it, with views instead of what is inside: see `view-source.ts`. */
export class DecodeSource {
  readonly #source: Source;
  readonly #form: Form;
  readonly #nested: Nested;

  constructor(source: Source, form: Form, nested?: Nested) {
    this.#source = source;
    this.#form = form;
    this.#nested = nested ?? ((type, place) => this.#decoded(type, place));
  }

  compile(type: Struct | Union): unknown {
    if (type.kind === 'struct') this.#source.add(`return ${this.#struct(type, start, '')};`);
    else this.#union(type, start);
    return this.#source.compile('view', 'bytes', 'at', 'reader');
  }

  /** One object literal, so that all results share one hidden class; `first` are members that are not fields. */
  #struct(type: Struct, place: Place, first: string): string {
    const words = readPresence(this.#source, type, place);
    const values = type.layout.fields.map((field) => ({ field, value: this.#field(field, words, place) }));
    // In JSON form a field that is not there has no key either.
    const sure = this.#form === 'native' ? values : values.slice(0, firstOptional(type));
    const members = sure.map(({ field, value }) => `${word(field.name)}: ${value}`);
    const literal = `{ ${[...(first === '' ? [] : [first]), ...members].join(', ')} }`;
    if (sure.length === values.length) return literal;
    const result = this.#source.variable('o');
    this.#source.add(`const ${result} = ${literal};`);
    for (const { field, value } of values.slice(sure.length)) {
      const isThere = field.presence === undefined ? '' : `if (${value} !== undefined) `;
      this.#source.add(`${isThere}${result}.${word(field.name)} = ${value};`);
    }
    return result;
  }

  #field(field: PlacedField, words: readonly string[], place: Place): string {
    const at = further(place, field.offset);
    if (field.presence === undefined) return this.value(field.type, at);
    const variable = this.#source.variable('f');
    const { word: index, bit } = field.presence;
    this.#source.add(`let ${variable};`, `if ((${words[index]} & ${1 << bit}) !== 0) {`);
    this.#source.add(`${variable} = ${this.value(field.type, at)};`, '}');
    return variable;
  }

  #union(type: Union, place: Place): void {
    this.#source.add(`switch (${place.view}.getUint32(${addressOf(place)}, true)) {`);
    for (const [number, [name, variant]] of Object.entries(type.variants).entries()) {
      this.#source.add(`case ${number}: {`);
      const value = this.#struct(variant, further(place, type.layout.offset), `kind: "${word(name)}"`);
      this.#source.add(`return ${value};`, '}');
    }
    this.#source.add(`default: throw ${this.#source.constant(faulty)};`, '}');
  }

  /** Adds the lines that read a value, and returns its expression. */
  value(type: ValueType, place: Place): string {
    switch (type.kind) {
      case 'array':
      case 'list':
        return this.#elements(type, place);
      case 'struct':
      case 'union':
        return this.#nested(type, place);
      default:
        return readLeaf(this.#source, type, this.#form, place);
    }
  }

  #decoded(type: Struct | Union, place: Place): string {
    if (type.kind === 'struct' && isSmall(type)) return this.#kept(this.#struct(type, place, ''));
    const decode = this.#source.constant(decoderOf(type, this.#form));
    const reader = hasTails(type) ? ', reader' : '';
    return this.#kept(`${decode}(${place.view}, ${place.bytes}, ${addressOf(place)}${reader})`);
  }

  #elements(type: ArrayType | List, place: Place): string {
    const result = this.#source.variable('r');
    const loop = loopOver(this.#source, type, place, `const ${result} = [];`);
    this.#source.add(`${result}.push(${this.value(type.element, loop.place)});`, '}');
    return result;
  }

  /** The variable of a value: reading it has effects, and what stands before it must have been read by then. */
  #kept(expression: string): string {
    const variable = this.#source.variable('o');
    this.#source.add(`const ${variable} = ${expression};`);
    return variable;
  }
}

/** The index of the first field that may be missing, or how many there are. */
function firstOptional({ layout }: Struct): number {
  const index = layout.fields.findIndex(({ presence }) => presence !== undefined);
  return index < 0 ? layout.fields.length : index;
}
