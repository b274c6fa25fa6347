import { alignOf, sizeOf } from '../language/layout.ts';
import {
  type ArrayType,
  hasTails,
  type List,
  type PlacedField,
  type Struct,
  type Union,
  type ValueType,
} from '../language/types.ts';
import { conditionSource, convertSource, defaultOf, isLeaf, writeSource } from './encode-leaf.ts';
import { isSmall } from './inline.ts';
import { refused } from './signals.ts';
import { addressOf, further, type Place, Source, start, word, zeroSource } from './source.ts';
import type { Form } from './valid.ts';
import type { Writer } from './writer.ts';

/**
 * Writes a value's fixed part to `at`, and has its tails appended. Reads everything of the value once and checks it before
 * it is written; throws `refused` at the first thing that is wrong. Types without tails need no writer.
 */
export type Encode = (
  value: unknown,
  view: DataView,
  bytes: Uint8Array,
  at: number,
  writer: Writer | undefined,
) => void;

const compiled = { native: new WeakMap<object, Encode>(), json: new WeakMap<object, Encode>() };

/** The encoder of a struct or union: compiled when first asked for. */
export function encoderOf(type: Struct | Union, form: Form): Encode {
  // Copies that `field` makes of a type have its layout.
  let encode = compiled[form].get(type.layout);
  if (encode === undefined) {
    const source = new EncodeSource(form);
    // Its parameters are those of the type.
    encode = source.compile(type) as Encode;
    compiled[form].set(type.layout, encode);
  }
  return encode;
}

class EncodeSource {
  readonly #source = new Source();
  readonly #form: Form;
  readonly #refuse: string;

  constructor(form: Form) {
    this.#form = form;
    this.#refuse = `throw ${this.#source.constant(refused)};`;
  }

  compile(type: Struct | Union): unknown {
    if (type.kind === 'struct') this.#struct(type, 'value', start);
    else this.#union(type, 'value', start);
    return this.#source.compile('value', 'view', 'bytes', 'at', 'writer');
  }

