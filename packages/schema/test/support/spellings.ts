/** The other ways to write a value: what encoding takes, and decoding does not give. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { decimalText, type PlacedField, type Struct, type ValueType } from '../../src/index.ts';
import { jsonOf } from './forms.ts';

/**
 * Ways to write a value that `valuesOf` gave, in native or JSON form: fields left out that are optional or have their default,
 * keys and flags in any order, decimals without zeros at the end; in JSON times with other offsets and units, and numbers for
 * 64-bit integers.
 */
export function spellingsOf(type: ValueType, value: unknown, form: 'native' | 'json'): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case 'flags':
      return shuffled(value as string[]);
    case 'decimal': {
      const text = String(value);
      const short = text.includes('.') ? text.replace(/\.?0+$/, '') : text;
      return fc.constantFrom(text, short);
    }
    case 'i64':
    case 'u64':
      if (form === 'native') return fc.constant(value);
      return Number.isSafeInteger(Number(value))
        ? fc.constantFrom(Number(value), String(value))
        : fc.constant(String(value));
    case 'timestamp':
      return form === 'native' ? fc.constant(value) : timestampSpellings(value as bigint);
    case 'duration':
      return form === 'native' ? fc.constant(value) : durationSpellings(value as bigint);
    case 'array':
    case 'list':
      return fc.tuple(...(value as unknown[]).map((element) => spellingsOf(type.element, element, form)));
    case 'struct':
      return fieldSpellings(type, value as object, form).chain(shuffledObject);
    case 'union': {
      const kind: unknown = Reflect.get(value as object, 'kind');
      const fields = fieldSpellings(type.variants[String(kind)] as Struct, value as object, form);
      return fields.chain((entries) => shuffledObject([['kind', kind], ...entries]));
    }
    default:
      return fc.constant(form === 'json' ? jsonOf(type, value) : value);
  }
}

type Entries = readonly (readonly [string, unknown])[];

function fieldSpellings(type: Struct, value: object, form: 'native' | 'json'): fc.Arbitrary<Entries> {
  const fields = type.layout.fields.map((field) => fieldSpelling(field, Reflect.get(value, field.name), form));
  return fc.tuple(...fields).map((entries) => entries.flat());
}

function fieldSpelling(field: PlacedField, value: unknown, form: 'native' | 'json'): fc.Arbitrary<Entries> {
  const { name, type, presence } = field;
  const leftOut: Entries[] = [[], [[name, undefined]]];
  if (presence !== undefined && value === undefined) return fc.constantFrom(...leftOut);
  const given = spellingsOf(type, value, form).map((spelled): Entries => [[name, spelled]]);
  return isDefault(type, value) ? fc.oneof(given, fc.constantFrom(...leftOut)) : given;
}

function isDefault(type: ValueType, value: unknown): boolean {
  if (type.default === undefined) return false;
  if (type.kind === 'list') return (value as unknown[]).length === 0;
  if (type.kind === 'bytesTail') return (value as Uint8Array).length === 0;
  return isDeepStrictEqual(type.default, value);
}

function shuffled<Value>(values: readonly Value[]): fc.Arbitrary<Value[]> {
  return fc.shuffledSubarray([...values], { minLength: values.length, maxLength: values.length });
}

function shuffledObject(entries: Entries): fc.Arbitrary<unknown> {
  return shuffled(entries).map((given) => Object.fromEntries(given));
}

const NS = 1_000_000_000n;

function timestampSpellings(ns: bigint): fc.Arbitrary<string> {
  const inSecond = ((ns % NS) + NS) % NS;
  const seconds = Number((ns - inSecond) / NS);
  return fc.integer({ min: -23 * 60 - 59, max: 23 * 60 + 59 }).map((minutes) => {
    const local = new Date((seconds + minutes * 60) * 1000).toISOString().slice(0, 19);
    const size = Math.abs(minutes);
    const two = (value: number) => String(value).padStart(2, '0');
    const offset = `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
    return `${local}.${inSecond.toString().padStart(9, '0')}${offset}`;
  });
}

function durationSpellings(ns: bigint): fc.Arbitrary<string> {
  const sign = ns < 0n ? '-' : '';
  const size = ns < 0n ? -ns : ns;
  const inSeconds = (units: bigint) => `${decimalText(units, 9)}S`;
  const day = 86_400n * NS;
  const spellings = [
    `${sign}PT${inSeconds(size)}`,
    `${sign}P${size / day}DT${inSeconds(size % day)}`,
    `${sign}PT${size / (60n * NS)}M${inSeconds(size % (60n * NS))}`,
  ];
  if (size % (7n * day) === 0n) spellings.push(`${sign}P${size / (7n * day)}W`);
  return fc.constantFrom(...spellings);
}
