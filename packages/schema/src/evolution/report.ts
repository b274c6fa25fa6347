import { printable } from '../text/problem.ts';
import type { Change } from './change.ts';
import { compareNames, type NameChange } from './compare-names.ts';
import { type RuleName, rules } from './rules.ts';

/** What an appended name of a list is, by what it is a name of. */
export interface Appending {
  readonly rule: RuleName;
  /** What is there, in few words. */
  readonly what: string;
  /** Whether a program that has it can do without it, with one that lacks it. */
  readonly isAdaptable: boolean;
}

/** How two lists of methods, or of regions, are compared. */
export interface MemberRules<Member> {
  readonly placeOf: (name: string) => string;
  readonly appending: Appending;
  readonly compare: (before: Member, after: Member, place: string) => void;
}

/** Collects the differences. */
export class Report {
  readonly changes: Change[] = [];

  add(rule: RuleName, place: string, before: string | undefined, after: string | undefined, isAdaptable = true): void {
    // Defaults are texts, of another program maybe.
    const [old, young] = [before && printable(before), after && printable(after)];
    this.changes.push({ rule, place, before: old, after: young, isAdaptable, ...rules[rule] });
  }

  /**
   * Compares two lists whose order counts.
   *
   * @param placeOf Where a name is.
   * @param appending What it means that a list ends with a name which the other one lacks.
   */
  names(
    before: readonly string[],
    after: readonly string[],
    placeOf: (name: string) => string,
    appending: (name: string) => Appending,
  ): void {
    for (const change of compareNames(before, after)) this.#name(change, placeOf(change.name), appending(change.name));
  }

  /** The same of what has a name, and whatever of it both lists have. */
  members<Member extends { readonly name: string }>(
    before: readonly Member[],
    after: readonly Member[],
    { placeOf, appending, compare }: MemberRules<Member>,
  ): void {
    const namesOf = (members: readonly Member[]): string[] => members.map(({ name }) => name);
    this.names(namesOf(before), namesOf(after), placeOf, () => appending);
    const young = new Map(after.map((member) => [member.name, member]));
    for (const old of before) {
      const member = young.get(old.name);
      if (member !== undefined) compare(old, member, placeOf(old.name));
    }
  }

  #name(change: NameChange, place: string, { rule, what, isAdaptable }: Appending): void {
    switch (change.kind) {
      case 'appended':
        this.add(rule, place, undefined, what, isAdaptable);
        return;
      case 'inserted':
        this.add('inserted', place, undefined, what, false);
        return;
      case 'removed':
        this.add('removed', place, what, undefined, change.atEnd && isAdaptable);
        return;
      case 'renamed':
        this.add('renamed', place, change.name, change.to, false);
        return;
      case 'moved':
        this.add('moved', place, `place ${change.from}`, `place ${change.to}`, false);
    }
  }
}
