import { valueAt } from '@isthmus/native';
import { IsthmusError, type ServiceRegion } from '@isthmus/schema';
import { type BufferMemory, memoryOf } from '../memory.ts';
import { codecOfField, type Field, fieldOf, placedField } from './field.ts';
import type { RegionMemory } from './memory.ts';
import { patched } from './patch.ts';
import { patienceMs, writeAtOnce } from './patience.ts';
import { requireTarget } from './target.ts';
import type { Expected, RowImage, Snapshot, Stamp } from './types.ts';
import { ownWireRegion, type WireRegion } from './wire.ts';

/** A struct's value by the names of its fields, as the codec makes and checks it. */
export type Values = Record<string, unknown>;

/** What changes a row's bytes, as the instance lays them out. It may be called several times. */
type Change = (row: Uint8Array) => Uint8Array;

/**
 * A region of one instance in our version's values and bytes, whatever version the instance has. Rows are found by the value of their
 * key, which is left out where there is one row.
 */
export class RegionAccess {
  readonly memory: RegionMemory;
  readonly #region: ServiceRegion;
  /** How our version has it, and how the instance's does. */
  readonly #own: WireRegion;
  readonly #wire: WireRegion;
  readonly #fields = new Map<string, Field>();
  /** Values are encoded here: an input can have getters, which can read the region. */
  #scratch: BufferMemory | undefined;

  constructor(region: ServiceRegion, wire: WireRegion, memory: RegionMemory) {
    this.memory = memory;
    this.#region = region;
    this.#own = ownWireRegion(region);
    this.#wire = wire;
    this.#scratch = memoryOf(new ArrayBuffer(wire.codec.size));
  }

