import type { NamedTypes } from '../language/collect.ts';
import type { Struct } from '../language/types.ts';
import { enumLines, structLines } from './lines.ts';

interface NamedMethod {
  readonly name: string;
  readonly id: number;
  readonly input: Struct | undefined;
  readonly output: Struct | undefined;
  readonly idempotent: boolean;
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
 * ```
 */
export function canonicalText(
  name: string,
  methods: readonly NamedMethod[],
  errors: readonly string[],
  types: NamedTypes,
): string {
  const lines = [
    'isthmus schema 1',
    `service ${name}`,
    ...errors.map((error, index) => `error ${index + 1} ${error}`),
    ...types.enums.flatMap(enumLines),
    ...types.structs.flatMap(structLines),
    ...methods.map(({ name: method, id, input, output, idempotent }) => {
      const payloads = `${input?.name ?? 'none'} -> ${output?.name ?? 'none'}`;
      return `method ${id} ${method} ${payloads}${idempotent ? ' idempotent' : ''}`;
    }),
  ];
  return `${lines.join('\n')}\n`;
}
