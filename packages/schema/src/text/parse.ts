import { collectTypes } from '../language/collect.ts';
import { memberNameProblems, serviceNameProblems } from '../language/names.ts';
import { regionListProblems } from '../language/region-memory.ts';
import { canonicalText, type MethodShape, type RegionShape, type ServiceShape } from './canonical.ts';
import { LineReader } from './line-reader.ts';
import { parseMethod } from './parse-method.ts';
import { parseNamedType } from './parse-named.ts';
import { parseRegion } from './parse-region.ts';
import type { NamedType } from './parse-type.ts';
import { requireNone, shown, TextProblem } from './problem.ts';

/** What two programs must agree on: what a canonical text says. A `Service` is one, too. */
export interface SchemaShape extends ServiceShape {
  readonly text: string;
}

export type ParseResult =
  | { readonly schema: SchemaShape; readonly problem: undefined }
  /** What is wrong with the text, and where: "line 3: ...". */
  | { readonly schema: undefined; readonly problem: string };

/** The most that a program can say of its schema, in the C library as well. */
const MAX_TEXT_LENGTH = 2 ** 20;

/**
 * Reads a canonical text back into types. The text comes from another program, and its names go into code that is compiled: so
 * nothing is taken from it that the schema language would not take from an author. The types are made by the language's own
 * functions, and written out again they must give the same text.
 *
 * Takes time and memory in proportion to the text.
 */
export function parseSchema(text: string): ParseResult {
  if (text.length > MAX_TEXT_LENGTH) return { schema: undefined, problem: 'it is over 1 MiB' };
  if (!text.endsWith('\n')) return { schema: undefined, problem: 'it is cut off: its last line does not end' };
  const lines = new LineReader(text);
  try {
    const schema = readSchema(lines);
    const problem = firstDifference(text, schema.text);
    return problem === undefined ? { schema, problem } : { schema: undefined, problem };
  } catch (error) {
    if (!(error instanceof TextProblem)) throw error;
    return { schema: undefined, problem: `line ${lines.line}: ${error.message}` };
  }
}

function readSchema(lines: LineReader): SchemaShape {
  const [format] = lines.take(/^isthmus schema ([0-9]{1,9})$/, 'the format, such as "isthmus schema 1"');
  if (format !== '1') throw new TextProblem(`this is format ${format}, and this version of Isthmus reads format 1`);
  const [name = ''] = lines.take(/^service (\S+)$/, 'the name of a service');
  requireNone(serviceNameProblems(name));

  const errors = new Map<string, string>();
  const types = new Map<string, NamedType>();
  const methods = new Map<string, MethodShape>();
  const regions = new Map<string, RegionShape>();
  for (let line = lines.peek(); line !== undefined; line = lines.peek()) {
    if (line.startsWith('error ')) {
      const [error = ''] = lines.take(/^error [0-9]{1,9} (\S+)$/, 'an error');
      requireNone(memberNameProblems(error));
      addOnce(errors, error, error);
    } else if (line.startsWith('method ')) {
      const method = parseMethod(lines, methods.size + 1, types);
      addOnce(methods, method.name, method);
    } else if (line.startsWith('region ')) {
      const region = parseRegion(lines, regions.size + 1, types);
      if (methods.has(region.name)) throw new TextProblem(`${region.name} is there twice`);
      addOnce(regions, region.name, region);
      // Each time: there are not many before there are too many.
      requireNone(regionListProblems([...regions.values()]));
    } else {
      const type = parseNamedType(lines, types);
      addOnce(types, type.name, type);
    }
  }
  if (methods.size + regions.size === 0) throw new TextProblem('there is neither a method nor a region');
  return schemaOf({
    name,
    methods: [...methods.values()],
    regionList: [...regions.values()],
    errors: [...errors.values()],
  });
}

function schemaOf(shape: ServiceShape): SchemaShape {
  const { name, methods, regionList, errors } = shape;
  // All types have different names, so there can be no problem.
  const text = canonicalText(shape, collectTypes(shape));
  return Object.freeze({
    name,
    methods: Object.freeze(methods),
    regionList: Object.freeze(regionList),
    errors: Object.freeze(errors),
    text,
  });
}

function addOnce<T>(known: Map<string, T>, name: string, value: T): void {
  if (known.has(name)) throw new TextProblem(`${name} is there twice`);
  known.set(name, value);
}

/** Where a text is not as it would have been written: numbers and sizes that are not so, types that nothing uses, another order. */
function firstDifference(text: string, written: string): string | undefined {
  if (text === written) return undefined;
  const given = text.split('\n');
  const right = written.split('\n');
  const index = given.findIndex((line, at) => line !== right[at]);
  // Texts that differ, and both end with the end of a line, differ in one of the given lines.
  return `line ${index + 1}: ${shown(given[index] ?? '')} should be ${shown(right[index] ?? '')}`;
}
