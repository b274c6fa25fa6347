import { parseSchema } from '../text/parse.ts';
import { linesOf } from './change.ts';
import { compareSchemas } from './compare.ts';

/**
 * What differs between two canonical texts, a line each, in words: "method quote, request field volatility: f64 here, f32
 * there". Empty exactly when the texts are equal.
 *
 * @param ours What "here" is.
 * @param theirs What "there" is. It may come from a peer and hold anything.
 */
export function diffSchemas(ours: string, theirs: string): string[] {
  if (ours === theirs) return [];
  const here = parseSchema(ours);
  if (here.problem !== undefined) return [`the schema text here cannot be read: ${here.problem}`];
  const there = parseSchema(theirs);
  if (there.problem !== undefined) return [`the schema text there cannot be read: ${there.problem}`];
  return linesOf(compareSchemas(here.schema, there.schema));
}
