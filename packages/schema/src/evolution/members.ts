import type { Convert } from './convert.ts';
import type { Refusals } from './refusals.ts';
import { type Form, isSame, memberOf } from './values.ts';

/** What becomes of one field. */
export type Member =
  /** Both versions have it. */
  | { readonly kind: 'copied'; readonly name: string; readonly convert: Convert | undefined }
  /** Only the version wanted has it. Without a fallback it is optional. */
  | { readonly kind: 'filledIn'; readonly name: string; readonly fallback: (() => unknown) | undefined }
  /** Only the version given has it, so it must be what it is where nobody gives it. */
  | { readonly kind: 'leftOut'; readonly name: string; readonly fallback: (() => unknown) | undefined };

/** The struct of the version wanted, as a plain object. */
export function structOf(
  members: readonly Member[],
  value: unknown,
  at: string,
  refused: Refusals,
  form: Form,
): object {
  const result: Record<string, unknown> = {};
  for (const member of members) {
    const field = fieldOf(member, value, at, refused);
    // In JSON, what is not there has no key.
    if (member.kind !== 'leftOut' && (field !== undefined || form !== 'json')) result[member.name] = field;
  }
  return result;
}

/** One field of it, from the struct of the version given. */
export function fieldOf(member: Member, value: unknown, at: string, refused: Refusals): unknown {
  const { name } = member;
  switch (member.kind) {
    case 'filledIn':
      return member.fallback?.();
    case 'leftOut':
      if (!isSame(memberOf(value, name), member.fallback?.())) {
        refused.add(`${at}/${name}`, "is a field that the instance's version of the schema does not have");
      }
      return undefined;
    case 'copied': {
      const field = memberOf(value, name);
      return member.convert === undefined || field === undefined
        ? field
        : member.convert(field, `${at}/${name}`, refused);
    }
  }
}
