/** The kinds of values that configuration keys take, each with its check. The tables that use them are in tables.ts. */
import { pagePathProblem } from '../http/pages.ts';
import { refuse, runAll, show } from './problem.ts';

export interface Key<T> {
  /** The default as docs/config.md states it; undefined: the key has none. */
  readonly default: string | undefined;
  /** Checks a value and puts the default in its place when it is undefined; `path` names the key in problems. */
  readonly check: (value: unknown, path: string) => T;
}

/** A table of keys that has exactly the keys of `T`: the compiler holds the two together. */
export type Keys<T> = { readonly [K in keyof Required<T>]: Key<Required<T>[K]> };

interface WithDefault<T> {
  readonly default: T;
}

/** A whole number from `min` to `max`. */
export function integer(limits: { min: number; max: number } & WithDefault<number>): Key<number> {
  return {
    default: grouped(limits.default),
    check(value = limits.default, path) {
      if (typeof value !== 'number' || !Number.isInteger(value) || value < limits.min || value > limits.max) {
        const range = `${grouped(limits.min)} to ${grouped(limits.max)}`;
        refuse(path, `must be a whole number from ${range}, not ${show(value)}`);
      }
      return value;
    },
  };
}

/** 65536 as 65,536. Not toLocaleString, whose first use takes 30 ms: as much as all else that reading a configuration does. */
function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A ring's size: a power of two from 4 KiB to 1 GiB. */
export function ringBytes(options: WithDefault<number>): Key<number> {
  const whole = integer({ min: 4096, max: 2 ** 30, ...options });
  return {
    default: whole.default,
    check(value, path) {
      const bytes = whole.check(value, path);
      if (!Number.isInteger(Math.log2(bytes))) refuse(path, `must be a power of two, not ${bytes}`);
      return bytes;
    },
  };
}

/** One of a few words. */
export function choice<const T extends string>(words: readonly T[], options: WithDefault<NoInfer<T>>): Key<T> {
  return {
    default: `\`${options.default}\``,
    check(value = options.default, path) {
      const found = words.find((word) => word === value);
      return found ?? refuse(path, `must be one of ${words.join(', ')}, not ${show(value)}`);
    },
  };
}

/** True or false. */
export function flag(options: WithDefault<boolean>): Key<boolean> {
  return {
    default: String(options.default),
    check: (value = options.default, path) =>
      typeof value === 'boolean' ? value : refuse(path, `must be true or false, not ${show(value)}`),
  };
}

/** A text that is not empty and holds no NUL, which no path, argument or address can carry. */
export function text(options: WithDefault<string>): Key<string> {
  return {
    default: `\`${options.default}\``,
    check: (value = options.default, path) => checkText(value, path),
  };
}

/** A list whose entries are checked one by one. */
export function list<T>(value: unknown, path: string, check: (entry: unknown, path: string) => T): readonly T[] {
  if (!Array.isArray(value)) refuse(path, `must be a list, not ${show(value)}`);
  return value.map((entry: unknown, index) => check(entry, `${path}[${index}]`));
}

/** A key that may be left out and then stays undefined. */
export function optional<T>(check: (value: unknown, path: string) => T): Key<T | undefined> {
  return { default: undefined, check: (value, path) => (value === undefined ? undefined : check(value, path)) };
}

export function checkText(value: unknown, path: string): string {
  if (typeof value !== 'string' || value === '' || value.includes('\0')) {
    refuse(path, `must be a text that is not empty, not ${show(value)}`);
  }
  return value;
}

/** A list of at least one text: a command with its arguments, or files. */
export function checkTexts(value: unknown, path: string): readonly string[] {
  if (!Array.isArray(value) || value.length === 0) {
    refuse(path, `must be a list of at least one text, not ${show(value)}`);
  }
  return value.map((entry: unknown, index) => checkText(entry, `${path}[${index}]`));
}

/** A plain object, as `{}` makes one. */
export function checkObject(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    refuse(path, `must be an object, not ${show(value)}`);
  }
  return Object.fromEntries(Object.entries(value));
}

/** A list of origins, as browsers write them: scheme, host, and the port where it is not the scheme's own. */
export function origins(options: WithDefault<readonly string[]>): Key<readonly string[]> {
  return {
    default: `\`${JSON.stringify(options.default)}\``,
    check(value = options.default, path) {
      if (!Array.isArray(value)) refuse(path, `must be a list of origins, not ${show(value)}`);
      return value.map((entry: unknown, index) => checkOrigin(entry, `${path}[${index}]`));
    },
  };
}

function checkOrigin(value: unknown, path: string): string {
  const origin = typeof value === 'string' && URL.canParse(value) ? new URL(value).origin : undefined;
  if (origin === undefined || origin !== value || origin === 'null') {
    refuse(path, `must be an origin such as https://example.com, not ${show(value)}`);
  }
  return origin;
}

/** Folders of pages by the path under which they are served. */
export function pages(options: WithDefault<Readonly<Record<string, string>>>): Key<Readonly<Record<string, string>>> {
  return {
    default: `\`${JSON.stringify(options.default)}\``,
    check: (value = options.default, path) =>
      Object.fromEntries(
        Object.entries(checkObject(value, path)).map(([url, folder]) => {
          const problem = pagePathProblem(url);
          if (problem !== undefined) refuse(`${path}["${url}"]`, problem);
          return [url, checkText(folder, `${path}["${url}"]`)];
        }),
      ),
  };
}

/** Environment variables: names without `=`, values of any text. */
export function checkEnvironment(value: unknown, path: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(checkObject(value, path)).map(([name, entry]) => {
      if (name === '' || name.includes('=')) refuse(`${path}.${name}`, 'is not a name of an environment variable');
      if (typeof entry !== 'string' || entry.includes('\0')) {
        refuse(`${path}.${name}`, `must be a text, not ${show(entry)}`);
      }
      return [name, entry];
    }),
  );
}

/** Refuses keys that are not in `known`, and suggests the one that was probably meant. */
export function refuseUnknownKeys(
  value: Readonly<Record<string, unknown>>,
  known: readonly string[],
  path: string,
): void {
  const prefix = path === '' ? '' : `${path}.`;
  runAll(
    Object.keys(value)
      .filter((key) => !known.includes(key))
      .map((key) => () => {
        const meant = known.find((name) => name.toLowerCase() === key.toLowerCase());
        refuse(
          `${prefix}${key}`,
          meant === undefined ? `is not a key; known are ${known.join(', ')}` : `is spelt ${meant}`,
        );
      }),
  );
}

/** Checks an object against a table: every key, and none beside them. */
export function checkKeys<T>(keys: Keys<T>, value: unknown, path: string): Required<T> {
  const given = checkObject(value ?? {}, path);
  const names = Object.keys(keys);
  const checked: Record<string, unknown> = {};
  const prefix = path === '' ? '' : `${path}.`;
  runAll([
    () => refuseUnknownKeys(given, names, path),
    ...Object.entries<Key<unknown>>(keys).map(([name, key]) => () => {
      checked[name] = key.check(given[name], `${prefix}${name}`);
    }),
  ]);
  // Every key of the table is in `checked` now, with the type its own check returns; TypeScript cannot follow the loop.
  return checked as Required<T>;
}
