/**
 * npm run bench:struct: what encoding and decoding cost, each as a ratio to what a program would do without: JSON of the same value,
 * or decoding all of it. Contestants take turns. Options: --rounds N (default 7), --ms N (each measurement, default 100).
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { codecOf, type Infer, type Memory, type Struct } from '@isthmus/schema';
import { printTable, type Row } from '../harness/rows.ts';
import { ratiosOf, spreadOf } from '../harness/spread.ts';
import { Board, Fill, Wide } from './types.ts';

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '7' }, ms: { type: 'string', default: '100' } },
});

const fill: Infer<typeof Fill> = {
  orderId: 4_301_224,
  side: 'sell',
  price: 101.25,
  quantity: 300,
  fee: 0.75,
  latency: 0.000_012_5,
  venue: 'XETR',
  isMaker: true,
  symbol: 'SAP.DE',
};
const wide = Object.fromEntries(Object.keys(Wide.fields).map((name, index) => [name, index + 0.5])) as Infer<
  typeof Wide
>;
const board: Infer<typeof Board> = {
  note: 'after the "close"',
  rows: Array.from({ length: 100 }, (_, index) => ({ ...fill, orderId: index, symbol: `SYMBOL.${index}` })),
};

function memoryOf(size: number): Memory {
  const bytes = new Uint8Array(size);
  return { bytes, view: new DataView(bytes.buffer) };
}

/** A value of a type, encoded. */
function encoded<S extends Struct>(type: S, value: Infer<S>) {
  const codec = codecOf(type);
  // What decoding gives can be encoded.
  const given = value as never;
  const length = codec.encode(given, memoryOf(0), 0);
  const memory = memoryOf(length);
  codec.encode(given, memory, 0);
  return { codec, memory, length };
}

const one = encoded(Fill, fill);
const many = encoded(Board, board);
const forty = encoded(Wide, wide);

/** Each changes its input or looks at its result, so that nothing can be left out. */
const contestants: Readonly<Record<string, () => unknown>> = {
  struct: () => {
    one.codec.encode(fill, one.memory, 0);
    return one.codec.decode(one.memory, 0, one.length).price;
  },
  json: () => JSON.parse(JSON.stringify(fill)).price,
  rows: () => {
    many.codec.encode(board, many.memory, 0);
    return many.codec.decode(many.memory, 0, many.length).rows.length;
  },
  rowsJson: () => JSON.parse(JSON.stringify(board)).rows.length,
  view: () => {
    const view = forty.codec.view(forty.memory, 0, forty.length);
    return (view.field7 ?? 0) + (view.field31 ?? 0);
  },
  whole: () => {
    const value = forty.codec.decode(forty.memory, 0, forty.length);
    return (value.field7 ?? 0) + (value.field31 ?? 0);
  },
  text: () => one.codec.decodeJsonText(one.memory, 0, one.length).length,
  stringify: () => JSON.stringify(one.codec.decodeJson(one.memory, 0, one.length)).length,
  rowsText: () => many.codec.decodeJsonText(many.memory, 0, many.length).length,
  rowsStringify: () => JSON.stringify(many.codec.decodeJson(many.memory, 0, many.length)).length,
};

let seen: unknown;

/** Ns of one run. */
function time(run: () => unknown): number {
  const limit = Number(options.ms);
  const begin = performance.now();
  let runs = 0;
  let elapsed = 0;
  while (elapsed < limit) {
    for (let index = 0; index < 100; index++) seen = run();
    runs += 100;
    elapsed = performance.now() - begin;
  }
  return (elapsed / runs) * 1e6;
}

const figures: Record<string, number[]> = {};
for (const [name, run] of Object.entries(contestants)) {
  time(run);
  figures[name] = [];
}
for (let round = 0; round < Number(options.rounds); round++) {
  for (const [name, run] of Object.entries(contestants)) figures[name]?.push(time(run));
}

function row(what: string, name: string, base: string, unit: string, goal: number): Row {
  return { what, ratio: spreadOf(ratiosOf(figures[name] ?? [], figures[base] ?? [])), unit, goal };
}

const ns = Object.entries(figures).map(([name, times]) => `${name} ${spreadOf(times).median.toFixed(0)}`);
console.log(`${cpus()[0]?.model ?? 'unknown CPU'}, Node ${process.version}; last result ${String(seen)}`);
console.log(`medians in ns: ${ns.join(', ')}\n`);
printTable([
  row(`${one.length}-byte struct, encode and decode`, 'struct', 'json', 'of JSON', 0.5),
  row(`100 rows, ${many.length} bytes, encode and decode`, 'rows', 'rowsJson', 'of JSON', 0.5),
  row('view, 2 of 40 fields', 'view', 'whole', 'of decode', 0.5),
  row('JSON text of the struct', 'text', 'stringify', 'of stringify', 1),
  row('JSON text of 100 rows', 'rowsText', 'rowsStringify', 'of stringify', 1),
]);
