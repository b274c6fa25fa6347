import { valueAt } from '@isthmus/native';
import {
  type Codec,
  codecOf,
  IsthmusError,
  type PlacedField,
  type Presence,
  type Struct,
  struct,
} from '@isthmus/schema';
import { type BufferMemory, memoryOf } from '../memory.ts';
import type { RegionMemory } from './memory.ts';

/** Values whose views are views again: they are decoded instead, so that nothing refers to the buffer. */
const composed: ReadonlySet<string> = new Set(['struct', 'union', 'array']);

type FieldCodec = Codec<unknown, unknown>;

const codecs = new WeakMap<Struct, Map<string, FieldCodec>>();

/** What turns one field's value into its bytes and back: that of a struct which has no other field, nor a gap. */
export function codecOfField(type: Struct, name: string): FieldCodec {
  let ofType = codecs.get(type);
  if (ofType === undefined) {
    ofType = new Map();
    codecs.set(type, ofType);
  }
  let codec = ofType.get(name);
  if (codec === undefined) {
    const field = type.fields[name];
    const alone = struct(type.name, field === undefined ? {} : { [name]: field }, { packed: true });
    // `as`: what the codec refuses to encode it refuses at run time, whatever the compiler knows of the value.
    codec = codecOf(alone) as FieldCodec;
    ofType.set(name, codec);
  }
  return codec;
}

/** @throws IsthmusError `INVALID_ARGUMENT` where a struct has no such field. */
export function placedField({ name: type, layout }: Struct, name: string): PlacedField {
  const found = layout.fields.find((field) => field.name === name);
  if (found !== undefined) return found;
  throw new IsthmusError('INVALID_ARGUMENT', { detail: `${type} has no field ${String(name)}` });
}

/** One field of a region's rows: reads and writes no more than it. */
export interface Field {
  /** Of the row that is selected. */
  read(): unknown;
  /** Replaces it in the bytes of a row, by a value in `from`, where `codecOfField` wrote it. */
  put(row: Uint8Array, from: BufferMemory): void;
  /** Undefined: other fields lie in the same bytes, so that the whole row has to be written. */
  readonly place: { readonly offset: number; readonly size: number } | undefined;
}

export function fieldOf(memory: RegionMemory, type: Struct, field: PlacedField): Field {
  const { presence } = field;
  return presence === undefined ? plainField(memory, type, field) : optionalField(memory, type, field, presence);
}

type Values = Readonly<Record<string, unknown>>;

function plainField(memory: RegionMemory, type: Struct, field: PlacedField): Field {
  const { name, offset, size } = field;
  const codec = codecOfField(type, name);
  const put = (row: Uint8Array, from: BufferMemory): void => row.set(from.bytes.subarray(0, size), offset);
  const place = { offset, size };
  if (composed.has(field.type.kind)) {
    const read = (): unknown => {
      memory.readPart(offset, size);
      // `as`: the struct has this field.
      return (codec.decode(memory.buffer, valueAt, size) as Values)[name];
    };
    return { read, put, place };
  }
  // `as`: the struct has this field. Its getter reads the bytes that are there each time.
  const view = codec.view(memory.buffer, valueAt, size) as Values;
  const read = (): unknown => {
    memory.readPart(offset, size);
    return view[name];
  };
  return { read, put, place };
}

/** Whether it is there says a bit that lies elsewhere, so that one copy of the whole row is what it is read from. */
function optionalField(memory: RegionMemory, type: Struct, field: PlacedField, presence: Presence): Field {
  const { name, offset, size } = field;
  const codec = codecOfField(type, name);
  const alone = memoryOf(new ArrayBuffer(codec.size));
  const from = { word: presence.offset, bit: 1 << presence.bit };
  // Alone, a field has the lowest bit of a word that lies before it.
  const to = { word: 0, offset: codec.size - size };
  const read = (): unknown => {
    memory.read();
    const { view, bytes } = memory.buffer;
    const isThere = (view.getUint32(valueAt + from.word, true) & from.bit) !== 0;
    alone.view.setUint32(to.word, isThere ? 1 : 0, true);
    alone.bytes.set(bytes.subarray(valueAt + offset, valueAt + offset + size), to.offset);
    return (codec.decode(alone, 0, codec.size) as Values)[name];
  };
  const put = (row: Uint8Array, value: BufferMemory): void => {
    const view = new DataView(row.buffer, row.byteOffset, row.byteLength);
    const others = view.getUint32(from.word, true) & ~from.bit;
    const isThere = value.view.getUint32(to.word, true) !== 0;
    view.setUint32(from.word, isThere ? others | from.bit : others, true);
    row.set(value.bytes.subarray(to.offset, to.offset + size), offset);
  };
  return { read, put, place: undefined };
}
