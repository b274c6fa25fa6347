import type { CodecName, Payload, Replies } from '../language/call.ts';
import type { NamedTypes } from '../language/collect.ts';
import type { Writers } from '../language/region.ts';
import type { PlacedField, Struct } from '../language/types.ts';
import { elementText, enumLines, flagsLines, structLines, unionLines } from './lines.ts';

/** A method as two programs must agree on it. */
export interface MethodShape {
  readonly name: string;
  readonly id: number;
  readonly input: Payload | undefined;
  readonly output: Payload | undefined;
  readonly replies: Replies;
  readonly codec: CodecName;
  readonly idempotent: boolean;
}

/** A region as two programs must agree on it. */
export interface RegionShape {
  readonly name: string;
  readonly id: number;
  readonly struct: Struct;
  /** `undefined`: there is one row. */
  readonly key: PlacedField | undefined;
  readonly rows: number;
  readonly writers: Writers;
}

/** What a canonical text is made of, beside the types. */
export interface ServiceShape {
  readonly name: string;
  /** In the order of declaration: the one with id n is at n - 1. */
  readonly methods: readonly MethodShape[];
  /** In the order of declaration: the one with id n is at n - 1. */
  readonly regionList: readonly RegionShape[];
  /** Names of the handler's own codes 1, 2, ... */
  readonly errors: readonly string[];
}

/**
 * The canonical text of a service: one line for each thing that two sides must agree on, in an order that follows from the
 * declarations alone. Descriptions are not in it: rewording one must not part two programs. Its SHA-256 is the schema's
 * hash, and `diffSchemas` reads it, so changing this format changes the hash of every schema.
 *
 * ```
 * isthmus schema 1
 * service pricing
 * error 1 negativeVolatility
 * enum OptionKind
 *   0 call
 *   1 put
 * struct QuoteRequest size 16 align 8
 *   0 spot f64 min=0
 *   8 kind OptionKind default="call"
 * method 1 quote QuoteRequest -> none idempotent
 * method 2 history QuoteRequest -> bytes replies=many codec=protobuf
 * region 1 market Quote key=symbol rows=64 writers=many
 * ```
 */
export function canonicalText({ name, methods, regionList, errors }: ServiceShape, types: NamedTypes): string {
  const lines = [
    'isthmus schema 1',
    `service ${name}`,
    ...errors.map((error, index) => `error ${index + 1} ${error}`),
    ...types.enums.flatMap(enumLines),
    ...types.flags.flatMap(flagsLines),
    ...types.composites.flatMap((type) => (type.kind === 'struct' ? structLines(type) : unionLines(type))),
    ...methods.map((method) => {
      const { id, input, output, replies, codec, idempotent } = method;
      const words = [`method ${id} ${method.name} ${payloadText(input)} -> ${payloadText(output)}`];
      if (replies !== 'one') words.push(`replies=${replies}`);
      if (codec !== 'struct') words.push(`codec=${codec}`);
      if (idempotent) words.push('idempotent');
      return words.join(' ');
    }),
    ...regionList.map(({ id, name: region, struct, key, rows, writers }) => {
      const words = [`region ${id} ${region} ${struct.name}`];
      if (key !== undefined) words.push(`key=${key.name} rows=${rows}`);
      if (writers !== 'one') words.push(`writers=${writers}`);
      return words.join(' ');
    }),
  ];
  return `${lines.join('\n')}\n`;
}

function payloadText(payload: Payload | undefined): string {
  if (payload === undefined) return 'none';
  return payload.kind === 'struct' ? payload.name : elementText(payload);
}
