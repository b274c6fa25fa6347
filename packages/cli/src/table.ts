/** Columns for people: as wide as their widest cell, under a line of headings. */
export interface Column<Row> {
  readonly heading: string;
  readonly cell: (row: Row) => string;
  /** Numbers and sizes end below each other. Default false. */
  readonly alignsRight?: true;
}

/** A line for the headings and one for each row, each ended by a line feed. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const lines = [columns.map(({ heading }) => heading), ...rows.map((row) => columns.map(({ cell }) => cell(row)))];
  const widths = columns.map((_, at) => Math.max(...lines.map((cells) => cells[at]?.length ?? 0)));
  const padded = (cells: readonly string[]) =>
    columns.map(({ alignsRight }, at) => {
      const cell = cells[at] ?? '';
      return alignsRight ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0);
    });
  return lines.map((cells) => `${padded(cells).join('  ').trimEnd()}\n`).join('');
}
