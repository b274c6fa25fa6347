import { expectation, rangeOf } from '../codec/expectation.ts';
import { alignOf, sizeOf } from '../language/layout.ts';
import {
  acceptedRange,
  type Flags,
  type List,
  limits,
  MAX_MESSAGE_BYTES,
  type Tail,
  type ValueType,
} from '../language/types.ts';
import { loadSuffix, type Wide } from './ctypes.ts';
import { indent, returning } from './format.ts';
import { floatLiteral, integerLiteral, stringLiteral } from './literal.ts';
import { checkName } from './names.ts';

/**
 * An input is checked for all that the schema says. A reply only for what would make its C value undefined or unsafe to
 * read: ranges do not.
 */
export type Role = 'input' | 'reply';

/** Statements that leave the function where something is bad. */
export interface Code {
  readonly lines: readonly string[];
  /** Whether they are for inputs only. */
  readonly inputOnly: boolean;
}

/** Where a value is: a JSON pointer with `%zu` in place of each index, and the variables that hold these. */
interface Place {
  readonly pointer: string;
  readonly indices: readonly string[];
}

const nothing: Code = { lines: [], inputOnly: false };

/** Whether there are bytes that are no good value of a type. */
export function isChecked(type: ValueType, role: Role): boolean {
  switch (type.kind) {
    case 'bool':
    case 'text':
    case 'union':
    case 'textTail':
    case 'bytesTail':
    case 'list':
      return true;
    case 'bytes':
      return false;
    case 'enum':
      return !type.open;
    case 'flags':
      return unknownBits(type) !== 0n;
    case 'array':
      return isChecked(type.element, role);
    case 'struct':
      return (
        type.layout.presence.length > 0 || type.layout.fields.some(({ type: fieldType }) => isChecked(fieldType, role))
      );
    default:
      return role === 'input' && rangeConditions(type, '').length > 0;
  }
}

/**
 * The check of a value whose first byte `at`, a variable, points to.
 *
 * @param depth How many loops are around it: what its own variables are told apart by.
 */
export function codeOf(service: string, type: ValueType, at: string, place: Place, depth = 0): Code {
  if (!isChecked(type, 'input')) return nothing;
  switch (type.kind) {
    case 'struct':
    case 'union':
      return {
        lines: returning([`!${checkName(service, type.name)}(check, ${at})`], within(place)),
        inputOnly: !isChecked(type, 'reply'),
      };
    case 'array':
      return loop(service, type.element, at, `${type.length}`, place, depth);
    case 'textTail':
    case 'bytesTail':
    case 'list':
      return { lines: tailLines(service, type, at, place, depth), inputOnly: false };
    case 'bool':
    case 'enum':
    case 'flags':
    case 'text':
    case 'bytes':
      return { lines: returning(valueConditions(type, at), wrong(place, type)), inputOnly: false };
    default:
      return { lines: returning(rangeConditions(type, at), wrong(place, type)), inputOnly: true };
  }
}

/** Checks each of several values that follow each other. */
function loop(service: string, element: ValueType, at: string, count: string, place: Place, depth: number): Code {
  const index = `i${depth}`;
  const item = `item${depth}`;
  const inner = codeOf(
    service,
    element,
    item,
    { pointer: `${place.pointer}/%zu`, indices: [...place.indices, index] },
    depth + 1,
  );
  if (inner.lines.length === 0) return nothing;
  return {
    inputOnly: inner.inputOnly,
    lines: [
      `for (size_t ${index} = 0; ${index} < ${count}; ${index}++) {`,
      `  const unsigned char *${item} = ${at} + ${index} * ${sizeOf(element)};`,
      ...indent(inner.lines),
      '}',
    ],
  };
}

function tailLines(service: string, type: Tail, at: string, place: Place, depth: number): string[] {
  const tail = `tail${depth}`;
  const bad: string[] = type.max < MAX_MESSAGE_BYTES ? [`${tail}.count > ${type.max}`] : [];
  if (type.kind === 'textTail') bad.push(`!isth_elements_are_text(${tail})`);
  return [
    '{',
    `  isth_elements ${tail};`,
    ...indent(returning([`!${takeTail(type, at, tail)}`], within(place))),
    ...(bad.length === 0 ? [] : indent(returning(bad, wrong(place, type)))),
    ...(type.kind === 'list' ? indent(elementLines(service, type, tail, place, depth)) : []),
    '}',
  ];
}

