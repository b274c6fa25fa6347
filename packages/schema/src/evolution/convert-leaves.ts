import type { Enumeration, Flags } from '../language/types.ts';
import type { Convert, Sense } from './convert.ts';
import type { Refusals } from './refusals.ts';
import { elementsOf } from './values.ts';

/** By number, since one version may know by name what the other one has as a number. */
export function convertEnumeration(from: Enumeration, to: Enumeration, sense: Sense): Convert | undefined {
  const isKnown = from.values.length <= to.values.length;
  if (from.open ? from.values.length === to.values.length && to.open : isKnown) return undefined;
  const numbers = new Map<unknown, number>(from.values.map((value, index) => [value, index]));
  return (value, at, refused) => {
    const number = typeof value === 'number' ? value : numbers.get(value);
    const name = number === undefined ? undefined : to.values[number];
    if (name !== undefined) return name;
    if (!to.open) refused.add(at, `has the value ${String(value)}, which ${readerOf(sense)} does not have`);
    return number;
  };
}

export function convertFlags(from: Flags, to: Flags, sense: Sense): Convert | undefined {
  if (from.values.length <= to.values.length) return undefined;
  const known = new Set<unknown>(to.values);
  return (value, at, refused) =>
    elementsOf(value).filter((name) => {
      if (known.has(name)) return true;
      // Reading leaves out what is not known, as the codec of an open set does; sending never leaves out anything.
      if (sense === 'toPeer' || !to.open) {
        refused.add(at, `has the flag ${String(name)}, which ${readerOf(sense)} does not have`);
      }
      return false;
    });
}

export function convertElements(value: unknown, element: Convert, at: string, refused: Refusals): unknown[] {
  return elementsOf(value).map((inner, index) => element(inner, `${at}/${index}`, refused));
}

/** A bound of what a peer may send, where the peer's own is wider. */
export function limited(
  theirs: number,
  ours: number,
  what: string,
  count: (value: unknown) => number,
): Convert | undefined {
  if (theirs <= ours) return undefined;
  return (value, at, refused) => {
    if (count(value) > ours) refused.add(at, `must have at most ${ours} ${what}`);
    return value;
  };
}

function readerOf(sense: Sense): string {
  return sense === 'toPeer' ? "the instance's version of the schema" : "the client's version of the schema";
}
