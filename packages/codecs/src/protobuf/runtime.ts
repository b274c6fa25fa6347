import protobuf from 'protobufjs/light.js';
import { oneofName, type ProtoField, type ProtoMessage } from './messages.ts';

/** The message, and those in it, as protobufjs has them. Its fields are called as in the schema. */
export function protobufType(message: ProtoMessage): protobuf.Type {
  const names = new Map<ProtoMessage, string>();
  const nested: Record<string, protobuf.IType> = {};

  const add = (type: ProtoMessage): string => {
    const known = names.get(type);
    if (known !== undefined) return known;
    // Lists that had to become messages can have the same name.
    const name = `M${names.size}`;
    names.set(type, name);
    nested[name] = {
      edition: 'proto3',
      fields: Object.fromEntries(type.fields.map((field) => [field.name, fieldOf(field)])),
      ...(type.isUnion && { oneofs: { [oneofName(type)]: { oneof: type.fields.map((field) => field.name) } } }),
    };
    return name;
  };
  const fieldOf = ({ number, label, type }: ProtoField): protobuf.IField => ({
    id: number,
    // Values of an enumeration are numbers of this type.
    type: typeof type === 'string' ? type : 'fields' in type ? add(type) : 'int32',
    ...(label === 'repeated' && { rule: 'repeated' }),
    ...(label === 'optional' && { options: { features: { field_presence: 'EXPLICIT' } } }),
  });

  const name = add(message);
  return protobuf.Root.fromJSON({ nested }).lookupType(name);
}
