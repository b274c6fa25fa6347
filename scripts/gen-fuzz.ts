/**
 * Makes the header that the fuzzers of c/fuzz include, so that C builds without Node: calls of each kind, whose structs have a
 * field of every type.
 *
 *   node scripts/gen-fuzz.ts [--check]
 */
import { call, generateHeader, service } from '@isthmus/schema';
import { Everything, Kinds } from '../test/support/probe.schema.ts';
import { type GeneratedFile, syncFiles } from './generated.ts';

const fuzzed = service('fuzzed', {
  flat: call({ input: Everything, output: Everything }),
  tails: call({ input: Kinds, output: Kinds }),
  many: call({ input: Kinds, output: Kinds, replies: 'many' }),
  none: call({ input: Kinds, replies: 'none' }),
  later: call({ input: Everything, output: Everything }),
});

/** The file made from it, with its path relative to the repository. */
export function fuzzFiles(): GeneratedFile[] {
  return [{ path: 'c/fuzz/generated/fuzzed.h', text: generateHeader(fuzzed) }];
}

if (import.meta.main) syncFiles(fuzzFiles());
