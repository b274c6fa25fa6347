import { checkOptions } from './options.ts';
import type { Enumeration, Fields, Struct } from './types.ts';

/**
 * An enumeration or a struct as a field with something of its own to say: a description, and for an enumeration a default.
 * (Scalars take these directly.)
 *
 * @example struct('Quote', { kind: field(OptionKind, { default: 'call', description: 'The right it gives.' }) })
 */
export function field<Value extends string, Default extends NoInfer<Value> | undefined = undefined>(
  type: Enumeration<Value>,
  options: { readonly description?: string; readonly default?: Default },
): Enumeration<Value, NoInfer<Default>>;
export function field<F extends Fields>(type: Struct<F>, options: { readonly description?: string }): Struct<F>;
export function field(
  type: Enumeration | Struct,
  options: { readonly description?: string; readonly default?: string },
): Enumeration | Struct {
  const fieldDescription = options.description;
  if (type.kind === 'struct') {
    checkOptions(`a field of struct ${type.name}`, options, ['description']);
    return Object.freeze({ ...type, fieldDescription });
  }
  checkOptions(`a field of enumeration ${type.name}`, options, ['description', 'default']);
  return Object.freeze({ ...type, fieldDescription, default: options.default });
}
