/** The forms of a value, written without the codecs, to hold them against. */
import { Buffer } from 'node:buffer';
import type { Struct, ValueType } from '../../src/index.ts';

/** The JSON form of a value that `valuesOf` gave. */
export function jsonOf(type: ValueType, value: unknown): unknown {
  switch (type.kind) {
    case 'i64':
    case 'u64':
      return String(value);
    case 'timestamp':
      return timestampText(value as bigint);
    case 'duration':
      return durationText(value as bigint);
    case 'bytes':
    case 'bytesTail':
      return Buffer.from(value as Uint8Array).toString('base64');
    case 'array':
    case 'list':
      return (value as unknown[]).map((element) => jsonOf(type.element, element));
    case 'struct':
      return fieldsOf(type, value);
    case 'union': {
      const kind = String(Reflect.get(value as object, 'kind'));
      return { kind, ...fieldsOf(type.variants[kind] as Struct, value) };
    }
    default:
      return value;
  }
}

function fieldsOf(type: Struct, value: unknown): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const { name, type: inner } of type.layout.fields) {
    const field: unknown = Reflect.get(value as object, name);
    if (field !== undefined) result[name] = jsonOf(inner, field);
  }
  return result;
}

function timestampText(ns: bigint): string {
  const inSecond = ((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const seconds = (ns - inSecond) / 1_000_000_000n;
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, -5)}${fractionText(inSecond)}Z`;
}

function durationText(ns: bigint): string {
  const size = ns < 0n ? -ns : ns;
  const seconds = size / 1_000_000_000n;
  const parts = [
    [seconds / 3600n, 'H'],
    [(seconds / 60n) % 60n, 'M'],
  ].map(([count, unit]) => (count === 0n ? '' : `${count}${unit}`));
  const rest = `${seconds % 60n}${fractionText(size % 1_000_000_000n)}`;
  if (rest !== '0' || seconds === 0n) parts.push(`${rest}S`);
  return `${ns < 0n ? '-' : ''}PT${parts.join('')}`;
}

function fractionText(ns: bigint): string {
  return ns === 0n ? '' : `.${ns.toString().padStart(9, '0').replace(/0+$/, '')}`;
}
