/** What is wrong with a schema's text, in words; `parseSchema` adds the line. Thrown and caught within this folder only. */
export class TextProblem extends Error {
  override readonly name = 'TextProblem';
}

/** The most of another program's text that a message has, in characters. */
const MAX_SHOWN = 200;

/** A piece of another program's text as a message can hold it: not too long, and without what a terminal would obey. */
export function printable(piece: string): string {
  const cut = piece.length > MAX_SHOWN ? `${piece.slice(0, MAX_SHOWN)}...` : piece;
  return cut.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** The same in quotes. */
export function shown(piece: string): string {
  return `"${printable(piece)}"`;
}

/** @throws TextProblem with the first of the problems that a constructor of the schema language found. */
export function requireNone(problems: readonly string[]): void {
  const [first] = problems;
  // They quote names, which may be anything.
  if (first !== undefined) throw new TextProblem(printable(first));
}
