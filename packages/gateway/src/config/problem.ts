/** What a check of the configuration throws. Never leaves this folder: validateBridge makes an IsthmusError of it. */
export class ConfigProblem extends Error {
  /** One line each: the key's path and what is wrong there. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('; '));
    this.problems = problems;
  }
}

/** Fails the check of the key at `path`. */
export function refuse(path: string, reason: string): never {
  throw new ConfigProblem([`${path === '' ? 'the configuration' : path}: ${reason}`]);
}

/** Runs every task, so that one report names all problems, and throws once if any of them found some. */
export function runAll(tasks: Iterable<() => void>): void {
  const problems: string[] = [];
  for (const task of tasks) {
    try {
      task();
    } catch (error) {
      if (!(error instanceof ConfigProblem)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new ConfigProblem(problems);
}

/** A value as an error message shows it: short, and on one line. */
export function show(value: unknown): string {
  if (value === undefined) return 'undefined';
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'bigint') return `${value}n`;
  const text = typeof value === 'object' || typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
