import type { Convert } from './convert.ts';
import { fieldOf, type Member } from './members.ts';
import { Refusals } from './refusals.ts';

/** What the codec's own views have beside their fields: the JSON form of all of it. */
export interface View {
  toJSON(): unknown;
}

export function isView(value: unknown): value is View {
  return typeof value === 'object' && value !== null && 'toJSON' in value && typeof value.toJSON === 'function';
}

/** What is inside of a view: of a struct or union, another one. */
export function viewOf(value: unknown): View {
  return value as View;
}

/**
 * Views of a struct of our version over views of the peer's: each field is converted when it is read. As the codec's own views,
 * they have enumerable getters that are not their own, and `toJSON`.
 *
 * @param members Of the struct, none of them `leftOut`.
 * @param toJson Converts the JSON form.
 */
export function viewsOf(members: readonly Member[], toJson: Convert | undefined): (view: View, at: string) => object {
  class Adapted implements View {
    readonly #view: View;
    readonly #at: string;

    constructor(view: View, at: string) {
      this.#view = view;
      this.#at = at;
    }

    static read(adapted: Adapted, member: Member): unknown {
      const refused = new Refusals();
      const field = fieldOf(member, adapted.#view, adapted.#at, refused);
      refused.requireNoneReceived();
      return field;
    }

    toJSON(): unknown {
      const json = this.#view.toJSON();
      if (toJson === undefined) return json;
      const refused = new Refusals();
      const converted = toJson(json, this.#at, refused);
      refused.requireNoneReceived();
      return converted;
    }

    /** What Node's console shows instead of an object without properties. */
    [Symbol.for('nodejs.util.inspect.custom')](): object {
      return Object.fromEntries(members.map((member) => [member.name, Adapted.read(this, member)]));
    }
  }
  for (const member of members) {
    Object.defineProperty(Adapted.prototype, member.name, {
      enumerable: true,
      get(this: Adapted): unknown {
        return Adapted.read(this, member);
      },
    });
  }
  return (view, at) => new Adapted(view, at);
}
