/** What differs between a schema file and what its header says now, in words: the lines of `--check`. */

interface StructText {
  /** By name: the expression of the type, and the offset. */
  readonly fields: ReadonlyMap<string, { readonly type: string; readonly offset: string }>;
  /** Its options: description, packed, align. */
  readonly options: string;
}

/**
 * Lines that each name a struct or field and what has become of it. Empty only when the texts are equal.
 *
 * @param before A file that from-c has written, or that somebody has changed since.
 */
export function describeDrift(before: string, after: string): string[] {
  if (before === after) return [];
  const [old, now] = [structsOf(before), structsOf(after)];
  const lines = [...old.keys()].filter((name) => !now.has(name)).map((name) => `${name}: removed`);
  for (const [name, struct] of now) {
    const known = old.get(name);
    if (known === undefined) lines.push(`${name}: added`);
    else lines.push(...driftOf(name, known, struct));
  }
  return lines.length > 0 ? lines : ['the structs are the same, but the text is not: it was edited or formatted'];
}

function driftOf(struct: string, before: StructText, after: StructText): string[] {
  const lines: string[] = [];
  for (const [name, { type, offset }] of before.fields) {
    if (!after.fields.has(name)) lines.push(`${struct}.${name}: removed, was ${type} at ${offset}`);
  }
  for (const [name, { type, offset }] of after.fields) {
    const known = before.fields.get(name);
    if (known === undefined) lines.push(`${struct}.${name}: added, ${type} at ${offset}`);
    else if (known.type !== type) {
      lines.push(`${struct}.${name}: was ${known.type} at ${known.offset}, is ${type} at ${offset}`);
    } else if (known.offset !== offset) {
      lines.push(`${struct}.${name}: moved from ${known.offset} to ${offset}`);
    }
  }
  if (before.options !== after.options) lines.push(`${struct}: was ${before.options}, is ${after.options}`);
  return lines;
}

/** Reads the lines that source.ts writes, and passes over others. */
function structsOf(text: string): ReadonlyMap<string, StructText> {
  const structs = new Map<string, StructText>();
  let name = '';
  let fields = new Map<string, { type: string; offset: string }>();
  for (const line of text.split('\n')) {
    const [, start] = /^export const (\w+) = struct\(/.exec(line) ?? [];
    const [, field, type, offset] = /^ {2}(\w+): (.*), \/\/ at (\d+)$/.exec(line) ?? [];
    const [, options] = /^\}, (.*)\);$/.exec(line) ?? [];
    if (start !== undefined) [name, fields] = [start, new Map()];
    if (field !== undefined && type !== undefined && offset !== undefined) fields.set(field, { type, offset });
    if (options !== undefined) structs.set(name, { fields, options });
  }
  return structs;
}
