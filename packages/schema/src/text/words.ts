import { integerOf, stringOf } from './parse-value.ts';
import { shown, TextProblem } from './problem.ts';

/** What a line says of a type besides its name: byte order and bounds, and the default as it is written. */
export interface Words {
  readonly narrowing: readonly string[];
  readonly fallback: string | undefined;
}

export const noWords: Words = { narrowing: [], fallback: undefined };

interface Options<Bound, Default> {
  readonly default?: Default;
  readonly endian?: 'big';
  readonly min?: Bound;
  readonly max?: Bound;
}

export function rangeOptions<Bound, Default>(
  { narrowing, fallback }: Words,
  boundOf: (text: string) => Bound,
  defaultOf: (text: string) => Default,
): Options<Bound, Default> {
  const options: { -readonly [K in keyof Options<Bound, Default>]: Options<Bound, Default>[K] } = {};
  for (const word of narrowing) {
    if (word === 'big') options.endian = 'big';
    else if (word.startsWith('min=')) options.min = boundOf(word.slice(4));
    else if (word.startsWith('max=')) options.max = boundOf(word.slice(4));
    else throw new TextProblem(`${shown(word)} is neither a bound nor a byte order`);
  }
  if (fallback !== undefined) options.default = defaultOf(fallback);
  return options;
}

export function tailOptions<Default>(words: Words, defaultOf: (text: string) => Default) {
  const { min, endian, ...options } = rangeOptions(words, integerOf, defaultOf);
  if (min !== undefined || endian !== undefined) throw new TextProblem('it has a max at most');
  return options;
}

export function defaultOption<Default>(
  words: Words,
  defaultOf: (text: string) => Default,
): { readonly default?: Default } {
  if (words.narrowing.length > 0) throw new TextProblem('it has no bounds');
  return words.fallback === undefined ? {} : { default: defaultOf(words.fallback) };
}

export function emptyOf(source: string): 'empty' {
  if (stringOf(source) === 'empty') return 'empty';
  throw new TextProblem('the default must be "empty"');
}
