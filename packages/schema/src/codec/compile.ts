import type { Struct } from '../language/types.ts';
import type { Codec } from './codec.ts';
import { decodeSource } from './decode-source.ts';
import { encodeSource } from './encode-source.ts';
import { badReply, invalidInput, refuseUnknownFields } from './refuse.ts';
import { readText, writeText } from './text.ts';
import { bigintFromJson } from './valid.ts';

/**
 * Compiles a struct's codec: four functions of straight-line code, with every offset and limit a constant. Interpreting
 * the layout field by field instead costs about ten times as much.
 *
 * What goes into the source: names that the schema's rules restrict to letters, digits and underscores, and numbers. All
 * else (defaults, tables) goes in as constants by reference, so that no text of a user is ever read as code.
 */
export function compileCodec(type: Struct): Codec<unknown> {
  const constants: unknown[] = [];
  const body = [
    '"use strict";',
    'const { constants, readText, writeText, bigintFromJson, badReply, invalid, refuseUnknown, outside } = runtime;',
    'return {',
    `size: ${type.layout.size},`,
    `encode(value, memory, offset) {\n${encodeSource(type, 'native', constants)}\n},`,
    `decode(memory, offset) {\n${decodeSource(type, 'native', constants)}\n},`,
    `encodeJson(value, memory, offset) {\n${encodeSource(type, 'json', constants)}\n},`,
    `decodeJson(memory, offset) {\n${decodeSource(type, 'json', constants)}\n},`,
    '};',
  ].join('\n');
  const runtime = {
    constants,
    readText,
    writeText,
    bigintFromJson,
    badReply,
    invalid: (value: unknown, form: 'native' | 'json') => invalidInput(type, value, form),
    outside: (offset: number) => {
      return new RangeError(
        `struct ${type.name} takes ${type.layout.size} bytes, which offset ${offset} leaves no room for`,
      );
    },
    refuseUnknown: (value: unknown, form: 'native' | 'json') => refuseUnknownFields(type, value, form),
  };
  const build = new Function('runtime', body) as (given: typeof runtime) => Codec<unknown>;
  return Object.freeze(build(runtime));
}
