import { payloadCodec } from '@isthmus/codecs';
import type { CodecName, Memory } from '@isthmus/schema';
import type { Example } from './payloads.ts';

export interface Contestant {
  readonly name: string;
  /** Encodes the example's value, and decodes what it made. */
  readonly run: () => unknown;
}

const codecs: readonly CodecName[] = ['struct', 'protobuf', 'msgpack', 'json'];

export function contestants({ type, value }: Example): readonly Contestant[] {
  const bytes = new Uint8Array(2 ** 16);
  const memory: Memory = { bytes, view: new DataView(bytes.buffer) };
  const struct = payloadCodec('struct', type);
  const json = struct.decodeJson(memory, 0, struct.encode(value, memory, 0));
  return [
    ...codecs.map((name): Contestant => {
      const codec = payloadCodec(name, type);
      return { name, run: () => codec.decode(memory, 0, codec.encode(value, memory, 0)) };
    }),
    // What there is without a schema: nothing is checked, and times and 64-bit integers stay texts.
    { name: '`JSON.stringify`, `JSON.parse`', run: () => JSON.parse(JSON.stringify(json)) },
  ];
}
