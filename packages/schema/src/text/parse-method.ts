import { type Call, type CodecName, call, type Payload, type Replies } from '../language/call.ts';
import { memberNameProblems } from '../language/names.ts';
import type { MethodShape } from './canonical.ts';
import type { LineReader } from './line-reader.ts';
import { type NamedType, parseType } from './parse-type.ts';
import { requireNone, shown, TextProblem } from './problem.ts';
import { noWords } from './words.ts';

const pattern =
  /^method [0-9]{1,9} (\S+) (\S+) -> (\S+)(?: replies=(many|none))?(?: codec=(protobuf|msgpack|json))?( idempotent)?$/;

/** Reads a method's line. @throws TextProblem */
export function parseMethod(lines: LineReader, id: number, types: ReadonlyMap<string, NamedType>): MethodShape {
  const [name = '', input = '', output = '', replies, codec, idempotent] = lines.take(pattern, 'a method');
  requireNone(memberNameProblems(name));
  const traits = {
    replies: repliesOf(replies),
    codec: codecNameOf(codec),
    idempotent: idempotent !== undefined,
  };
  const declared = declare(payloadOf(input, types), payloadOf(output, types), traits);
  requireNone(declared.problems);
  return Object.freeze({ name, id, input: declared.input, output: declared.output, ...traits });
}

interface Traits {
  readonly replies: Replies;
  readonly codec: CodecName;
  readonly idempotent: boolean;
}

/** One call for each of the overloads. */
function declare(input: Payload | undefined, output: Payload | undefined, traits: Traits): Call {
  if (input !== undefined)
    return output === undefined ? call({ input, ...traits }) : call({ input, output, ...traits });
  return output === undefined ? call(traits) : call({ output, ...traits });
}

function payloadOf(source: string, types: ReadonlyMap<string, NamedType>): Payload | undefined {
  if (source === 'none') return undefined;
  const type = parseType(source, noWords, types);
  if (type.kind === 'struct' || type.kind === 'bytesTail') return type;
  throw new TextProblem(`${shown(source)} is neither a struct nor bytes`);
}

function repliesOf(word: string | undefined): Replies {
  return word === 'many' || word === 'none' ? word : 'one';
}

function codecNameOf(word: string | undefined): CodecName {
  return word === 'protobuf' || word === 'msgpack' || word === 'json' ? word : 'struct';
}
