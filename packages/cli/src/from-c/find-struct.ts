/** Finds a struct by the name that a user gives it. */
import { IsthmusError } from '@isthmus/schema';
import type { CStruct } from './c-types.ts';
import type { DebugInfo, Entry } from './dwarf.ts';
import { attributes, tags } from './dwarf-constants.ts';
import type { TypeReader } from './read-types.ts';

/** How many names that are nearly the one asked for are told. */
const MAX_SUGGESTIONS = 5;

/**
 * The struct that `struct NAME` is, or that a typedef calls NAME. `name` may begin with `struct `, which only a tag answers to.
 *
 * @throws IsthmusError INVALID_ARGUMENT when there is none, or two different ones, or it is no struct; the detail names it.
 */
export function findStruct(name: string, info: DebugInfo, reader: TypeReader): CStruct {
  const plain = withoutKeyword(name);
  // By what they stand for, so that a tag and a typedef of the same struct are one.
  const candidates = new Map<Entry, Entry>();
  for (const entry of fileScope(info)) {
    if (entry.name !== plain) continue;
    if (isRecord(entry)) candidates.set(entry, entry);
    else if (entry.tag === tags.typedef && plain === name) candidates.set(reader.strip(entry).entry, entry);
  }
  const defined = [...candidates].filter(
    ([{ tag, values }]) => isRecord({ tag }) && !values.has(attributes.declaration),
  );
  const structs = defined.filter(([{ tag }]) => tag === tags.structureType);
  if (structs.length > 1) {
    throw refused(
      `${plain} is a typedef of one struct and the tag of another: ask for "struct ${plain}" to get the latter`,
    );
  }
  for (const [, entry] of structs) {
    const type = reader.read(entry);
    if (type.kind === 'struct') return type;
  }
  if (defined.length > 0)
    throw refused(`${plain} is a union, which has no fields of its own: ask for a struct that has it`);
  if ([...candidates.keys()].some(isRecord))
    throw refused(`${plain} is declared, but the header does not say what is in it`);
  if (candidates.size > 0) throw refused(`${plain} is a type, but no struct`);
  throw refused(`the header has no struct ${plain}${suggestion(plain, info)}`);
}

/** `struct stat` is `stat`, and so is `stat`. */
export function withoutKeyword(name: string): string {
  return name.replace(/^struct\s+/, '');
}

function isRecord({ tag }: Pick<Entry, 'tag'>): boolean {
  return tag === tags.structureType || tag === tags.unionType;
}

/** What is declared outside of functions. C has no scope of its own for what is declared inside of a struct, nor has this. */
function fileScope({ units }: DebugInfo): readonly Entry[] {
  return units.flatMap(({ children }) => children);
}

function suggestion(name: string, info: DebugInfo): string {
  const names = new Set<string>();
  for (const entry of fileScope(info)) {
    if (entry.name === undefined || entry.values.has(attributes.declaration)) continue;
    if (entry.tag === tags.structureType || entry.tag === tags.typedef) names.add(entry.name);
  }
  const near = [...names]
    .map((candidate) => ({ candidate, distance: distance(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter((entry) => entry.distance <= Math.max(1, Math.floor(name.length / 3)))
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, MAX_SUGGESTIONS);
  return near.length === 0 ? '' : `; near it are ${near.map(({ candidate }) => candidate).join(', ')}`;
}

/** Levenshtein's: how many letters must be put in, left out or replaced to turn one into the other. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of a.split('').entries()) {
    const next = [i + 1];
    for (const [j, other] of b.split('').entries()) {
      const replaced = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

function refused(detail: string): IsthmusError {
  return new IsthmusError('INVALID_ARGUMENT', { detail });
}
