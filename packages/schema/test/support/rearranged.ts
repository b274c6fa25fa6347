/** Messages whose tails lie in another order, or apart: as a C program may write them. */
import type { Struct, ValueType } from '../../src/index.ts';
import { alignOf, roundUp, sizeOf } from '../../src/language/layout.ts';

/** A piece of a message, and the tails that it points to. */
interface Piece {
  readonly bytes: Uint8Array;
  readonly align: number;
  readonly tails: { readonly place: number; readonly count: number; readonly piece: Piece }[];
}

/**
 * The same message with its tails in another order and with gaps.
 *
 * @param next A whole number, 0 or more, each time it is called: what the order and the gaps come from.
 */
export function rearranged(type: Struct, message: Uint8Array, next: () => number): Uint8Array {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const root: Piece = { bytes: message.slice(0, type.layout.size), align: 1, tails: [] };
  const pieces: Piece[] = [];

  const walk = (inner: ValueType, at: number, piece: Piece, begin: number): void => {
    switch (inner.kind) {
      case 'struct':
        for (const field of inner.layout.fields) {
          const { presence } = field;
          const isThere =
            presence === undefined || ((view.getUint32(at + presence.offset, true) >>> presence.bit) & 1) === 1;
          if (isThere) walk(field.type, at + field.offset, piece, begin);
        }
        return;
      case 'union':
        walk(Object.values(inner.variants)[view.getUint32(at, true)] as Struct, at + inner.layout.offset, piece, begin);
        return;
      case 'array':
        for (let index = 0; index < inner.length; index++)
          walk(inner.element, at + index * sizeOf(inner.element), piece, begin);
        return;
      case 'textTail':
      case 'bytesTail':
      case 'list': {
        const from = view.getUint32(at, true);
        const count = view.getUint32(at + 4, true);
        if (count === 0) return;
        const size = inner.kind === 'list' ? sizeOf(inner.element) : 1;
        const bytes = message.slice(from, from + count * size + (inner.kind === 'textTail' ? 1 : 0));
        const tail: Piece = { bytes, align: inner.kind === 'list' ? alignOf(inner.element) : 1, tails: [] };
        piece.tails.push({ place: at - begin, count, piece: tail });
        pieces.push(tail);
        if (inner.kind !== 'list') return;
        for (let index = 0; index < count; index++) walk(inner.element, from + index * size, tail, from);
      }
    }
  };
  walk(type, 0, root, 0);

  for (let left = pieces.length - 1; left > 0; left--) {
    const other = next() % (left + 1);
    [pieces[left], pieces[other]] = [pieces[other] as Piece, pieces[left] as Piece];
  }
  const places = new Map<Piece, number>([[root, 0]]);
  let end = root.bytes.length;
  for (const piece of pieces) {
    const place = roundUp(end + (next() % 3), piece.align);
    places.set(piece, place);
    end = place + piece.bytes.length;
  }
  const result = new Uint8Array(end + (next() % 3));
  const resultView = new DataView(result.buffer);
  for (const [piece, place] of places) {
    result.set(piece.bytes, place);
    for (const tail of piece.tails) {
      resultView.setUint32(place + tail.place, places.get(tail.piece) ?? 0, true);
      resultView.setUint32(place + tail.place + 4, tail.count, true);
    }
  }
  return result;
}
