/** Reads a page of the documentation, so that tests can hold it against the code. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

const docs = path.resolve(import.meta.dirname, '../../../../docs');

export class Page {
  readonly #text: string;

  constructor(name: string) {
    this.#text = readFileSync(path.join(docs, name), 'utf8');
  }

  /** What stands under a heading of the second level. */
  section(heading: string): Section {
    const [, after] = this.#text.split(`\n## ${heading}\n`);
    if (after === undefined) throw new Error(`there is no section ${heading}`);
    return new Section(after.split('\n## ')[0] ?? '');
  }

  /** What stands before the first of these headings. */
  get beginning(): Section {
    return new Section(this.#text.split('\n## ')[0] ?? '');
  }

  /** Headings of the second level. */
  get headings(): string[] {
    return [...this.#text.matchAll(/^## (.*)$/gm)].map(([, heading = '']) => heading);
  }
}

export class Section {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** The rows of the table whose head begins with this column, without the head: the cells of each. */
  table(first: string): string[][] {
    const lines = this.text.split('\n');
    const head = lines.findIndex((line) => line.startsWith(`| ${first} |`));
    if (head < 0) throw new Error(`there is no table that begins with ${first}`);
    const end = lines.findIndex((line, index) => index > head && !line.startsWith('|'));
    return lines.slice(head + 2, end < 0 ? undefined : end).map(cellsOf);
  }

  /** The code blocks in a language. */
  blocks(language: string): string[] {
    const blocks = this.text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm);
    return [...blocks].filter(([, name]) => name === language).map(([, , code = '']) => code);
  }

  /** The only one of them. */
  block(language: string): string {
    const [block, ...more] = this.blocks(language);
    if (block === undefined || more.length > 0) throw new Error(`there is not one block of ${language}`);
    return block;
  }
}

function cellsOf(line: string): string[] {
  // A pipe in a cell is written \|.
  const cells = line.slice(1, -1).split(/(?<!\\)\|/);
  return cells.map((cell) => cell.trim().replaceAll('\\|', '|'));
}

/** What a cell has between backquotes. */
export function codesOf(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}
