/** The fields of a schema that from-c made: as C code that prints them by their C names, and as TypeScript reads them. */
import { type Struct, snakeCase, type ValueType } from '@isthmus/schema';

/** For the code that `printFields` makes. */
export const printSupport = `#include <stdint.h>
#include <stdio.h>
#include <string.h>
static void hex(const char *name, const void *memory, size_t size)
{
  printf("%s=", name);
  for (size_t i = 0; i < size; i++) printf("%02x", ((const unsigned char *)memory)[i]);
  printf("\\n");
}
`;

/** C statements that print each value of `value`, a line `path=text` each. Nothing in them knows of offsets. */
export function printFields(struct: Struct, value: string, path = ''): string {
  return struct.layout.fields
    .filter(({ type }) => type.description !== 'Padding.')
    .map(({ name, type, size }) => {
      const { description = '' } = type.kind === 'struct' ? { description: type.fieldDescription } : type;
      if (description.startsWith('Bit-fields')) return printBits(description, value, `${path}${name}`);
      return printValue(type, `${value}.${nameInC(name, description)}`, `${path}${name}`, size);
    })
    .join('\n');
}

/** A bit-field has no address and no size, but it has a value. */
function printBits(description: string, value: string, path: string): string {
  const names = [...description.matchAll(/[:;] (\S+) is bits? /g)].map(([, name]) => name);
  return names.map((name) => `printf("${path}.${name}=%lld\\n", (long long)${value}.${name});`).join('\n');
}

function nameInC(name: string, description: string): string {
  const [, told] = /^In C (\w+)[,.]/.exec(description) ?? [];
  const [, firstOfUnion] = /^In C a union: (\w+) /.exec(description) ?? [];
  return told ?? (name.endsWith('Union') && firstOfUnion !== undefined ? firstOfUnion : snakeCase(name));
}

function printValue(type: ValueType, value: string, path: string, size: number): string {
  switch (type.kind) {
    case 'struct':
      return printFields(type, value, `${path}.`);
    case 'array':
      return Array.from({ length: type.length }, (_, index) => {
        return printValue(type.element, `${value}[${index}]`, `${path}[${index}]`, size / type.length);
      }).join('\n');
    case 'text':
      return `hex("${path}", ${value}, strlen(${value}));`;
    case 'bytes':
      return `hex("${path}", &${value}, ${size});`;
    case 'f32':
    case 'f64':
      return `printf("${path}=%.17g\\n", (double)${value});`;
    case 'u64':
      // A pointer, perhaps.
      return `printf("${path}=%llu\\n", (unsigned long long)(uintptr_t)${value});`;
    default:
      return `printf("${path}=%lld\\n", (long long)${value});`;
  }
}

/** What `printFields` prints, from a decoded value. Bit-fields have to be added. */
export function textOfFields(struct: Struct, value: unknown, path = ''): string[] {
  const fields = struct.layout.fields.filter(({ type }) => !/^(Padding\.|Bit-fields)/.test(type.description ?? ''));
  return fields.flatMap(({ name, type }) => textOf(type, memberOf(value, name), `${path}${name}`));
}

function textOf(type: ValueType, value: unknown, path: string): string[] {
  if (type.kind === 'struct') return textOfFields(type, value, `${path}.`);
  if (Array.isArray(value) && type.kind === 'array') {
    return value.flatMap((element: unknown, index) => textOf(type.element, element, `${path}[${index}]`));
  }
  if (typeof value === 'string') return [`${path}=${Buffer.from(value).toString('hex')}`];
  if (value instanceof Uint8Array) return [`${path}=${Buffer.from(value).toString('hex')}`];
  return [`${path}=${typeof value === 'boolean' ? Number(value) : value}`];
}

function memberOf(value: unknown, name: string): unknown {
  const members: object = typeof value === 'object' && value !== null ? value : {};
  return Object.getOwnPropertyDescriptor(members, name)?.value;
}