  /** Makes the row of this key the one that the memory's calls are about. @throws IsthmusError `INVALID_INPUT`, `UNKNOWN_ROW`. */
  select(key: unknown): void {
    const { key: field } = this.#wire;
    if (field === undefined) {
      this.memory.select(0);
      return;
    }
    const codec = codecOfField(this.#wire.struct, field.name);
    codec.encode({ [field.name]: key }, this.memory.buffer, this.memory.keyAt);
    this.memory.select(undefined);
  }

  /** @throws IsthmusError `REGION_EMPTY`, `REGION_BUSY`, `HANDLER_FAULT`. */
  snapshot(): Snapshot<Values> {
    this.memory.read();
    const { codec } = this.#wire;
    const { epoch, version, time } = this.memory.stamp();
    // `as`: the codec of a struct gives its fields.
    const value = codec.decode(this.memory.buffer, valueAt, codec.size) as Values;
    return { epoch, version, time, value };
  }

  /** The same as bytes of our version's struct. */
  image(): RowImage {
    this.memory.read();
    const stamp = this.memory.stamp();
    return { ...stamp, bytes: this.#ourBytes(this.#row()) };
  }

  readInto(target: Uint8Array): Stamp {
    requireTarget(target, this.#own.codec.size);
    this.memory.read();
    const stamp = this.memory.stamp();
    target.set(this.#wire.isSameLayout ? this.#row() : this.#ourBytes(this.#row()));
    return stamp;
  }

  get(name: string): unknown {
    const field = this.#fields.get(name) ?? this.#fieldOf(name);
    if (field !== undefined) return field.read();
    this.memory.read();
    const { codec } = this.#wire;
    return Reflect.get(Object(codec.decode(this.memory.buffer, valueAt, codec.size)), name);
  }

  /** Where there are several rows: to the one that has the value's key. Waits so long while others write. */
  write(value: unknown, expected: Expected | undefined, waitMs = patienceMs): Stamp {
    const { codec } = this.#wire;
    return this.#encoding((scratch) => {
      codec.encode(value, scratch, 0);
      this.memory.buffer.bytes.set(scratch.bytes, valueAt);
      this.memory.select(this.#wire.key === undefined ? 0 : undefined);
      return this.memory.write(expected, waitMs);
    });
  }

  set(key: unknown, name: string, value: unknown, expected: Expected | undefined): Stamp {
    if (name === this.#region.key?.name) throw invalid(`${name} is the key, which cannot be set`);
    const { place, put } = this.#fields.get(name) ?? this.#fieldOf(name) ?? {};
    if (put === undefined) return this.#setAdapted(key, name, value, expected);
    return this.#encoding((scratch) => {
      codecOfField(this.#region.struct, name).encode({ [name]: value }, scratch, 0);
      if (place === undefined) {
        const change = (row: Uint8Array): Uint8Array => {
          put(row, scratch);
          return row;
        };
        return writeAtOnce((waitMs) => this.#change(key, expected, false, waitMs, change));
      }
      this.select(key);
      this.memory.buffer.bytes.set(scratch.bytes.subarray(0, place.size), valueAt);
      return this.memory.writePart(place.offset, place.size, expected, patienceMs);
    });
  }

  /**
   * Changes bytes of our version's struct; does not wait while others write.
   *
   * @returns Undefined: it was written meanwhile.
   * @throws IsthmusError `INVALID_INPUT` for what comes of it.
   */
  tryUpdate(key: unknown, change: Change, expected: Expected | undefined): Stamp | undefined {
    return this.#change(key, expected, true, 0, (row) => {
      const ours = this.#ourBytes(row);
      // `change` may write into what it is given.
      const before = this.#wire.isSameLayout ? row : this.#theirBytes(this.valueOf(ours));
      const after = this.#theirBytes(this.valueOf(change(ours)));
      return this.#wire.isSameLayout ? after : patched(this.#wire.struct, row, before, after);
    });
  }

  /** Undefined: the instance's row is laid out otherwise. @throws IsthmusError `INVALID_ARGUMENT`. */
  #fieldOf(name: string): Field | undefined {
    const { struct } = this.#region;
    const placed = placedField(struct, name);
    if (!this.#wire.isSameLayout) return undefined;
    const field = fieldOf(this.memory, struct, placed);
    this.#fields.set(name, field);
    return field;
  }

  #setAdapted(key: unknown, name: string, value: unknown, expected: Expected | undefined): Stamp {
    const change = (row: Uint8Array): Uint8Array => {
      const { codec, struct } = this.#wire;
      const old = codec.decode(viewOf(row), 0, codec.size);
      const after = this.#theirBytes({ ...Object(old), [name]: value });
      return patched(struct, row, this.#theirBytes(old), after);
    };
    return writeAtOnce((waitMs) => this.#change(key, expected, false, waitMs, change));
  }

  /** Reads, changes and writes. `written`: only if it ever was. @returns Undefined: it was written meanwhile. */
  #change(
    key: unknown,
    expected: Expected | undefined,
    written: boolean,
    waitMs: number,
    change: Change,
  ): Stamp | undefined {
    const { memory } = this;
    memory.requireWritable();
    this.select(key);
    if (written) memory.read();
    else memory.readIfWritten();
    const { row } = memory;
    const version = memory.require(expected);
    const bytes = change(new Uint8Array(this.#row()));
    memory.buffer.bytes.set(bytes, valueAt);
    memory.select(row);
    return memory.replace(version, waitMs);
  }

  /** The bytes that were just read. */
  #row(): Uint8Array {
    return this.memory.buffer.bytes.subarray(valueAt, valueAt + this.#wire.codec.size);
  }

  /** A copy. @throws IsthmusError `HANDLER_FAULT` where it has to be converted. */
  #ourBytes(row: Uint8Array): Uint8Array {
    const { codec, isSameLayout } = this.#wire;
    if (isSameLayout) return new Uint8Array(row);
    const { codec: ours } = this.#own;
    const memory = memoryOf(new ArrayBuffer(ours.size));
    ours.encode(codec.decode(viewOf(row), 0, codec.size), memory, 0);
    return new Uint8Array(memory.bytes.buffer, 0, ours.size);
  }

  #theirBytes(value: unknown): Uint8Array {
    const { codec } = this.#wire;
    const memory = memoryOf(new ArrayBuffer(codec.size));
    codec.encode(value, memory, 0);
    return memory.bytes;
  }

  /** A copy of what bytes of our version's struct say. @throws IsthmusError `INVALID_INPUT`. */
  valueOf(bytes: Uint8Array): unknown {
    const { codec, struct } = this.#own;
    if (!(bytes instanceof Uint8Array && bytes.length === codec.size)) {
      throw invalid(`a row must be the ${codec.size} bytes of ${struct.name}`);
    }
    try {
      return codec.decode(viewOf(bytes), 0, codec.size);
    } catch (cause) {
      if (!(cause instanceof IsthmusError)) throw cause;
      throw new IsthmusError('INVALID_INPUT', { detail: cause.detail, fields: cause.fields, cause });
    }
  }

  #encoding<Result>(write: (scratch: BufferMemory) => Result): Result {
    const scratch = this.#scratch ?? memoryOf(new ArrayBuffer(this.#wire.codec.size));
    this.#scratch = undefined;
    try {
      return write(scratch);
    } finally {
      this.#scratch = scratch;
    }
  }
}

function viewOf(bytes: Uint8Array) {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}

function invalid(detail: string): IsthmusError {
  return new IsthmusError('INVALID_ARGUMENT', { detail });
}