function takeTail(type: Tail, at: string, tail: string): string {
  if (type.kind === 'textTail') return `isth_check_text(check, ${at}, &${tail})`;
  const element = type.kind === 'list' ? type.element : undefined;
  const [size, align] = element === undefined ? [1, 1] : [sizeOf(element), alignOf(element)];
  return `isth_check_tail(check, ${at}, ${size}, ${align}, &${tail})`;
}

function elementLines(
  service: string,
  { element }: List,
  tail: string,
  place: Place,
  depth: number,
): readonly string[] {
  const code = loop(service, element, `${tail}.first`, `${tail}.count`, place, depth);
  return code.inputOnly ? inputsOnly(code.lines) : code.lines;
}

/** Conditions each of which makes bytes no value of the type at all. */
function valueConditions(type: ValueType, at: string): string[] {
  switch (type.kind) {
    case 'bool':
      return [`*${at} > 1`];
    case 'enum':
      return [`isth_load_u32(${at}) > ${type.values.length - 1}u`];
    case 'flags': {
      const bits = `0x${unknownBits(type).toString(16)}`;
      return [`(isth_load_u${type.bits}(${at}) & ${type.bits === 64 ? `UINT64_C(${bits})` : `${bits}u`}) != 0`];
    }
    case 'text':
      return [`!isth_text_valid((const char *)${at}, ${type.capacity + 1})`];
    default:
      return [];
  }
}

/** The bits that none of the flags is, where they are an error. */
function unknownBits({ bits, values, open }: Flags): bigint {
  return open ? 0n : 2n ** BigInt(bits) - 2n ** BigInt(values.length);
}

/** Conditions each of which makes a number one that the schema does not allow. */
function rangeConditions(type: Wide | { readonly kind: string }, at: string): string[] {
  if (!('min' in type)) return [];
  const load = `isth_load_${loadSuffix(type)}(${at})`;
  const wrong: string[] = [];
  const { min, max } = limits[type.kind];
  if (type.kind === 'f32' || type.kind === 'f64') {
    const bits = `isth_load_${type.bigEndian ? 'be_' : ''}u${type.kind === 'f32' ? 32 : 64}(${at})`;
    const value = type.kind === 'f32' ? `(double)${load}` : load;
    const range = acceptedRange(type);
    wrong.push(`!isth_is_finite_${type.kind}(${bits})`);
    if (type.min > min) wrong.push(`${value} < ${floatLiteral(range.min)}`);
    if (type.max < max) wrong.push(`${value} > ${floatLiteral(range.max)}`);
    return wrong;
  }
  // Only the bounds that the schema narrows: a comparison that is always true is a warning.
  if (type.min > min) wrong.push(`${load} < ${integerLiteral(type.kind, type.min)}`);
  if (type.max < max) wrong.push(`${load} > ${integerLiteral(type.kind, type.max)}`);
  return wrong;
}

/** Long lists of values are cut: a message of the library has at most 480 bytes, and the pointer up to 192 of them. */
const REASON = 280;

function wrong(place: Place, type: ValueType): string {
  const reason = reasonOf(type);
  const short = reason.length > REASON ? `${reason.slice(0, REASON)}...` : reason;
  return `isth_check_wrong(check, ${stringLiteral(short)}, ${placeArguments(place)})`;
}

/** As TypeScript says it, where the words do not depend on TypeScript's or JSON's form of a value. */
function reasonOf(type: ValueType): string {
  switch (type.kind) {
    case 'bytesTail':
      return `must have at most ${type.max} bytes`;
    case 'flags':
      return `must have no bits but those of ${type.values.join(', ')}`;
    case 'timestamp':
      return `must be a time in ns since 1970, ${rangeOf(type)}`;
    case 'duration':
      return `must be a duration in ns, ${rangeOf(type)}`;
    case 'decimal': {
      const range = rangeOf(type);
      return `must be a decimal number ${range.startsWith('at') ? 'of ' : ''}${range}`;
    }
    default:
      return expectation(type);
  }
}

function within(place: Place): string {
  return `isth_check_within(check, ${placeArguments(place)})`;
}

function placeArguments({ pointer, indices }: Place): string {
  return [`"${pointer}"`, ...indices].join(', ');
}

/** Leaves lines out in replies. */
export function inputsOnly(lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['if (check->role == ISTH_CHECK_INPUT) {', ...indent(lines), '}'];
}
