/**
 * A C program that knows several schemas through their generated headers alone: it reads each field of a message through
 * its member or accessor, writes each, and says where the compiler has placed them. What it does with that is in harness.h.
 */
import type { Service, Struct, Union } from '@isthmus/schema';
import { isChecked } from '../../../packages/schema/src/c/check-code.ts';
import { presenceMember, unwrapArray } from '../../../packages/schema/src/c/ctypes.ts';
import {
  accessorNames,
  checkName,
  memberName,
  messageNames,
  typeNameOf,
} from '../../../packages/schema/src/c/names.ts';
import { collectTypes } from '../../../packages/schema/src/language/collect.ts';
import { reader } from './reader.ts';
import { writer } from './writer.ts';

/** The source. Each service's first method takes the struct that is read and written. */
export function layoutProgram(services: readonly Service[]): string {
  return [
    ...services.map(({ name }) => `#include "${name}.h"`),
    '#include "harness.h"',
    '',
    ...services.flatMap((service) => [
      ...compositesOf(service).flatMap((type) => [...reader(service.name, type), ...writer(service.name, type)]),
      ...toucher(service.name, rootOf(service)),
      ...wholeMessage(service.name, rootOf(service)),
    ]),
    'static const struct schema schemas[] = {',
    ...services.map(({ name }) => `  {size_${name}, check_${name}, read_${name}, write_${name}, touch_${name}},`),
    '};',
    'static void print_layout(void) {',
    ...services.flatMap((service) => compositesOf(service).flatMap((type) => layoutPrinter(service.name, type))),
    '}',
    'int main(void) { return run(schemas, sizeof(schemas) / sizeof(schemas[0]), print_layout); }',
    '',
  ].join('\n');
}

/** What the program says of the types of its services, a line each, if the compiler agrees with the layout engine. */
export function expectedLayout(services: readonly Service[]): string {
  return services
    .flatMap((service) =>
      compositesOf(service).map((type) => {
        const { size, align } = type.layout;
        const members = membersOf(type).map(({ member, offset }) => ` ${member}=${offset}`);
        return `${typeNameOf(service.name, type.name)} ${size} ${align}${members.join('')}\n`;
      }),
    )
    .join('');
}

function compositesOf(service: Service): readonly (Struct | Union)[] {
  return collectTypes(service).composites;
}

export function rootOf({ name, methods: [method] }: Service): Struct {
  if (method?.input?.kind !== 'struct') throw new Error(`service ${name} has no struct to test`);
  return method.input;
}

function membersOf(type: Struct | Union): { readonly member: string; readonly offset: number }[] {
  if (type.kind === 'union') return [{ member: 'as', offset: type.layout.offset }];
  return [
    ...type.layout.presence.map((offset, word) => ({ member: presenceMember(word), offset })),
    ...type.layout.fields.map(({ name, offset }) => ({ member: memberName(name), offset })),
  ];
}

function layoutPrinter(service: string, type: Struct | Union): string[] {
  const cName = typeNameOf(service, type.name);
  return [
    `  put_layout("${cName} %zu", sizeof(${cName}));`,
    `  put_layout(" %zu", ISTH_ALIGNOF(${cName}));`,
    ...membersOf(type).map(({ member }) => `  put_layout(" ${member}=%zu", offsetof(${cName}, ${member}));`),
    '  put_bytes("\\n", 1);',
  ];
}

/** What harness.h calls: the same functions for messages of every schema. */
function wholeMessage(service: string, root: Struct): string[] {
  const cName = typeNameOf(service, root.name);
  const { begin, of } = messageNames(service, root.name);
  const [beginning, found] = root.layout.hasTails
    ? [`${begin}(message)`, `${of}(message)`]
    : [`(${cName} *)isth_message_begin(message, sizeof(${cName}))`, `(const ${cName} *)(const void *)message->bytes`];
  const checked = isChecked(root, 'input');
  return [
    `enum { size_${service} = sizeof(${cName}) };`,
    `static void read_${service}(const isth_message *message) { read_${cName}(message, ${found}); }`,
    `static bool write_${service}(isth_message *message) {`,
    `  ${cName} *value = ${beginning};`,
    `  return value != NULL && write_${cName}(message, value);`,
    '}',
    `static bool check_${service}(isth_check *check, const unsigned char *at) {`,
    checked ? `  return ${checkName(service, root.name)}(check, at);` : '  return check != NULL && at != NULL;',
    '}',
  ];
}

/** Reads the tails of a message of which nothing is known: what an accessor gives must be inside of it. */
function toucher(service: string, root: Struct): string[] {
  const cName = typeNameOf(service, root.name);
  const lines = root.layout.fields.flatMap(({ name, type }) => {
    const { element, lengths } = unwrapArray(type);
    const { get } = accessorNames(service, root.name, name);
    // The first and the last, and one that does not exist.
    const calls = [lengths.map(() => 0), lengths.map((length) => length - 1), lengths].map((indices) => {
      return `${get}(${['message', 'value', ...indices].join(', ')})`;
    });
    switch (element.kind) {
      case 'textTail':
        return calls.map((call) => `  touch_text(${call});`);
      case 'bytesTail':
        return calls.map((call) => `  touch_bytes(${call}.data, ${call}.length);`);
      case 'list':
        return calls.map((call) => `  touch_bytes(${call}.items, ${call}.count * sizeof(*${call}.items));`);
      default:
        return [];
    }
  });
  return [
    `static void touch_${service}(const isth_message *message) {`,
    `  const ${cName} *value = (const ${cName} *)(const void *)message->bytes;`,
    `  if (message->size < sizeof(*value)) return;`,
    ...lines,
    '}',
  ];
}
