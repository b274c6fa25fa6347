import { shown, TextProblem } from './problem.ts';

/** Goes through a text line by line, and knows which line is being read. */
export class LineReader {
  readonly #lines: readonly string[];
  #next = 0;
  /** The line that is being read, from 1. */
  line = 1;

  constructor(text: string) {
    this.#lines = text.split('\n');
  }

  /** The next line, which is only looked at; `undefined` at the end of the text, which is the end of a line. */
  peek(): string | undefined {
    return this.#next < this.#lines.length - 1 ? this.#lines[this.#next] : undefined;
  }

  /**
   * Reads the next line.
   *
   * @returns The groups of the pattern.
   * @throws TextProblem where it is anything else than `what`.
   */
  take(pattern: RegExp, what: string): (string | undefined)[] {
    const line = this.peek();
    this.line = ++this.#next;
    if (line === undefined) throw new TextProblem(`the text ends where ${what} should be`);
    const match = pattern.exec(line);
    if (match === null) throw new TextProblem(`${shown(line)} is not ${what}`);
    return match.slice(1);
  }

  /** Reads the lines that are indented, giving each to `read`. What is found wrong later is again about the line before them. */
  takeIndented(pattern: RegExp, what: string, read: (groups: (string | undefined)[]) => void): void {
    const { line } = this;
    while (this.peek()?.startsWith('  ')) read(this.take(pattern, what));
    this.line = line;
  }
}
