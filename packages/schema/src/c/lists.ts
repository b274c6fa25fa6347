import type { Payload } from '../language/call.ts';
import { alignOf } from '../language/layout.ts';
import type { List, ValueType } from '../language/types.ts';
import { comment } from './comment.ts';
import { declaration, elementType, isArrayInC, unwrapArray } from './ctypes.ts';
import { withArguments } from './format.ts';
import { arrayElementName, listNames } from './names.ts';

/** The lists of a service whose C types differ, in the order in which its calls use them. */
export function collectLists(service: string, methods: readonly Payloads[]): List[] {
  const found = new Map<string, List>();
  const visited = new Set<object>();
  const visit = (type: ValueType): void => {
    switch (type.kind) {
      case 'struct':
        if (visited.has(type.layout)) return;
        visited.add(type.layout);
        for (const field of type.layout.fields) visit(field.type);
        return;
      case 'union':
        for (const variant of Object.values(type.variants)) visit(variant);
        return;
      case 'array':
        visit(type.element);
        return;
      case 'list': {
        visit(type.element);
        const key = declaration(service, type.element, listNames(service, type.element).type);
        if (!found.has(key)) found.set(key, type);
      }
    }
  };
  for (const { input, output } of methods) {
    if (input !== undefined) visit(input);
    if (output !== undefined) visit(output);
  }
  return [...found.values()];
}

interface Payloads {
  readonly input: Payload | undefined;
  readonly output: Payload | undefined;
}

/** The type of each list, what reads one, and what makes one. */
export function listDeclarations(service: string, lists: readonly List[]): string[] {
  if (lists.length === 0) return [];
  return [
    ...comment([
      'Lists. For each type of element: the list as it is read; _at(), which reads the one that a span points to, and gives an empty one where that is not wholly inside the message; and _add(), which appends `count` elements, all zero, to a message, points a span to them, and returns the first, or NULL if there is no room.',
    ]),
    '',
    ...lists.flatMap((type) => listDeclaration(service, type)),
  ];
}

function listDeclaration(service: string, { element }: List): string[] {
  const { type, at, add } = listNames(service, element);
  const cName = elementType(service, element);
  const align = alignOf(element);
  return [
    ...(isArrayInC(element) ? [`typedef ${declaration(service, element, arrayElementName(service, element))};`] : []),
    ...elementComment(unwrapArray(element).element),
    `typedef struct ${type} {`,
    `  const ${cName} *items;`,
    '  size_t count;',
    `} ${type};`,
    ...withArguments(`static inline ${type} ${at}`, ['const isth_message *message', 'isth_span span'], ' {'),
    `  ${type} list;`,
    `  list.items = (const ${cName} *)isth_message_tail(message, span, sizeof(${cName}));`,
    ...(align > 1 ? [`  if (span.offset % ${align} != 0) list.items = NULL;`] : []),
    '  list.count = list.items == NULL ? 0 : span.length;',
    '  return list;',
    '}',
    ...withArguments(
      `static inline ${cName} *${add}`,
      ['isth_message *message', 'isth_span *span', 'size_t count'],
      ' {',
    ),
    `  return (${cName} *)isth_message_append(message, span, count, sizeof(${cName}), ${align});`,
    '}',
    '',
  ];
}

/** How to get on from an element that is a tail itself. */
function elementComment(element: ValueType): string[] {
  switch (element.kind) {
    case 'textTail':
    case 'bytesTail':
    case 'list':
      return comment([
        'Spans of texts, bytes or lists. Read one with isth_message_text(), isth_message_bytes() or the _at() of its list; write one with isth_message_append_text(), isth_message_append_bytes() or the _add() of its list.',
      ]);
    default:
      return [];
  }
}
