import { memberNameProblems } from '../language/names.ts';
import { keyFieldOf, type RegionOptions, region } from '../language/region.ts';
import type { RegionShape } from './canonical.ts';
import type { LineReader } from './line-reader.ts';
import type { NamedType } from './parse-type.ts';
import { requireNone, shown, TextProblem } from './problem.ts';

const pattern = /^region [0-9]{1,9} (\S+) (\S+)(?: key=(\S+) rows=([0-9]{1,9}))?( writers=many)?$/;

/** Reads a region's line. @throws TextProblem */
export function parseRegion(lines: LineReader, id: number, types: ReadonlyMap<string, NamedType>): RegionShape {
  const [name = '', type = '', key, rows, many] = lines.take(pattern, 'a region');
  requireNone(memberNameProblems(name));
  const struct = types.get(type);
  if (struct?.kind !== 'struct') throw new TextProblem(`${shown(type)} is not a struct that is declared above`);
  const options: RegionOptions = { writers: many === undefined ? 'one' : 'many' };
  const declared =
    key === undefined ? region(struct, options) : region(struct, { ...options, key, rows: Number(rows) });
  requireNone(declared.problems);
  const { writers } = declared;
  return Object.freeze({ name, id, struct, key: keyFieldOf(declared), rows: declared.rows, writers });
}
