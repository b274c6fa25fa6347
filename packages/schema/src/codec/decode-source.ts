import { sizeOf } from '../language/layout.ts';
import type { Struct, Type } from '../language/types.ts';
import { accessorOf, boundsSource } from './encode-source.ts';
import { expectation } from './expectation.ts';
import type { Form } from './valid.ts';

/**
 * The body of a decode function over `memory` and `offset`: reads each field once, since the other side may still write,
 * checks it, and builds the result as one object literal, so that all results share one hidden class.
 */
export function decodeSource(type: Struct, form: Form, constants: unknown[]): string {
  const reads: string[] = [boundsSource(type)];
  let variables = 0;

  const literal = (struct: Struct, base: number, pointer: string): string => {
    const members = struct.layout.fields.map(({ name, type: fieldType, offset }) => {
      const place = `${pointer}/${name}`;
      if (fieldType.kind === 'struct') return `${name}: ${literal(fieldType, base + offset, place)}`;
      const variable = `f${variables++}`;
      reads.push(`let ${variable} = ${readOf(fieldType, base + offset)};`);
      reads.push(...afterRead(fieldType, variable, form, place, constants));
      return `${name}: ${variable}`;
    });
    return `{ ${members.join(', ')} }`;
  };

  const result = literal(type, 0, '');
  return [...reads, `return ${result};`].join('\n');
}

function readOf(type: Exclude<Type, Struct>, at: number): string {
  if (type.kind === 'text') return `readText(bytes, offset + ${at}, ${type.capacity})`;
  return `view.get${accessorOf(type)}(offset + ${at}${sizeOf(type) > 1 ? ', true' : ''})`;
}

/** Checks and conversions of what was read into `variable`. */
function afterRead(
  type: Exclude<Type, Struct>,
  variable: string,
  form: Form,
  pointer: string,
  constants: unknown[],
): string[] {
  const refuseIf = (condition: string, message: string) =>
    `if (${condition}) throw badReply("${pointer}", ${JSON.stringify(message)});`;
  switch (type.kind) {
    case 'bool':
      return [refuseIf(`${variable} > 1`, 'must be 0 or 1'), `${variable} = ${variable} === 1;`];
    case 'enum': {
      constants.push(type.values);
      return [
        `${variable} = constants[${constants.length - 1}][${variable}];`,
        refuseIf(`${variable} === undefined`, expectation(type)),
      ];
    }
    case 'text':
      return [refuseIf(`${variable} === undefined`, `${expectation(type)}, terminated`)];
    case 'f32':
    case 'f64':
      // x - x is 0 for finite numbers and NaN for all others.
      return form === 'json'
        ? [refuseIf(`${variable} - ${variable} !== 0`, 'is not finite, which JSON cannot say')]
        : [];
    case 'i64':
    case 'u64':
      return form === 'json' ? [`${variable} = ${variable}.toString();`] : [];
    default:
      return [];
  }
}
