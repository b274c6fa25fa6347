import { unionLayoutOf } from './layout.ts';
import { fieldNameProblems, typeNameProblems } from './names.ts';
import { optionProblems } from './options.ts';
import { MAX_DEPTH, MAX_STRUCT_BYTES, type Struct, type Union, type Variants } from './types.ts';
import { isValueType } from './values.ts';

/**
 * One of several structs, and which. TypeScript and JSON: the struct's fields and `kind`, the variant's name. C: a struct of
 * `kind`, an enum, and `as`, a C union with a member for each variant.
 *
 * What is wrong with it is reported by `service`, with all else that is.
 *
 * @param name In PascalCase.
 * @param variants Names in camelCase; none of the structs has a field `kind`. The first one is 0 in C.
 * @example const Shape = union('Shape', { circle: Circle, square: Square }); // { kind: 'circle', radius: 2 }
 */
export function union<V extends Variants>(
  name: string,
  variants: V,
  options: { readonly description?: string } = {},
): Union<V> {
  const place = `union ${String(name)}`;
  const found = [...typeNameProblems(name), ...optionProblems(options, ['description'])].map(
    (problem) => `${place}: ${problem}`,
  );
  const given: unknown = variants;
  const entries: [string, unknown][] = typeof given === 'object' && given !== null ? Object.entries(given) : [];
  if (entries.length === 0) found.push(`${place}: it needs at least one variant`);
  const sound: [string, Struct][] = [];
  for (const [key, type] of entries) {
    const variantPlace = `${place}, variant ${key}`;
    found.push(...fieldNameProblems(key).map((problem) => `${variantPlace}: ${problem}`));
    if (!isStruct(type)) {
      found.push(`${variantPlace}: it must be a struct`);
      continue;
    }
    found.push(...type.problems);
    if (Object.hasOwn(type.fields, 'kind')) {
      found.push(`${variantPlace}: struct ${type.name} has a field kind, which is the union's`);
    }
    sound.push([key, type]);
  }
  const soundVariants: Variants = Object.fromEntries(sound);
  const layout = unionLayoutOf(soundVariants);
  // A struct that is too large has said so.
  const isRoom = sound.every(([, type]) => type.layout.size <= MAX_STRUCT_BYTES);
  if (isRoom && layout.size > MAX_STRUCT_BYTES) {
    found.push(`${place}: it takes ${layout.size} bytes, and ${MAX_STRUCT_BYTES} is the most`);
  }
  if (layout.depth === MAX_DEPTH + 1) found.push(`${place}: more than ${MAX_DEPTH} types are inside of each other`);
  return Object.freeze({
    kind: 'union',
    name: String(name),
    // All of V's entries, or some and a problem that is reported.
    variants: Object.freeze(soundVariants) as V,
    description: options?.description,
    fieldDescription: undefined,
    fieldProblems: Object.freeze([]),
    default: undefined,
    layout,
    // What several variants are made of is there once.
    problems: Object.freeze([...new Set(found)]),
  });
}

function isStruct(value: unknown): value is Struct {
  return isValueType(value) && value.kind === 'struct';
}
