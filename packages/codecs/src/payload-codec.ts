import { type Codec, type CodecName, codecOf, emptyCodec, type Payload, rawCodec, type Struct } from '@isthmus/schema';
import { jsonFormat } from './json/format.ts';
import { msgpackFormat } from './msgpack/format.ts';
import { protobufFormat } from './protobuf/format.ts';
import { formattedCodec } from './transcode.ts';
import type { WireFormat } from './wire-format.ts';

const formatOf: Readonly<Record<Exclude<CodecName, 'struct'>, (type: Struct) => WireFormat>> = {
  protobuf: protobufFormat,
  msgpack: msgpackFormat,
  json: jsonFormat,
};

const codecs = new WeakMap<Struct, Map<CodecName, Codec<unknown, unknown>>>();

/**
 * How a payload is written on its way: compiled when first asked for, and the same codec from then on.
 *
 * Bytes without any form and payloads that are left out are the same in every codec. What the others give is held to the
 * schema just as an input is, ranges included: `HANDLER_FAULT`, its `fields` listing each bad field by JSON pointer.
 * Bytes that are not of the encoding at all are `MALFORMED_MESSAGE`. `view` gives the whole value at once.
 *
 * @throws IsthmusError `SCHEMA_INVALID` with every problem of the struct's declaration.
 */
export function payloadCodec(name: CodecName, payload: Payload | undefined): Codec<unknown, unknown> {
  if (payload === undefined) return emptyCodec;
  if (payload.kind === 'bytesTail') return rawCodec(payload);
  const struct = codecOf(payload);
  if (name === 'struct') return struct;
  let known = codecs.get(payload);
  if (known === undefined) {
    known = new Map();
    codecs.set(payload, known);
  }
  let codec = known.get(name);
  if (codec === undefined) {
    codec = formattedCodec(struct, formatOf[name](payload));
    known.set(name, codec);
  }
  return codec;
}
