import { type Codec, codecOf, type Memory, rawCodec } from '../codec/codec.ts';
import type { Payload } from '../language/call.ts';
import { Conversions, type Convert } from './convert.ts';
import { Refusals, refusedByPeer } from './refusals.ts';
import { messageOf } from './scratch.ts';
import { isView } from './views.ts';

/**
 * A codec between our version's values and a peer's messages. What goes out is checked by our version first, so that its
 * defaults and ranges hold, and then written as the peer's version says; what comes in is read as the peer's version says.
 *
 * Every request is written twice, so this is slower than a codec; it is used only while two versions are in use.
 */
export class AdaptedCodec implements Codec<unknown, unknown> {
  readonly size: number;
  readonly isFixed: boolean;
  readonly #ours: Codec<unknown, unknown>;
  readonly #theirs: Codec<unknown, unknown>;
  readonly #toPeer: Convert | undefined;
  readonly #fromPeer: Convert | undefined;
  readonly #fromPeerJson: Convert | undefined;
  readonly #fromPeerView: Convert | undefined;

  /**
   * @param ours What our version has.
   * @param theirs What the peer's version has, of which all that differs is adaptable.
   * @param codec The codec of `theirs`.
   */
  constructor(ours: Payload, theirs: Payload, codec: Codec<unknown, unknown>) {
    this.size = codec.size;
    this.isFixed = codec.isFixed;
    this.#ours = uncheckedCodec(ours);
    this.#theirs = codec;
    this.#toPeer = new Conversions('toPeer', 'native').between(ours, theirs);
    this.#fromPeer = new Conversions('fromPeer', 'native').between(theirs, ours);
    this.#fromPeerJson = new Conversions('fromPeer', 'json').between(theirs, ours);
    this.#fromPeerView = new Conversions('fromPeer', 'view').between(theirs, ours);
  }

  encode(value: unknown, memory: Memory, offset: number): number {
    return this.#send((room) => this.#ours.encode(value, room, 0), memory, offset);
  }

  encodeJson(value: unknown, memory: Memory, offset: number): number {
    return this.#send((room) => this.#ours.encodeJson(value, room, 0), memory, offset);
  }

  #send(write: (memory: Memory) => number, memory: Memory, offset: number): number {
    const checked = messageOf(this.#ours, write);
    const complete = this.#ours.decode(checked.memory, 0, checked.length);
    const refused = new Refusals();
    const converted = this.#toPeer === undefined ? complete : this.#toPeer(complete, '', refused);
    refused.requireNoneSent();
    try {
      return this.#theirs.encode(converted, memory, offset);
    } catch (error) {
      throw refusedByPeer(error);
    }
  }

  decode(memory: Memory, offset: number, length: number): unknown {
    return received(this.#fromPeer, this.#theirs.decode(memory, offset, length));
  }

  decodeJson(memory: Memory, offset: number, length: number): unknown {
    return received(this.#fromPeerJson, this.#theirs.decodeJson(memory, offset, length));
  }

  decodeJsonText(memory: Memory, offset: number, length: number): string {
    if (this.#fromPeerJson === undefined) return this.#theirs.decodeJsonText(memory, offset, length);
    return JSON.stringify(this.decodeJson(memory, offset, length));
  }

  view(memory: Memory, offset: number, length: number): unknown {
    const view = this.#theirs.view(memory, offset, length);
    // Codecs that are not the struct's give a value, read at once.
    return received(isView(view) ? this.#fromPeerView : this.#fromPeer, view);
  }
}

/** The codec of a payload as it lies in memory, for values that the compiler knows nothing of. It knows every default and range. */
export function uncheckedCodec(type: Payload): Codec<unknown, unknown> {
  // What it refuses to encode it refuses at run time, whatever the compiler knows of the value.
  return (type.kind === 'struct' ? codecOf(type) : rawCodec(type)) as Codec<unknown, unknown>;
}

function received(convert: Convert | undefined, value: unknown): unknown {
  if (convert === undefined) return value;
  const refused = new Refusals();
  const converted = convert(value, '', refused);
  refused.requireNoneReceived();
  return converted;
}
