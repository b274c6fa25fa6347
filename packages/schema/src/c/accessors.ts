import type { PlacedField, Struct } from '../language/types.ts';
import { elementType, isBigEndian, loadSuffix, presenceBit, presenceMember, unwrapArray, wideType } from './ctypes.ts';
import { withArguments } from './format.ts';
import { accessorNames, listNames, memberName, messageNames, typeNameOf } from './names.ts';

/** The functions that read and write those fields of a struct that are not plain members. */
export function accessors(service: string, struct: Struct): string[] {
  const lines = struct.layout.fields.flatMap((field) => {
    const accessor = new Accessor(service, struct, field);
    return [...accessor.presence(), ...accessor.content()];
  });
  return lines.length === 0 ? [] : [...lines, ''];
}

/** What begins a message with this struct, and what finds it in one. */
export function messageFunctions(service: string, { name }: Struct): string[] {
  const cName = typeNameOf(service, name);
  const { begin, of } = messageNames(service, name);
  return [
    `/* Begins a message anew with this struct, zeroed, and returns it; NULL if there is no room. */`,
    `static inline ${cName} *${begin}(isth_message *message) {`,
    `  return (${cName} *)isth_message_begin(message, sizeof(${cName}));`,
    '}',
    `/* The struct that a message begins with; NULL if the message is shorter. */`,
    `static inline const ${cName} *${of}(const isth_message *message) {`,
    `  return message->size < sizeof(${cName}) ? NULL : (const ${cName} *)(const void *)message->bytes;`,
    '}',
    '',
  ];
}

/** Writes the accessors of one field. */
class Accessor {
  readonly #names: ReturnType<typeof accessorNames>;
  readonly #service: string;
  readonly #type: string;
  readonly #field: PlacedField;
  /** Of an array: what its elements are found by. */
  readonly #indices: readonly string[];
  readonly #lengths: readonly number[];

  constructor(service: string, struct: Struct, field: PlacedField) {
    this.#names = accessorNames(service, struct.name, field.name);
    this.#service = service;
    this.#type = typeNameOf(service, struct.name);
    this.#field = field;
    this.#lengths = unwrapArray(field.type).lengths;
    this.#indices = this.#lengths.map((_, index) => (index === 0 ? 'i' : index === 1 ? 'j' : `i${index}`));
  }

  presence(): string[] {
    const { presence } = this.#field;
    if (presence === undefined) return [];
    const { has, mark } = this.#names;
    const word = `value->${presenceMember(presence.word)}`;
    const bit = presenceBit(presence.bit);
    return [
      `static inline bool ${has}(const ${this.#type} *value) { return (${word} & ${bit}) != 0; }`,
      `static inline void ${mark}(${this.#type} *value) { ${word} |= ${bit}; }`,
    ];
  }

  content(): string[] {
    const { element } = unwrapArray(this.#field.type);
    switch (element.kind) {
      case 'textTail':
        return [
          ...this.#reader('isth_text', 'isth_message_text'),
          ...this.#writer('const char *text', 'isth_message_append_text(message, &span, text, length)'),
        ];
      case 'bytesTail':
        return [
          ...this.#reader('isth_bytes', 'isth_message_bytes'),
          ...this.#writer('const void *data', 'isth_message_append_bytes(message, &span, data, length)'),
        ];
      case 'list': {
        const { type, at, add } = listNames(this.#service, element.element);
        return [...this.#reader(type, at), ...this.#adder(elementType(this.#service, element.element), add)];
      }
      default:
        return isBigEndian(element) ? this.#number(wideType(element), loadSuffix(element)) : [];
    }
  }

  get #member(): string {
    return `value->${memberName(this.#field.name)}${this.#indices.map((index) => `[${index}]`).join('')}`;
  }

  get #indexParameters(): string[] {
    return this.#indices.map((index) => `size_t ${index}`);
  }

  /** True where an index is beyond its array. */
  get #beyond(): string[] {
    return this.#indices.map((index, at) => `${index} >= ${this.#lengths[at]}`);
  }

  #marked(): string[] {
    return this.#field.presence === undefined ? [] : [`  ${this.#names.mark}(value);`];
  }

  #refused(result: string): string[] {
    return this.#beyond.length === 0 ? [] : [`  if (${this.#beyond.join(' || ')}) return ${result};`];
  }

  #reader(result: string, read: string): string[] {
    const parameters = ['const isth_message *message', `const ${this.#type} *value`, ...this.#indexParameters];
    const there = this.#field.presence === undefined ? [] : [`${this.#names.has}(value)`];
    const inside = this.#indices.map((index, at) => `${index} < ${this.#lengths[at]}`);
    const conditions = [...there, ...inside];
    return [
      ...withArguments(`static inline ${result} ${this.#names.get}`, parameters, ' {'),
      ...(conditions.length === 0
        ? [`  return ${read}(message, ${this.#member});`]
        : [
            '  isth_span span = {0, 0};',
            `  if (${conditions.join(' && ')}) span = ${this.#member};`,
            `  return ${read}(message, span);`,
          ]),
      '}',
    ];
  }

  /** Through a span of its own: that of the struct may be misaligned, if it is packed. */
  #writer(content: string, append: string): string[] {
    const parameters = [
      'isth_message *message',
      `${this.#type} *value`,
      ...this.#indexParameters,
      content,
      'size_t length',
    ];
    return [
      ...withArguments(`static inline bool ${this.#names.set}`, parameters, ' {'),
      '  isth_span span = {0, 0};',
      ...this.#refused('false'),
      `  if (!${append}) return false;`,
      `  ${this.#member} = span;`,
      ...this.#marked(),
      '  return true;',
      '}',
    ];
  }

  #adder(element: string, add: string): string[] {
    const parameters = ['isth_message *message', `${this.#type} *value`, ...this.#indexParameters, 'size_t count'];
    return [
      ...withArguments(`static inline ${element} *${this.#names.add}`, parameters, ' {'),
      '  isth_span span = {0, 0};',
      `  ${element} *items;`,
      ...this.#refused('NULL'),
      `  items = ${add}(message, &span, count);`,
      '  if (items == NULL) return NULL;',
      `  ${this.#member} = span;`,
      ...this.#marked(),
      '  return items;',
      '}',
    ];
  }

  #number(type: string, suffix: string): string[] {
    const { get, set } = this.#names;
    return [
      ...withArguments(`static inline ${type} ${get}`, [`const ${this.#type} *value`, ...this.#indexParameters], ' {'),
      `  return isth_load_${suffix}(&${this.#member});`,
      '}',
      ...withArguments(
        `static inline void ${set}`,
        [`${this.#type} *value`, ...this.#indexParameters, `${type} number`],
        ' {',
      ),
      `  isth_store_${suffix}(&${this.#member}, number);`,
      ...this.#marked(),
      '}',
    ];
  }
}
