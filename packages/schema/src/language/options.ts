import { IsthmusError } from '../errors.ts';

/** The error of a schema that cannot be used; `detail` names the places. */
export function schemaInvalid(detail: string): IsthmusError {
  return new IsthmusError('SCHEMA_INVALID', { detail });
}

/** @throws IsthmusError `SCHEMA_INVALID` with every problem of a type, a line each. */
export function requireSound({ problems }: { readonly problems: readonly string[] }): void {
  if (problems.length > 0) throw schemaInvalid(problems.join('\n'));
}

/**
 * What is wrong with options as such: ones that do not exist, because in plain JavaScript a misspelt `minimum` would
 * otherwise silently mean no minimum; and texts that are none.
 */
export function optionProblems(options: unknown, allowed: readonly string[]): string[] {
  if (typeof options !== 'object' || options === null) return ['the options must be an object'];
  const problems: string[] = [];
  for (const [key, value] of Object.entries(options)) {
    if (!allowed.includes(key)) {
      problems.push(`there is no option ${JSON.stringify(key)}; there are ${allowed.join(', ')}`);
    } else if ((key === 'description' || key === 'unit') && value !== undefined && typeof value !== 'string') {
      problems.push(`the ${key} must be a string`);
    }
  }
  return problems;
}
