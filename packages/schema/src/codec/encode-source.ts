import { sizeOf } from '../language/layout.ts';
import { acceptedRange, limits, type Struct, type Type } from '../language/types.ts';
import type { Form } from './valid.ts';

/** Up to this many values an enumeration is a chain of comparisons, which beats a look-up in a Map. */
const CHAIN = 8;

/**
 * The body of an encode function over `value`, `memory` and `offset`. It reads and checks every field before it writes
 * the first one; only when something is wrong it leaves to the slow path, which finds everything that is.
 */
export function encodeSource(type: Struct, form: Form, constants: unknown[]): string {
  const encoder = new Encoder(form, constants);
  encoder.struct(type, 'value', 0);
  return [boundsSource(type), ...encoder.checks, ...encoder.writes].join('\n');
}

/** The views, and a check that the memory is there: a DataView would check, but writes to a Uint8Array vanish silently. */
export function boundsSource(type: Struct): string {
  return [
    'const { view, bytes } = memory;',
    `if (!(offset >= 0 && offset + ${type.layout.size} <= bytes.length)) throw outside(offset);`,
  ].join('\n');
}

class Encoder {
  readonly checks: string[] = [];
  readonly writes: string[] = [];
  readonly #form: Form;
  readonly #constants: unknown[];
  readonly #refuse: string;
  #variables = 0;

  constructor(form: Form, constants: unknown[]) {
    this.#form = form;
    this.#constants = constants;
    this.#refuse = `throw invalid(value, "${form}");`;
  }

  struct(type: Struct, value: string, base: number): void {
    this.checks.push(
      `if (typeof ${value} !== "object" || ${value} === null || Array.isArray(${value})) ${this.#refuse}`,
    );
    // Counting what is there and comparing with what should be finds unknown fields without looking at any name.
    const surplus = this.#variable('s');
    this.checks.push(`let ${surplus} = ${-type.layout.fields.length};`, `for (const _ in ${value}) ${surplus}++;`);
    let end = 0;
    for (const { name, type: fieldType, offset, size } of type.layout.fields) {
      this.#zero(base + end, base + offset);
      this.#field(fieldType, `${value}.${name}`, surplus, base + offset);
      end = offset + size;
    }
    this.#zero(base + end, base + type.layout.size);
    this.checks.push(`if (${surplus} > 0) refuseUnknown(value, "${this.#form}");`);
  }

  #field(type: Type, source: string, surplus: string, at: number): void {
    const variable = this.#variable('f');
    this.checks.push(`let ${variable} = ${source};`);
    if (type.kind === 'struct') {
      this.struct(type, variable, at);
      return;
    }
    if (type.default !== undefined) {
      // In JSON form a 64-bit default is filled in after the conversion from JSON, hence as it is.
      const fallback = this.#constant(type.default);
      const convert = this.#convert(type, variable);
      this.checks.push(`if (${variable} === undefined) { ${variable} = ${fallback}; ${surplus}++; }`);
      if (convert !== '') this.checks.push(`else ${convert}`);
    } else {
      const convert = this.#convert(type, variable);
      if (convert !== '') this.checks.push(convert);
    }
    this.#check(type, variable);
    this.writes.push(this.#write(type, variable, at));
  }

  /** The statement that makes a JSON value a native one; empty where they are the same. */
  #convert(type: Type, variable: string): string {
    const differs = this.#form === 'json' && (type.kind === 'i64' || type.kind === 'u64');
    return differs ? `${variable} = bigintFromJson(${variable});` : '';
  }

  #check(type: Exclude<Type, Struct>, variable: string): void {
    if (type.kind === 'enum') {
      this.checks.push(`${variable} = ${this.#enumNumber(type.values, variable)};`);
      this.checks.push(`if (${variable} === undefined) ${this.#refuse}`);
    } else {
      this.checks.push(`if (!(${condition(type, variable)})) ${this.#refuse}`);
    }
  }

  #enumNumber(values: readonly string[], variable: string): string {
    if (values.length > CHAIN) {
      return `${this.#constant(new Map(values.map((value, index) => [value, index])))}.get(${variable})`;
    }
    return `${values.map((value, index) => `${variable} === "${value}" ? ${index} : `).join('')}undefined`;
  }

  #write(type: Exclude<Type, Struct>, variable: string, at: number): string {
    const place = `offset + ${at}`;
    switch (type.kind) {
      case 'bool':
        return `view.setUint8(${place}, ${variable} ? 1 : 0);`;
      case 'text':
        return `if (!writeText(bytes, ${place}, ${type.capacity}, ${variable})) ${this.#refuse}`;
      default:
        return `view.set${accessorOf(type)}(${place}, ${variable}${sizeOf(type) > 1 ? ', true' : ''});`;
    }
  }

  #zero(from: number, to: number): void {
    for (let at = from; at < to; at++) this.writes.push(`view.setUint8(offset + ${at}, 0);`);
  }

  #variable(letter: string): string {
    return `${letter}${this.#variables++}`;
  }

  #constant(value: unknown): string {
    this.#constants.push(value);
    return `constants[${this.#constants.length - 1}]`;
  }
}

/** What DataView calls a number of this type: the end of its method's name. */
export function accessorOf(type: Exclude<Type, Struct>): string {
  switch (type.kind) {
    case 'f32':
      return 'Float32';
    case 'f64':
      return 'Float64';
    case 'i64':
      return 'BigInt64';
    case 'u64':
      return 'BigUint64';
    case 'enum':
      return 'Uint32';
    case 'bool':
    case 'text':
      return 'Uint8';
    default:
      return `${type.kind.startsWith('i') ? 'Int' : 'Uint'}${type.kind.slice(1)}`;
  }
}

/** The condition that a native value is of its type and in its range. A text's length is only known once it is encoded. */
function condition(type: Exclude<Type, Struct>, variable: string): string {
  switch (type.kind) {
    case 'bool':
      return `typeof ${variable} === "boolean"`;
    case 'text':
      return `typeof ${variable} === "string"`;
    case 'enum':
      return 'true';
    case 'i64':
    case 'u64': {
      const signed = type.kind === 'i64' ? 'asIntN' : 'asUintN';
      const { min, max } = limits[type.kind];
      // For the full range, "unchanged by wrapping" is compiled to no arithmetic on heap-allocated bigints.
      const whole = `typeof ${variable} === "bigint" && BigInt.${signed}(64, ${variable}) === ${variable}`;
      const narrowed = type.min > min || type.max < max;
      return narrowed ? `${whole} && ${variable} >= ${type.min}n && ${variable} <= ${type.max}n` : whole;
    }
    case 'f32':
    case 'f64': {
      const { min, max } = acceptedRange(type);
      // The bounds are finite, so that these comparisons also refuse NaN and the infinities.
      return `typeof ${variable} === "number" && ${variable} >= ${min} && ${variable} <= ${max}`;
    }
    case 'u32':
      // Without the typeof, the operators would throw for a bigint, and call valueOf() of an object.
      return `typeof ${variable} === "number" && (${variable} >>> 0) === ${variable} && ${variable} >= ${type.min} && ${variable} <= ${type.max}`;
    default:
      return `typeof ${variable} === "number" && (${variable} | 0) === ${variable} && ${variable} >= ${type.min} && ${variable} <= ${type.max}`;
  }
}
