/** Tables in Markdown, that are read as text too. */

/** A table whose columns are as wide as their widest cell. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => (row[column] ?? '').length), 3));
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, column) => (cells[column] ?? '').padEnd(width)).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

/** Remarks below a table, each said once however many cells refer to it. */
export class Footnotes {
  readonly #texts: string[] = [];

  /** What a cell has behind it: `[1]`. */
  mark(text: string): string {
    const known = this.#texts.indexOf(text);
    return `[${known >= 0 ? known + 1 : this.#texts.push(text)}]`;
  }

  /** One line each, in order; empty where there are none. */
  get lines(): string {
    return this.#texts.map((text, index) => `${index + 1}. ${text}`).join('\n');
  }
}

/** `64 B`, `1 KiB`, `16 MiB` */
export function bytesText(bytes: number): string {
  if (bytes >= 2 ** 20) return `${bytes / 2 ** 20} MiB`;
  return bytes >= 2 ** 10 ? `${bytes / 2 ** 10} KiB` : `${bytes} B`;
}

/** `340 ns`, `12.3 us`, `4.5 ms`: three digits that count. */
export function timeText(ns: number): string {
  if (!Number.isFinite(ns)) return '-';
  const units: readonly (readonly [string, number])[] = [
    ['s', 1e9],
    ['ms', 1e6],
    ['us', 1e3],
  ];
  const [unit, size] = units.find(([, least]) => Math.abs(ns) >= least) ?? ['ns', 1];
  return `${Number((ns / size).toPrecision(3))} ${unit}`;
}
