import type { Enumeration, Flags, Union } from '../language/types.ts';
import { comment } from './comment.ts';
import { enumeratorName, typeNameOf, unionKindName, variantName } from './names.ts';

/** The declaration of an enumeration. */
export function enumDeclaration(service: string, type: Enumeration): string[] {
  const cName = typeNameOf(service, type.name);
  const enumerators = type.values.map((value) => enumeratorName(service, type.name, value));
  if (!type.open) return [...comment([type.description]), ...enumOf(cName, enumerators)];
  // A C++ enum may not hold what it has no enumerator for, and a later version of the schema may send that.
  return [
    ...comment([type.description, 'Later versions of the schema may have more values.']),
    `typedef uint32_t ${cName};`,
    ...numbered('enum {', enumerators, '};'),
    '',
  ];
}

/** The declaration of what says which variant a union holds. */
export function kindDeclaration(service: string, type: Union): string[] {
  const variants = Object.keys(type.variants).map((variant) => variantName(service, type.name, variant));
  return enumOf(unionKindName(service, type.name), variants);
}

function enumOf(cName: string, enumerators: readonly string[]): string[] {
  return [
    ...numbered(`typedef enum ${cName} {`, enumerators, `} ${cName};`),
    `ISTH_STATIC_ASSERT(sizeof(${cName}) == 4, "${cName} takes 4 bytes: compile without -fshort-enums");`,
    '',
  ];
}

function numbered(before: string, enumerators: readonly string[], after: string): string[] {
  const last = enumerators.length - 1;
  return [
    before,
    ...enumerators.map((enumerator, index) => `  ${enumerator} = ${index}${index < last ? ',' : ''}`),
    after,
  ];
}

/** The declaration of flags. Macros and not an enum, whose values C11 wants to fit into an int. */
export function flagsDeclaration(service: string, type: Flags): string[] {
  const cName = typeNameOf(service, type.name);
  return [
    ...comment([
      type.description,
      `A set of the bits below.${type.open ? ' Later versions of the schema may have more.' : ''}`,
    ]),
    `typedef uint${type.bits}_t ${cName};`,
    ...type.values.map((value, index) => {
      return `#define ${enumeratorName(service, type.name, value)} ((${cName})1 << ${index})`;
    }),
    '',
  ];
}
