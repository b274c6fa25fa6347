import type { Codec, Memory } from '@isthmus/schema';
import { givenTwice, malformed, type WireFormat } from '../wire-format.ts';
import { duplicateFields, hasDuplicateNames } from './duplicate-names.ts';

const encoder = new TextEncoder();
// ignoreBOM keeps a leading U+FEFF, which JSON does not allow; fatal refuses what is not UTF-8.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** JSON as text in UTF-8: one document, no name twice in one object. */
const format: WireFormat = Object.freeze({ form: 'json', write, read });

/** It is the same for every struct: the struct's own codec knows the JSON form. */
export function jsonFormat(): WireFormat {
  return format;
}

function write(struct: Codec<unknown, unknown>, memory: Memory, size: number): Uint8Array {
  return encoder.encode(struct.decodeJsonText(memory, 0, size));
}

function read(bytes: Uint8Array): unknown {
  let text: string;
  let value: unknown;
  try {
    text = decoder.decode(bytes);
    value = JSON.parse(text);
  } catch (cause) {
    throw malformed(`this is no JSON text: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  if (hasDuplicateNames(text, value)) {
    throw givenTwice(duplicateFields(text));
  }
  return value;
}
