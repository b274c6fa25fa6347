/** An example value of a schema type, in its JSON form, where the user gave none. */
import { decimalText, type Struct, type ValueType } from '@isthmus/schema';
import { PayloadForms } from '../http/payload.ts';

/**
 * A value that the struct's codec accepts: defaults where there are some, else the allowed value nearest to 1; with its
 * optional fields, so that they are shown.
 */
export function exampleOf(struct: Struct): unknown {
  const forms = new PayloadForms(struct);
  return forms.readJson('struct', forms.write('struct', structExample(struct)));
}

/** As TypeScript has it. */
function structExample(struct: Struct): Record<string, unknown> {
  return Object.fromEntries(struct.layout.fields.map((field) => [field.name, exampleValue(field.type)]));
}

function exampleValue(type: ValueType): unknown {
  switch (type.kind) {
    case 'struct':
      return structExample(type);
    case 'union': {
      const [kind, struct] = Object.entries(type.variants)[0] ?? [];
      return { kind, ...(struct === undefined ? {} : structExample(struct)) };
    }
    case 'array':
      return Array.from({ length: type.length }, () => exampleValue(type.element));
    case 'list':
      return type.default === undefined ? [exampleValue(type.element)] : [];
    case 'enum':
      return type.default ?? type.values[0];
    case 'flags':
      return type.default ?? type.values.slice(0, 1);
    case 'bool':
      return type.default ?? true;
    case 'text':
      return type.default ?? 'text'.slice(0, type.capacity);
    case 'textTail':
      return type.default ?? 'text'.slice(0, type.max);
    case 'bytes':
      return new Uint8Array(type.length);
    case 'bytesTail':
      return new Uint8Array(type.default === undefined ? Math.min(3, type.max) : 0);
    case 'i64':
    case 'u64':
      return type.default ?? nearest(1n, type);
    case 'decimal':
      return type.default ?? decimalText(nearest(10n ** BigInt(type.scale), type), type.scale);
    case 'timestamp':
      return type.default ?? nearest(EXAMPLE_TIME_NS, type);
    case 'duration':
      return type.default ?? nearest(1_000_000_000n, type);
    default:
      return type.default ?? Math.min(Math.max(1, type.min), type.max);
  }
}

/** 2026-01-01T00:00:00Z. */
const EXAMPLE_TIME_NS = 1_767_225_600_000_000_000n;

function nearest(wanted: bigint, { min, max }: { readonly min: bigint; readonly max: bigint }): bigint {
  if (min > wanted) return min;
  return max < wanted ? max : wanted;
}
