import type { NamedTypes } from '../language/collect.ts';
import { alignOf } from '../language/layout.ts';
import type { PlacedField, Struct, Union, ValueType } from '../language/types.ts';
import { comment } from './comment.ts';
import { declaration, presenceMember } from './ctypes.ts';
import { enumDeclaration, flagsDeclaration, kindDeclaration } from './enums.ts';
import { elementOf, fieldComment } from './field-comment.ts';
import { accessorNames, memberName, typeNameOf, unionKindName } from './names.ts';

/** The declarations of all named types, with assertions that the compiler lays them out as the codecs do. */
export function typeDeclarations(service: string, types: NamedTypes): string[] {
  return [
    ...types.enums.flatMap((type) => enumDeclaration(service, type)),
    ...types.flags.flatMap((type) => flagsDeclaration(service, type)),
    ...types.composites.flatMap((type) => {
      return type.kind === 'struct' ? structDeclaration(service, type) : unionDeclaration(service, type);
    }),
  ];
}

function structDeclaration(service: string, type: Struct): string[] {
  const cName = typeNameOf(service, type.name);
  const { layout } = type;
  const lines = [
    ...comment([type.description, type.packed ? PACKED : undefined]),
    `typedef struct${attributesOf(type)} ${cName} {`,
    ...layout.fields.flatMap((field) => [
      ...presenceWord(field),
      ...comment([fieldComment(service, type, field)], '  '),
      `  ${declaration(service, field.type, memberName(field.name))};`,
    ]),
    `} ${cName};`,
  ];
  const isTight = type.packed && layout.fields.some((field) => isRaised(field.type));
  return [
    ...(isTight ? withoutWarning('-Wpacked-not-aligned', lines) : lines),
    ...sizeAssertions(cName, layout),
    ...layout.presence.map((offset, word) => offsetAssertion(cName, presenceMember(word), offset)),
    ...layout.fields.map(({ name, offset }) => offsetAssertion(cName, memberName(name), offset)),
    ...layout.fields.flatMap((field) => scaleConstant(service, type, field)),
    '',
  ];
}

const PACKED =
  'Packed: a member may lie at any address, so read and write it by its name, not through a pointer to it.';

/** Only what changes something, so that most structs are plain C. */
function attributesOf(type: Struct): string {
  const words = type.packed ? ['packed'] : [];
  if (hasOwnAlign(type)) words.push(`aligned(${type.layout.align})`);
  return words.length === 0 ? '' : ` __attribute__((${words.join(', ')}))`;
}

const PRESENCE_BYTES = 4;

/** Whether a struct is aligned to more than its members need. */
function hasOwnAlign({ packed, layout }: Struct): boolean {
  const presence = layout.presence.map(() => PRESENCE_BYTES);
  return layout.align > (packed ? 1 : Math.max(...presence, ...layout.fields.map(({ type }) => alignOf(type))));
}

/** Whether a type, or something that it gets its alignment from, is such a struct. */
function isRaised(type: ValueType): boolean {
  switch (type.kind) {
    case 'array':
      return isRaised(type.element);
    case 'union':
      return Object.values(type.variants).some(isRaised);
    case 'struct':
      return hasOwnAlign(type) || (!type.packed && type.layout.fields.some((field) => isRaised(field.type)));
    default:
      return false;
  }
}

/** What follows is meant, and gcc, from version 8, has a warning for it that others do not know. */
function withoutWarning(warning: string, lines: readonly string[]): string[] {
  const condition = '#if defined(__GNUC__) && __GNUC__ >= 8 && !defined(__clang__)';
  return [
    condition,
    '#pragma GCC diagnostic push',
    `#pragma GCC diagnostic ignored "${warning}"`,
    '#endif',
    ...lines,
    condition,
    '#pragma GCC diagnostic pop',
    '#endif',
  ];
}

/** The word of presence bits, before the first field that has a bit in it. */
function presenceWord({ presence }: PlacedField): string[] {
  return presence?.bit === 0 ? [`  uint32_t ${presenceMember(presence.word)};`] : [];
}

/** What a decimal field must be divided by. */
function scaleConstant(service: string, struct: Struct, { name, type }: PlacedField): string[] {
  const element = elementOf(type);
  if (element.kind !== 'decimal') return [];
  return [`#define ${accessorNames(service, struct.name, name).scale} INT64_C(${10n ** BigInt(element.scale)})`];
}

function unionDeclaration(service: string, type: Union): string[] {
  const cName = typeNameOf(service, type.name);
  return [
    ...kindDeclaration(service, type),
    ...comment([type.description]),
    `typedef struct ${cName} {`,
    `  ${unionKindName(service, type.name)} kind;`,
    '  union {',
    ...Object.entries(type.variants).map(([name, variant]) => {
      return `    ${declaration(service, variant, memberName(name))};`;
    }),
    '  } as;',
    `} ${cName};`,
    ...sizeAssertions(cName, type.layout),
    offsetAssertion(cName, 'as', type.layout.offset),
    '',
  ];
}

function sizeAssertions(cName: string, { size, align }: { readonly size: number; readonly align: number }): string[] {
  return [
    `ISTH_STATIC_ASSERT(sizeof(${cName}) == ${size}, "size of ${cName}");`,
    `ISTH_STATIC_ASSERT(ISTH_ALIGNOF(${cName}) == ${align}, "alignment of ${cName}");`,
  ];
}

function offsetAssertion(cName: string, member: string, offset: number): string {
  return `ISTH_STATIC_ASSERT(offsetof(${cName}, ${member}) == ${offset}, "offset of ${cName}.${member}");`;
}
