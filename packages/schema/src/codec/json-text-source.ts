import {
  type ArrayType,
  hasTails,
  type List,
  type PlacedField,
  type Struct,
  type Union,
  type ValueType,
} from '../language/types.ts';
import { jsonTextOf, readLeaf } from './decode-leaf.ts';
import { isSmall } from './inline.ts';
import { loopOver, readPresence } from './read-source.ts';
import type { Reader } from './reader.ts';
import { faulty } from './signals.ts';
import { addressOf, further, type Place, Source, start, word } from './source.ts';

/** As `Decode`, to JSON text: what `JSON.stringify` makes of the JSON form. */
export type JsonText = (view: DataView, bytes: Uint8Array, at: number, reader: Reader | undefined) => string;

const compiled = new WeakMap<object, JsonText>();

/** The function for a struct or union: compiled when first asked for. */
export function jsonTextWriterOf(type: Struct | Union): JsonText {
  let write = compiled.get(type.layout);
  if (write === undefined) {
    // Its parameters are those of the type.
    write = new JsonTextSource().compile(type) as JsonText;
    compiled.set(type.layout, write);
  }
  return write;
}

/** Everything is appended to the variable `text`; what is the same each time, neighbours together. */
class JsonTextSource {
  readonly #source = new Source();
  /** JSON text that is the same each time, and not yet appended. */
  #constant = '';

  compile(type: Struct | Union): unknown {
    this.#source.add('let text = "";');
    if (type.kind === 'struct') {
      this.#struct(type, start, '');
      this.#flush();
    } else {
      this.#union(type, start);
    }
    this.#source.add('return text;');
    return this.#source.compile('view', 'bytes', 'at', 'reader');
  }

  #flush(): void {
    if (this.#constant !== '') this.#source.add(`text += ${JSON.stringify(this.#constant)};`);
    this.#constant = '';
  }

  #append(expression: string): void {
    const before = this.#constant === '' ? '' : `${JSON.stringify(this.#constant)} + `;
    this.#source.add(`text += ${before}${expression};`);
    this.#constant = '';
  }

  #struct(type: Struct, place: Place, first: string): void {
    const words = readPresence(this.#source, type, place);
    this.#constant += `{${first}`;
    // Whether a field is before this one: known here, or only in each case, by a variable.
    let isFirst = first === '';
    let separator: string | undefined;
    for (const field of type.layout.fields) {
      const { name, presence } = field;
      const key = `${isFirst || separator !== undefined ? '' : ','}"${word(name)}":`;
      if (presence === undefined) {
        if (separator !== undefined) this.#append(separator);
        separator = undefined;
        this.#constant += key;
        this.#value(field.type, further(place, field.offset));
        isFirst = false;
        continue;
      }
      this.#flush();
      if (isFirst && separator === undefined) {
        separator = this.#source.variable('c');
        this.#source.add(`let ${separator} = "";`);
      }
      this.#optional(field, words[presence.word] ?? '', key, separator, place);
    }
    this.#constant += '}';
  }

  #optional(field: PlacedField, words: string, key: string, separator: string | undefined, place: Place): void {
    this.#source.add(`if ((${words} & ${1 << (field.presence?.bit ?? 0)}) !== 0) {`);
    if (separator !== undefined) {
      this.#append(separator);
      this.#source.add(`${separator} = ",";`);
    }
    this.#constant += key;
    this.#value(field.type, further(place, field.offset));
    this.#flush();
    this.#source.add('}');
  }

  #union(type: Union, place: Place): void {
    this.#source.add(`switch (${place.view}.getUint32(${addressOf(place)}, true)) {`);
    for (const [number, [name, variant]] of Object.entries(type.variants).entries()) {
      this.#source.add(`case ${number}: {`);
      this.#struct(variant, further(place, type.layout.offset), `"kind":"${word(name)}"`);
      this.#flush();
      this.#source.add('break;', '}');
    }
    this.#source.add(`default: throw ${this.#source.constant(faulty)};`, '}');
  }

  #value(type: ValueType, place: Place): void {
    switch (type.kind) {
      case 'array':
      case 'list':
        this.#elements(type, place);
        return;
      case 'struct':
        if (isSmall(type)) this.#struct(type, place, '');
        else this.#call(type, place);
        return;
      case 'union':
        this.#call(type, place);
        return;
      default: {
        const { expression, isQuoted } = jsonTextOf(this.#source, type, readLeaf(this.#source, type, 'json', place));
        const quote = isQuoted ? '"' : '';
        this.#constant += quote;
        this.#append(expression);
        this.#constant = quote;
      }
    }
  }

  #call(type: Struct | Union, place: Place): void {
    const write = this.#source.constant(jsonTextWriterOf(type));
    const reader = hasTails(type) ? ', reader' : '';
    this.#append(`${write}(${place.view}, ${place.bytes}, ${addressOf(place)}${reader})`);
  }

  #elements(type: ArrayType | List, place: Place): void {
    this.#constant += '[';
    this.#flush();
    const loop = loopOver(this.#source, type, place, '');
    this.#source.add(`if (${loop.index} > 0) text += ",";`);
    this.#value(type.element, loop.place);
    this.#flush();
    this.#source.add('}');
    this.#constant += ']';
  }
}
