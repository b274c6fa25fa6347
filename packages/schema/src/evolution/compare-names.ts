/** What became of one name in a list whose order counts: of methods, fields, values, variants or errors. */
export type NameChange =
  /** Behind all that were there. */
  | { readonly kind: 'appended'; readonly name: string }
  /** Before one that was there, or in the place of one that is gone. */
  | { readonly kind: 'inserted'; readonly name: string }
  /** `atEnd`: behind all that are still there, so that it is the same as if the older list had appended it. */
  | { readonly kind: 'removed'; readonly name: string; readonly atEnd: boolean }
  | { readonly kind: 'renamed'; readonly name: string; readonly to: string }
  /** Among those that are still there; places count from 1. */
  | { readonly kind: 'moved'; readonly name: string; readonly from: number; readonly to: number };

/**
 * What differs between two lists of distinct names. Where there are only `appended` ones, the older list is the beginning of
 * the newer one; where there are only ones removed `atEnd`, the reverse.
 */
export function compareNames(before: readonly string[], after: readonly string[]): NameChange[] {
  const inBefore = new Set(before);
  const placeAfter = new Map(after.map((name, index) => [name, index]));
  const changes: NameChange[] = [];

  const kept = before.filter((name) => placeAfter.has(name));
  const keptAfter = after.filter((name) => inBefore.has(name));
  const ranks = new Map(keptAfter.map((name, rank) => [name, rank]));
  for (const [rank, name] of kept.entries()) {
    const to = ranks.get(name) ?? rank;
    if (to !== rank) changes.push({ kind: 'moved', name, from: rank + 1, to: to + 1 });
  }

  // Names at one place, of which neither is known to the other list, are one thing with another name.
  const isRenamed = (index: number): boolean => {
    const [old, young] = [before[index], after[index]];
    return old !== undefined && young !== undefined && !placeAfter.has(old) && !inBefore.has(young);
  };
  const isEnd = (names: readonly string[], isKept: (name: string) => boolean): ((index: number) => boolean) => {
    const last = names.findLastIndex((name, index) => isKept(name) || isRenamed(index));
    return (index) => index > last;
  };
  const isEndBefore = isEnd(before, (name) => placeAfter.has(name));
  const isEndAfter = isEnd(after, (name) => inBefore.has(name));
  for (const [index, name] of before.entries()) {
    if (placeAfter.has(name)) continue;
    const to = after[index];
    if (isRenamed(index) && to !== undefined) changes.push({ kind: 'renamed', name, to });
    else changes.push({ kind: 'removed', name, atEnd: isEndBefore(index) });
  }
  for (const [index, name] of after.entries()) {
    if (inBefore.has(name) || isRenamed(index)) continue;
    changes.push({ kind: isEndAfter(index) ? 'appended' : 'inserted', name });
  }
  return changes;
}
