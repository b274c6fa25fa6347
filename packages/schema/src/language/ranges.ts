import { limits } from './types.ts';

interface Range<Value> {
  readonly min: Value;
  readonly max: Value;
  readonly default?: Value | undefined;
}

/**
 * What is wrong with the bounds and the default of a type with an order, in words.
 *
 * @param shown How a value is written in them.
 */
export function rangeProblems(
  kind: keyof typeof limits,
  range: Range<number> | Range<bigint>,
  shown: (value: bigint) => string = String,
): string[] {
  switch (kind) {
    case 'f32':
    case 'f64':
      return problemsOf(kind, range, Number.isFinite, 'a finite number');
    case 'i64':
    case 'u64':
    case 'timestamp':
    case 'duration':
    case 'decimal':
      return problemsOf(kind, range, (value) => typeof value === 'bigint', 'a bigint', shown);
    default:
      return problemsOf(kind, range, Number.isInteger, 'a whole number');
  }
}

function problemsOf(
  kind: keyof typeof limits,
  range: Range<number | bigint>,
  isValue: (value: unknown) => boolean,
  what: string,
  shown: (value: bigint) => string = String,
): string[] {
  const show = (value: number | bigint) => (typeof value === 'bigint' ? shown(value) : String(value));
  const problems: string[] = [];
  for (const key of ['min', 'max', 'default'] as const) {
    const value = range[key];
    if (value === undefined) continue;
    if (!isValue(value)) problems.push(`${key} must be ${what}`);
    else if (value < limits[kind].min || value > limits[kind].max) {
      problems.push(`${key} ${show(value)} is outside of what ${kind} can hold`);
    }
  }
  if (problems.length > 0) return problems;
  const { min, max, default: fallback } = range;
  if (min > max) return [`min ${show(min)} is greater than max ${show(max)}`];
  if (fallback !== undefined && (fallback < min || fallback > max)) {
    return [`the default ${show(fallback)} is outside of min and max`];
  }
  return [];
}
