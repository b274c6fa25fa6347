import { optionProblems } from './options.ts';
import { hasTails, MAX_MESSAGE_ALIGN, type PlacedField, type Struct, type ValueType } from './types.ts';
import { isValueType } from './values.ts';

/** Who may write a region: its owner alone, or whoever is connected to it as well. */
export type Writers = 'one' | 'many';

/** A region as declared. The service gives it its name and its number. */
export interface RegionType<S extends Struct = Struct, Key extends string | undefined = string | undefined> {
  readonly kind: 'region';
  /** What a row is. */
  readonly struct: S;
  /** The name of the field that tells rows apart; `undefined`: there is one row. */
  readonly key: Key;
  /** The most rows there can be; 1 without a key. */
  readonly rows: number;
  readonly writers: Writers;
  readonly description: string | undefined;
  /** What is wrong with the declaration, in words; empty for a sound one. */
  readonly problems: readonly string[];
}

export interface RegionOptions {
  /**
   * `one`, the default: only the process that owns the region writes it, and nobody else can. `many`: whoever is connected may
   * write as well, one at a time.
   */
  readonly writers?: Writers;
  /** What the region holds. Reaches the C comments and the docs; not part of the schema's hash. */
  readonly description?: string;
}

export interface TableOptions<Key extends string> extends RegionOptions {
  /** The field that tells rows apart: text(n), bytes(n), an integer or an enumeration, and not optional. */
  readonly key: Key;
  /** The most rows there can be, 1 to 1,048,576. Their memory is there from the beginning, if only used once they are written. */
  readonly rows: number;
}

/** The most rows of a region. */
export const MAX_ROWS = 1_048_576;

/**
 * State that one side writes and many read: one struct of a fixed size, or, with a key, a table of up to `rows` of them.
 *
 * What is wrong with it is reported by `service`, with all else that is.
 *
 * @example region(Quote, { key: 'symbol', rows: 64 })
 */
export function region<S extends Struct>(
  struct: S,
  options?: RegionOptions & { readonly key?: undefined; readonly rows?: undefined },
): RegionType<S, undefined>;
export function region<S extends Struct, const Key extends keyof S['fields'] & string>(
  struct: S,
  options: TableOptions<Key>,
): RegionType<S, Key>;
export function region(
  struct: Struct,
  options: RegionOptions & { readonly key?: string | undefined; readonly rows?: number | undefined } = {},
): RegionType {
  const problems = optionProblems(options, ['key', 'rows', 'writers', 'description']);
  const { key, rows, writers = 'one', description } = options ?? {};
  if (writers !== 'one' && writers !== 'many') problems.push('writers must be one or many');
  if (isStruct(struct)) problems.push(...structProblems(struct), ...tableProblems(struct, key, rows));
  else problems.push('it must be of a struct');
  // What stands in for something else is never used: the problem is reported first.
  return Object.freeze({
    kind: 'region',
    struct,
    key,
    rows: isRows(rows) ? rows : 1,
    writers,
    description,
    problems: Object.freeze(problems),
  });
}

export function isRegion(value: unknown): value is RegionType {
  return (
    typeof value === 'object' &&
    value !== null &&
    'kind' in value &&
    value.kind === 'region' &&
    'problems' in value &&
    Array.isArray(value.problems)
  );
}

/** The key field of a sound region. */
export function keyFieldOf({ struct, key }: Pick<RegionType, 'struct' | 'key'>): PlacedField | undefined {
  return key === undefined ? undefined : struct.layout.fields.find(({ name }) => name === key);
}

/** Whether it is a struct; in plain JavaScript there may be anything in its place. */
export function isStruct(value: unknown): value is Struct {
  return isValueType(value) && value.kind === 'struct';
}

function structProblems(struct: Struct): string[] {
  const { align } = struct.layout;
  const problems = [...struct.fieldProblems];
  const [tail] = tailsOf(struct, '');
  if (tail !== undefined) {
    problems.push(`a row has a fixed size, and field ${tail}; give it a length, or use an array`);
  }
  if (align > MAX_MESSAGE_ALIGN) {
    problems.push(`its struct is aligned to ${align} bytes, and ${MAX_MESSAGE_ALIGN} is the most in a region`);
  }
  return problems;
}

/** The first field that lies behind the fixed part, and what it is. */
function* tailsOf(type: ValueType, path: string): Generator<string> {
  if (!hasTails(type)) return;
  switch (type.kind) {
    case 'textTail':
      yield `${path} is text() of any length`;
      return;
    case 'bytesTail':
      yield `${path} is bytes() of any length`;
      return;
    case 'list':
      yield `${path} is a list`;
      return;
    case 'array':
      yield* tailsOf(type.element, `${path}[]`);
      return;
    case 'struct':
      for (const field of type.layout.fields) yield* tailsOf(field.type, within(path, field.name));
      return;
    case 'union':
      for (const [name, variant] of Object.entries(type.variants)) yield* tailsOf(variant, within(path, name));
  }
}

function within(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function tableProblems(struct: Struct, key: unknown, rows: unknown): string[] {
  if (key === undefined) return rows === undefined ? [] : ['rows needs a key: the field that tells them apart'];
  const problems = keyProblems(struct, key);
  if (rows === undefined) problems.push('a key needs rows: the most that there can be');
  else if (!isRows(rows)) problems.push(`rows must be a whole number from 1 to ${MAX_ROWS}`);
  return problems;
}

function isRows(rows: unknown): rows is number {
  return typeof rows === 'number' && Number.isInteger(rows) && rows >= 1 && rows <= MAX_ROWS;
}

function keyProblems({ layout }: Struct, key: unknown): string[] {
  const field = layout.fields.find(({ name }) => name === key);
  if (field === undefined) return [`the key ${String(key)} is not a field of the struct`];
  const problems = field.presence === undefined ? [] : [`the key ${field.name} must not be optional`];
  if (!keyKinds.has(field.type.kind)) {
    problems.push(`the key ${field.name} must be text(n), bytes(n), an integer or an enumeration`);
  }
  return problems;
}

const keyKinds: ReadonlySet<string> = new Set([
  ...['text', 'bytes', 'enum'],
  ...['i8', 'i16', 'i32', 'i64', 'u8', 'u16', 'u32', 'u64'],
]);
