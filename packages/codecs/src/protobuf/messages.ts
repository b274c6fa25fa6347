/** The protobuf messages of structs and unions: what both the text of the `.proto` file and the codec are made from. */
import type { Enumeration, Struct, Union, ValueType } from '@isthmus/schema';

export type ScalarName = 'bool' | 'uint32' | 'sint32' | 'uint64' | 'sint64' | 'float' | 'double' | 'string' | 'bytes';

export interface ProtoMessage {
  readonly name: string;
  /** For the comment. `undefined`: a list that has to be a message of its own. */
  readonly source: Struct | Union | undefined;
  /** Whether exactly one of the fields is there: they are the members of one `oneof`. */
  readonly isUnion: boolean;
  readonly fields: readonly ProtoField[];
  /** Lists that have to be messages of their own. */
  readonly nested: readonly ProtoMessage[];
}

export interface ProtoField {
  /** As in the schema, in camelCase. */
  readonly name: string;
  readonly number: number;
  /** `optional`: it is seen whether the field is there. `plain`: left out, it is 0, false or empty. */
  readonly label: 'plain' | 'optional' | 'repeated';
  readonly type: ScalarName | Enumeration | ProtoMessage;
  /** For the comment. */
  readonly source: ValueType;
}

const messages = new WeakMap<Struct | Union, ProtoMessage>();

/** The message of a struct or union; the same one each time. */
export function messageOf(type: Struct | Union): ProtoMessage {
  let message = messages.get(type);
  if (message === undefined) {
    message = type.kind === 'struct' ? structMessage(type) : unionMessage(type);
    messages.set(type, message);
  }
  return message;
}

/** Fields are numbered in the order of declaration, so that one that is appended changes no number. */
function structMessage(type: Struct): ProtoMessage {
  const nested: ProtoMessage[] = [];
  const fields = type.layout.fields.map(({ name, type: source, presence }, index): ProtoField => {
    return { name, number: index + 1, source, ...typeOfField(name, source, presence !== undefined, nested) };
  });
  return { name: type.name, source: type, isUnion: false, fields, nested };
}

function unionMessage(type: Union): ProtoMessage {
  const fields = Object.entries(type.variants).map(([name, source], index): ProtoField => {
    return { name, number: index + 1, label: 'plain', type: messageOf(source), source };
  });
  return { name: type.name, source: type, isUnion: true, fields, nested: [] };
}

/** What the `oneof` of a union is called: `kind`, unless a variant is. No variant's name ends with an underscore. */
export function oneofName({ fields }: ProtoMessage): string {
  return fields.some(({ name }) => name === 'kind') ? 'kind_' : 'kind';
}

function typeOfField(
  name: string,
  type: ValueType,
  isOptional: boolean,
  nested: ProtoMessage[],
): Pick<ProtoField, 'label' | 'type'> {
  const listName = `${name.charAt(0).toUpperCase()}${name.slice(1)}List`;
  if (type.kind === 'list' && isOptional) {
    // Protobuf has no optional lists: one that is empty and one that is not there look the same.
    return { label: 'optional', type: addList(listName, type.element, nested) };
  }
  if (type.kind === 'list' || type.kind === 'array') {
    return { label: 'repeated', type: elementType(listName, type.element, nested) };
  }
  // A default stands for what is not there, and 0, false or empty for themselves.
  const label = isOptional || type.default !== undefined ? 'optional' : 'plain';
  return { label, type: singleType(type) };
}

/** Protobuf has no lists of lists: the inner ones become messages. */
function elementType(listName: string, element: ValueType, nested: ProtoMessage[]): ProtoField['type'] {
  if (element.kind === 'list' || element.kind === 'array') return addList(listName, element.element, nested);
  return singleType(element);
}

function addList(name: string, element: ValueType, nested: ProtoMessage[]): ProtoMessage {
  const inner: ProtoMessage[] = [];
  const type = elementType('List', element, inner);
  const items: ProtoField = { name: 'items', number: 1, label: 'repeated', type, source: element };
  const message: ProtoMessage = { name, source: undefined, isUnion: false, fields: [items], nested: inner };
  nested.push(message);
  return message;
}

type Single = Exclude<ValueType, { readonly kind: 'list' | 'array' }>;

function singleType(type: Single): ProtoField['type'] {
  switch (type.kind) {
    case 'bool':
      return 'bool';
    case 'u8':
    case 'u16':
    case 'u32':
      return 'uint32';
    case 'i8':
    case 'i16':
    case 'i32':
      return 'sint32';
    case 'u64':
      return 'uint64';
    case 'i64':
    case 'timestamp':
    case 'duration':
    case 'decimal':
      return 'sint64';
    case 'f32':
      return 'float';
    case 'f64':
      return 'double';
    case 'text':
    case 'textTail':
      return 'string';
    case 'bytes':
    case 'bytesTail':
      return 'bytes';
    case 'flags':
      return type.bits === 64 ? 'uint64' : 'uint32';
    case 'enum':
      return type;
    case 'struct':
    case 'union':
      return messageOf(type);
  }
}
