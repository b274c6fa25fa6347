import type { NamedTypes } from '../language/collect.ts';
import type { PlacedField, Struct, Union } from '../language/types.ts';
import { type Code, codeOf, inputsOnly, isChecked } from './check-code.ts';
import { presenceBit, presenceMember } from './ctypes.ts';
import { indent, returning, withArguments } from './format.ts';
import { stringLiteral } from './literal.ts';
import { checkName, memberName, typeNameOf, variantName } from './names.ts';

/**
 * The checks of all structs and unions, each a function that answers true, or says through `check` which field is bad.
 * They read fields as bytes at any address: loading an invalid bool or enum is undefined in C, and in packed structs nothing is
 * aligned.
 */
export function checkFunctions(service: string, types: NamedTypes): string[] {
  return types.composites
    .filter((type) => isChecked(type, 'input'))
    .flatMap((type) => [
      ...withArguments(
        `static inline bool ${checkName(service, type.name)}`,
        ['isth_check *check', 'const unsigned char *at'],
        ' {',
      ),
      ...indent(type.kind === 'struct' ? structBody(service, type) : unionBody(service, type)),
      '}',
      '',
    ]);
}

function structBody(service: string, type: Struct): string[] {
  const fields = type.layout.fields.map((field) => fieldCode(service, type, field));
  const lines = [...presenceLines(service, type)];
  // Neighbours that matter only in inputs share one question.
  let together: Code[] = [];
  const flush = () => {
    if (together.length > 0) lines.push(...inputsOnly(together.flatMap((code) => code.lines)));
    together = [];
  };
  for (const code of fields) {
    if (code.lines.length === 0) continue;
    if (code.inputOnly) together.push(code);
    else {
      flush();
      lines.push(...code.lines);
    }
  }
  flush();
  const usesField = fields.some((code) => code.lines.length > 0);
  return [...(usesField ? ['const unsigned char *field;'] : []), ...lines, 'return true;'];
}

function fieldCode(service: string, type: Struct, { name, type: fieldType, presence }: PlacedField): Code {
  const code = codeOf(service, fieldType, 'field', { pointer: `/${name}`, indices: [] });
  if (code.lines.length === 0) return code;
  const lines = [`field = at + ${offset(service, type, memberName(name))};`, ...code.lines];
  if (presence === undefined) return { ...code, lines };
  const word = `isth_load_u32(at + ${offset(service, type, presenceMember(presence.word))})`;
  return { ...code, lines: [`if ((${word} & ${presenceBit(presence.bit)}) != 0) {`, ...indent(lines), '}'] };
}

function presenceLines(service: string, type: Struct): string[] {
  return type.layout.presence.flatMap((_, word) => {
    const used = type.layout.fields.filter(({ presence }) => presence?.word === word).length;
    if (used === 32) return [];
    const unknown = `0x${(2 ** 32 - 2 ** used).toString(16)}u`;
    const member = presenceMember(word);
    return returning(
      [`(isth_load_u32(at + ${offset(service, type, member)}) & ${unknown}) != 0`],
      'isth_check_fail(check, "has presence bits that the schema does not have")',
    );
  });
}

function unionBody(service: string, type: Union): string[] {
  const kinds = Object.keys(type.variants);
  return [
    `switch (isth_load_u32(at + ${offset(service, type, 'kind')})) {`,
    ...Object.entries(type.variants).map(([name, variant]) => {
      const inside = `${checkName(service, variant.name)}(check, at + ${offset(service, type, 'as')})`;
      return `case ${variantName(service, type.name, name)}: return ${isChecked(variant, 'input') ? inside : 'true'};`;
    }),
    `default: return isth_check_wrong(check, ${stringLiteral(`must be one of ${kinds.join(', ')}`)}, "/kind");`,
    '}',
  ];
}

function offset(service: string, type: Struct | Union, member: string): string {
  return `offsetof(${typeNameOf(service, type.name)}, ${member})`;
}
