import { expectation } from '../codec/expectation.ts';
import {
  type BigintType,
  type FloatType,
  type IntegerType,
  limits,
  type Struct,
  type Type,
} from '../language/types.ts';
import { floatLiteral, integerLiteral, stringLiteral } from './literal.ts';
import { checkName, memberName, typeNameOf } from './names.ts';

/**
 * An input is checked for all that the schema says. A reply only for what would make its C value undefined: a bool or an
 * enumeration outside of its values, text that does not end.
 */
export type Role = 'input' | 'reply';

/** Long lists of values are cut: a message of the library has at most 480 bytes. */
const MESSAGE = 400;

/** The name of the function that checks this struct, or `undefined` where every sequence of bytes is a good one. */
export function checkOf(service: string, type: Struct | undefined, role: Role): string | undefined {
  return type === undefined || statements(type, role, 'value', '').length === 0
    ? undefined
    : checkName(service, type.name, role);
}

/**
 * A function that answers NULL, or says which field is wrong. It looks at bool, enum and float as plain bytes: loading an
 * invalid bool or enum is undefined in C, and with -ffast-math a compiler takes every float for finite.
 */
export function checkFunction(service: string, type: Struct, role: Role): string[] {
  const body = statements(type, role, 'value', '');
  if (body.length === 0) return [];
  const uses = (name: string) => body.some((line) => line.includes(`&${name},`));
  const variables = ['uint8_t byte', 'uint32_t word', 'uint64_t quad'].filter((variable) => {
    return uses(variable.slice(variable.indexOf(' ') + 1));
  });
  return [
    `static inline const char *${checkName(service, type.name, role)}(const ${typeNameOf(service, type.name)} *value) {`,
    ...variables.map((variable) => `  ${variable};`),
    ...body.map((line) => `  ${line}`),
    '  return NULL;',
    '}',
    '',
  ];
}

function statements(type: Struct, role: Role, parent: string, pointer: string): string[] {
  return type.layout.fields.flatMap((field) => {
    const access = `${parent}${parent === 'value' ? '->' : '.'}${memberName(field.name)}`;
    const place = `${pointer}/${field.name}`;
    if (field.type.kind === 'struct') return statements(field.type, role, access, place);
    const { load, wrong } = condition(field.type, role, access);
    if (wrong.length === 0) return [];
    const message = `field ${place} ${expectation(field.type)}`;
    const short = message.length > MESSAGE ? `${message.slice(0, MESSAGE)}...` : message;
    return [...load, `if (${wrong.join(' ||\n      ')}) {`, `  return ${stringLiteral(short)};`, '}'];
  });
}

interface Condition {
  /** Statements that must run before. */
  readonly load: readonly string[];
  /** Conditions each of which makes the field bad; none if it cannot be. */
  readonly wrong: readonly string[];
}

function condition(type: Exclude<Type, Struct>, role: Role, access: string): Condition {
  switch (type.kind) {
    case 'bool':
      return { load: [copy('byte', access)], wrong: ['byte > 1'] };
    case 'enum':
      return { load: [copy('word', access)], wrong: [`word > ${type.values.length - 1}u`] };
    case 'text':
      return { load: [], wrong: [`!isth_text_valid(${access}, sizeof(${access}))`] };
    case 'f32':
    case 'f64':
      return role === 'reply' ? { load: [], wrong: [] } : floatCondition(type, access);
    default:
      return { load: [], wrong: role === 'reply' ? [] : outOfRange(type, access) };
  }
}

function copy(variable: string, access: string): string {
  return `memcpy(&${variable}, &${access}, sizeof(${variable}));`;
}

function floatCondition(type: FloatType, access: string): Condition {
  const { min, max } = limits[type.kind];
  const [variable, exponent] = type.kind === 'f32' ? ['word', '0x7f800000u'] : ['quad', 'UINT64_C(0x7ff0000000000000)'];
  // What has been rounded to f32 is compared with bounds that have been, too: see acceptedRange().
  const bound = (value: number) => floatLiteral(type.kind === 'f32' ? Math.fround(value) : value);
  const wrong = [`(${variable} & ${exponent}) == ${exponent}`];
  const value = type.kind === 'f32' ? `(double)${access}` : access;
  if (type.min > min) wrong.push(`${value} < ${bound(type.min)}`);
  if (type.max < max) wrong.push(`${value} > ${bound(type.max)}`);
  return { load: [copy(variable, access)], wrong };
}

/** Only the bounds that the schema narrows: a comparison that is always true is a warning. */
function outOfRange(type: IntegerType | BigintType, access: string): string[] {
  const { min, max } = limits[type.kind];
  const wrong: string[] = [];
  if (type.min > min) wrong.push(`${access} < ${integerLiteral(type.kind, type.min)}`);
  if (type.max < max) wrong.push(`${access} > ${integerLiteral(type.kind, type.max)}`);
  return wrong;
}
