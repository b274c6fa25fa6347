/** What callers may do, by name: the scopes that they were granted, held against the permission that a route takes. */

const name = '[A-Za-z][A-Za-z0-9_-]*';
const scopePattern = new RegExp(
  `^(\\*|docs|call:(\\*|${name}\\.(\\*|${name}))|(read|write):(\\*|${name}|${name}\\.(\\*|${name})))$`,
);

/** Whether a text is a scope of this gateway, and not, say, one that a token carries for somebody else. */
export function isScope(text: string): boolean {
  return scopePattern.test(text);
}

/** What a route takes. */
export interface Permission {
  /** `call:pricing.quote`, `read:boiler`, `docs`. */
  readonly name: string;
  /** Every scope that holds it: itself, and the wider ones. */
  readonly grantedBy: readonly string[];
}

export function permission(name: string): Permission {
  const colon = name.indexOf(':');
  const dot = name.indexOf('.', colon);
  const wider = [...(dot < 0 ? [] : [`${name.slice(0, dot)}.*`]), ...(colon < 0 ? [] : [`${name.slice(0, colon)}:*`])];
  return { name, grantedBy: [name, ...wider, '*'] };
}

/** The scopes of one caller. */
export class Scopes {
  readonly names: readonly string[];
  readonly #granted: ReadonlySet<string>;

  constructor(names: readonly string[]) {
    this.names = names;
    this.#granted = new Set(names);
  }

  get isEmpty(): boolean {
    return this.#granted.size === 0;
  }

  allow({ grantedBy }: Permission): boolean {
    for (const scope of grantedBy) if (this.#granted.has(scope)) return true;
    return false;
  }
}