  #struct(type: Struct, value: string, place: Place): void {
    this.#object(value);
    this.#members(type, value, place, []);
  }

  #union(type: Union, value: string, place: Place): void {
    const { offset, size } = type.layout;
    this.#object(value);
    this.#source.add(`switch (${value}.kind) {`);
    for (const [number, [name, variant]] of Object.entries(type.variants).entries()) {
      this.#source.add(`case "${word(name)}": {`, `${place.view}.setUint32(${addressOf(place)}, ${number}, true);`);
      this.#zero(further(place, 4), offset - 4);
      this.#members(variant, value, further(place, offset), ['kind']);
      const end = offset + variant.layout.size;
      this.#zero(further(place, end), size - end);
      this.#source.add('break;', '}');
    }
    this.#source.add(`default: ${this.#refuse}`, '}');
  }

  #object(value: string): void {
    this.#refuseUnless(`typeof ${value} === "object" && ${value} !== null && !Array.isArray(${value})`);
  }

  /** The fields of a struct, and that there are no others but `more`. */
  #members(type: Struct, value: string, place: Place, more: readonly string[]): void {
    const { layout } = type;
    // Counting what is there and comparing with what should be finds unknown fields without looking at any name.
    const surplus = this.#source.variable('s');
    this.#source.add(
      `let ${surplus} = ${-layout.fields.length - more.length};`,
      `for (const _ in ${value}) ${surplus}++;`,
    );
    const words = layout.presence.map((offset) => ({ offset, size: 4, name: this.#source.variable('w') }));
    for (const { name } of words) this.#source.add(`let ${name} = 0;`);
    for (const field of layout.fields)
      this.#field(field, value, surplus, place, words[field.presence?.word ?? -1]?.name);
    for (const { offset, name } of words) {
      this.#source.add(`${place.view}.setUint32(${addressOf(further(place, offset))}, ${name}, true);`);
    }
    let end = 0;
    for (const { offset, size } of [...layout.fields, ...words].sort((a, b) => a.offset - b.offset)) {
      this.#zero(further(place, end), offset - end);
      end = offset + size;
    }
    this.#zero(further(place, end), layout.size - end);
    const known = this.#source.constant(new Set([...layout.fields.map(({ name }) => name), ...more]));
    const prototype = `${this.#source.constant(Object.getPrototypeOf)}(${value})`;
    this.#source.add(
      // Of a class's instances some fields may be there, but not enumerable: then the count says nothing.
      `if (${surplus} !== 0 || ${prototype} !== ${this.#source.constant(Object.prototype)}) {`,
      `${this.#source.constant(requireKnown)}(${value}, ${known});`,
      '}',
    );
  }

  #field(field: PlacedField, value: string, surplus: string, place: Place, presence: string | undefined): void {
    const { name, type, offset, size } = field;
    const at = further(place, offset);
    const variable = this.#source.variable('f');
    this.#source.add(`let ${variable} = ${value}.${word(name)};`);
    const leftOut = `if (!("${word(name)}" in ${value})) ${surplus}++;`;
    if (field.presence !== undefined) {
      this.#source.add(`if (${variable} === undefined) {`, leftOut);
      this.#zero(at, size);
      this.#source.add('} else {', `${presence} |= ${1 << field.presence.bit};`);
      this.#check(type, variable);
      this.#write(type, variable, at);
      this.#source.add('}');
      return;
    }
    if (type.default !== undefined) {
      const fallback = this.#source.constant(defaultOf(type, this.#form));
      this.#source.add(`if (${variable} === undefined) {`, leftOut, `${variable} = ${fallback};`, '} else {');
      this.#check(type, variable);
      this.#source.add('}');
    } else {
      this.#check(type, variable);
    }
    this.#write(type, variable, at);
  }

  /** Makes a leaf what `#write` takes, and checks it. What is made of other types is checked while it is written. */
  #check(type: ValueType, variable: string): void {
    if (!isLeaf(type)) return;
    const converted = convertSource(this.#source, type, this.#form, variable);
    if (converted !== '') this.#source.add(`${variable} = ${converted};`);
    const condition = conditionSource(type, variable);
    if (condition !== '') this.#refuseUnless(condition);
  }

  #write(type: ValueType, variable: string, place: Place): void {
    switch (type.kind) {
      case 'array':
        this.#array(type, variable, place);
        return;
      case 'list':
        this.#list(type, variable, place);
        return;
      case 'struct':
        if (isSmall(type)) this.#struct(type, variable, place);
        else this.#call(type, variable, place);
        return;
      case 'union':
        this.#call(type, variable, place);
        return;
      default:
        this.#source.add(writeSource(this.#source, type, this.#form, place, variable, this.#refuse));
    }
  }

  #call(type: Struct | Union, variable: string, place: Place): void {
    const encode = this.#source.constant(encoderOf(type, this.#form));
    const writer = hasTails(type) ? ', writer' : '';
    this.#source.add(`${encode}(${variable}, ${place.view}, ${place.bytes}, ${addressOf(place)}${writer});`);
  }

  #array(type: ArrayType, variable: string, place: Place): void {
    this.#refuseUnless(`Array.isArray(${variable}) && ${variable}.length === ${type.length}`);
    const at = this.#source.variable('a');
    this.#source.add(`let ${at} = ${addressOf(place)};`);
    this.#elements(
      type.element,
      variable,
      `${type.length}`,
      { ...place, base: at, offset: 0 },
      `${sizeOf(type.element)}`,
    );
  }

  #list(type: List, variable: string, place: Place): void {
    const { element, max } = type;
    const size = sizeOf(element);
    const count = this.#source.variable('n');
    const begin = this.#source.variable('a');
    this.#refuseUnless(`Array.isArray(${variable})`);
    this.#source.add(`const ${count} = ${variable}.length;`);
    // A proxy may say anything.
    this.#refuseUnless(`${count} >>> 0 === ${count} && ${count} <= ${max}`);
    const append = `writer.list(${place.view}, ${addressOf(place)}, ${count}, ${size}, ${alignOf(element)})`;
    this.#source.add(`let ${begin} = ${append};`);
    const here = { view: this.#source.variable('v'), bytes: this.#source.variable('b') };
    const views = `const ${here.view} = writer.view, ${here.bytes} = writer.bytes;`;
    if (!hasTails(element)) {
      this.#source.add(views);
      this.#elements(element, variable, count, { ...here, base: begin, offset: 0 }, `writer.isFull ? 0 : ${size}`);
      return;
    }
    // Each element may be the one whose tails the room does not suffice for: from then on all goes to the waste.
    const index = this.#source.variable('i');
    const at = this.#source.variable('a');
    this.#source.add(
      `for (let ${index} = 0; ${index} < ${count}; ${index}++) {`,
      `const ${at} = writer.isFull ? 0 : ${begin} + ${index} * ${size};`,
      views,
    );
    this.#element(element, `${variable}[${index}]`, { ...here, base: at, offset: 0 });
    this.#source.add('}');
  }

  /** A loop over elements that lie `step` apart; `place.base` is the variable that goes along. */
  #elements(type: ValueType, variable: string, count: string, place: Place, step: string): void {
    const index = this.#source.variable('i');
    const width = this.#source.variable('d');
    this.#source.add(
      `const ${width} = ${step};`,
      `for (let ${index} = 0; ${index} < ${count}; ${index}++, ${place.base} += ${width}) {`,
    );
    this.#element(type, `${variable}[${index}]`, place);
    this.#source.add('}');
  }

  #element(type: ValueType, expression: string, place: Place): void {
    const variable = this.#source.variable('e');
    this.#source.add(`let ${variable} = ${expression};`);
    this.#check(type, variable);
    this.#write(type, variable, place);
  }

  #refuseUnless(condition: string): void {
    this.#source.add(`if (!(${condition})) ${this.#refuse}`);
  }

  #zero(place: Place, size: number): void {
    this.#source.add(...zeroSource(place, size));
  }
}

/** Throws if `value` has unknown fields. A field that is there but `undefined` counts as left out, if its name is known. */
function requireKnown(value: object, known: ReadonlySet<string>): void {
  for (const key in value) {
    if (!known.has(key)) throw refused;
  }
}
