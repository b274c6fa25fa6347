/** `If-Match` and `If-None-Match` (RFC 9110, 13). */
import type { IncomingHttpHeaders } from 'node:http';
import { IsthmusError } from '@isthmus/schema';

/** What the conditions of a request come to. `match`, `noneMatch`: the one that does not hold. */
export type Verdict = 'pass' | 'match' | 'noneMatch';

interface EntityTag {
  /** Without its quotes. */
  readonly value: string;
  readonly isWeak: boolean;
}

/** Any, or one of these. */
type TagList = '*' | readonly EntityTag[];

export class Conditions {
  readonly #match: TagList | undefined;
  readonly #noneMatch: TagList | undefined;

  private constructor(match: TagList | undefined, noneMatch: TagList | undefined) {
    this.#match = match;
    this.#noneMatch = noneMatch;
  }

  /**
   * The conditions of a request; undefined: there are none.
   *
   * @throws IsthmusError `INVALID_ARGUMENT` for a header that is not a list of entity tags.
   */
  static of(headers: IncomingHttpHeaders): Conditions | undefined {
    const match = tagsOf('if-match', headers['if-match']);
    const noneMatch = tagsOf('if-none-match', headers['if-none-match']);
    return match === undefined && noneMatch === undefined ? undefined : new Conditions(match, noneMatch);
  }

  /** Whether what holds now may not hold at another version; `If-Match: *` alone holds at any. */
  get dependOnVersion(): boolean {
    return this.#match !== '*' || this.#noneMatch !== undefined;
  }

  /** @param current Every entity tag of what there is, without quotes; none where there is nothing. All of them are strong. */
  judge(current: readonly string[]): Verdict {
    // A weak tag never matches strongly.
    if (this.#match !== undefined && !includes(this.#match, current, ({ isWeak }) => !isWeak)) return 'match';
    if (this.#noneMatch !== undefined && includes(this.#noneMatch, current, () => true)) return 'noneMatch';
    return 'pass';
  }
}

function includes(tags: TagList, current: readonly string[], counts: (tag: EntityTag) => boolean): boolean {
  if (tags === '*') return current.length > 0;
  return tags.some((tag) => counts(tag) && current.includes(tag.value));
}

/** One element of a list, which may be empty, up to its comma or the end. */
const element = /[ \t]*(?:(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"[ \t]*)?(?:,|$)/y;

function tagsOf(name: string, header: string | undefined): TagList | undefined {
  if (header === undefined) return undefined;
  if (header.trim() === '*') return '*';
  const tags: EntityTag[] = [];
  element.lastIndex = 0;
  while (element.lastIndex < header.length) {
    const match = element.exec(header);
    if (match === null) throw notTags(name);
    const [, weak, value] = match;
    if (value !== undefined) tags.push({ value, isWeak: weak !== undefined });
  }
  if (tags.length === 0) throw notTags(name);
  return tags;
}

function notTags(name: string): IsthmusError {
  return new IsthmusError('INVALID_ARGUMENT', { detail: `the header ${name} must be * or entity tags in quotes` });
}
