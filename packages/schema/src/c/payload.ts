import type { CodecName, Payload } from '../language/call.ts';
import { MAX_MESSAGE_BYTES, type Struct } from '../language/types.ts';
import type { MethodShape } from '../text/canonical.ts';

/** What a call's input or output is to C. */
export type CPayload =
  | { readonly shape: 'none' }
  /** One struct, always of the same size. */
  | { readonly shape: 'fixed'; readonly type: Struct }
  /** A message: a struct, and tails behind it. */
  | { readonly shape: 'message'; readonly type: Struct }
  /** Bytes whose form, if any, C does not know: raw ones, or those of another codec. */
  | { readonly shape: 'bytes'; readonly max: number };

export function inputOf({ input, codec }: MethodShape): CPayload {
  return cPayload(input, codec);
}

export function outputOf({ output, codec }: MethodShape): CPayload {
  return cPayload(output, codec);
}

function cPayload(payload: Payload | undefined, codec: CodecName): CPayload {
  if (payload === undefined) return { shape: 'none' };
  if (payload.kind === 'bytesTail') return { shape: 'bytes', max: payload.max };
  if (codec !== 'struct') return { shape: 'bytes', max: MAX_MESSAGE_BYTES };
  return { shape: payload.layout.hasTails ? 'message' : 'fixed', type: payload };
}

/** The bytes of a payload's fixed part. */
export function fixedBytes(payload: CPayload): number {
  return payload.shape === 'fixed' || payload.shape === 'message' ? payload.type.layout.size : 0;
}

/** The structs that begin messages with tails, each once. */
export function messageStructs(methods: readonly MethodShape[]): Struct[] {
  const found = new Map<string, Struct>();
  for (const method of methods) {
    for (const payload of [inputOf(method), outputOf(method)]) {
      if (payload.shape === 'message') found.set(payload.type.name, payload.type);
    }
  }
  return [...found.values()];
}
