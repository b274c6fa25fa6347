import { snakeCase } from '../language/c-words.ts';
import type { ValueType } from '../language/types.ts';

/** The C name of a field or variant. */
export function memberName(field: string): string {
  return snakeCase(field);
}

/** The C name of a named type: for a struct, union or enumeration its tag and its typedef. */
export function typeNameOf(service: string, type: string): string {
  return `${snakeCase(service)}_${snakeCase(type)}`;
}

/** The C name of one value of an enumeration, or of one of the flags. */
export function enumeratorName(service: string, type: string, value: string): string {
  return `${typeNameOf(service, type)}_${snakeCase(value)}`.toUpperCase();
}

/** The C names of what says which variant a union holds: the enum, and the value for one variant. */
export function unionKindName(service: string, union: string): string {
  return `${typeNameOf(service, union)}_kind`;
}

export function variantName(service: string, union: string, variant: string): string {
  return `${unionKindName(service, union)}_${snakeCase(variant)}`.toUpperCase();
}

/** The C name of one of the service's errors. */
export function errorName(service: string, error: string): string {
  return `${snakeCase(service)}_error_${snakeCase(error)}`.toUpperCase();
}

/** A type as a part of the C names of lists and elements. Types that are the same in C have the same word. */
function elementWord(type: ValueType): string {
  switch (type.kind) {
    case 'timestamp':
    case 'duration':
    case 'decimal':
      return 'i64';
    case 'text':
      return `text_${type.capacity}`;
    case 'bytes':
      return `bytes_${type.length}`;
    case 'textTail':
    case 'bytesTail':
    case 'list':
      return 'span';
    case 'enum':
    case 'flags':
    case 'struct':
    case 'union':
      return snakeCase(type.name);
    case 'array':
      return `${elementWord(type.element)}_x${type.length}`;
    default:
      return type.kind;
  }
}

/** The C names of a list by the type of its elements: its own type, what reads one, and what makes one. */
export function listNames(service: string, element: ValueType): { type: string; at: string; add: string } {
  const type = `${snakeCase(service)}_list_of_${elementWord(element)}`;
  return { type, at: `${type}_at`, add: `${type}_add` };
}

/** The C name of the type of elements that are arrays in C, which have no name of their own. */
export function arrayElementName(service: string, element: ValueType): string {
  return `${snakeCase(service)}_${elementWord(element)}`;
}

/** The C names of what reads and writes a field. Which of them there are depends on its type. */
export function accessorNames(
  service: string,
  struct: string,
  field: string,
): { has: string; mark: string; get: string; set: string; add: string; scale: string } {
  const prefix = typeNameOf(service, struct);
  const name = snakeCase(field);
  return {
    has: `${prefix}_has_${name}`,
    mark: `${prefix}_mark_${name}`,
    get: `${prefix}_get_${name}`,
    set: `${prefix}_set_${name}`,
    add: `${prefix}_add_${name}`,
    scale: `${prefix}_${name}_scale`.toUpperCase(),
  };
}

/** The C names of what makes and reads a message that begins with a struct. */
export function messageNames(service: string, struct: string): { begin: string; of: string } {
  const prefix = typeNameOf(service, struct);
  return { begin: `${prefix}_begin`, of: `${prefix}_of` };
}

/** The C name of the function that checks a struct or a union. */
export function checkName(service: string, type: string): string {
  return `${typeNameOf(service, type)}_is_valid`;
}

/** The C names of a method. Which of them there are depends on how many replies it has. */
export interface MethodNames {
  /** Its number. */
  readonly number: string;
  /** What the service program defines. */
  readonly handler: string;
  /** What calls the handler. */
  readonly adapter: string;
  /** What the handler sends each of many replies with. */
  readonly emit: string;
  /** What answers a call later. */
  readonly respond: string;
  /** What a client program calls. */
  readonly call: string;
  /** What a client program calls where there is no reply. */
  readonly send: string;
  /** The type of what a client program does with each of many replies. */
  readonly each: string;
  /** What calls that, and what it must know. */
  readonly take: string;
  readonly state: string;
}

export function methodNames(service: string, method: string): MethodNames {
  const prefix = snakeCase(service);
  const name = snakeCase(method);
  return {
    number: `${prefix}_method_${name}`.toUpperCase(),
    handler: `${prefix}_on_${name}`,
    adapter: `${prefix}_handle_${name}`,
    emit: `${prefix}_emit_${name}`,
    respond: `${prefix}_respond_${name}`,
    call: `${prefix}_call_${name}`,
    send: `${prefix}_send_${name}`,
    each: `${prefix}_each_${name}`,
    take: `${prefix}_take_${name}`,
    state: `${prefix}_each_${name}_state`,
  };
}

/** The C names of a region. */
export interface RegionNames {
  /** Its number. */
  readonly number: string;
  /** What gives it to a service program, and to a client program. */
  readonly ofService: string;
  readonly ofClient: string;
  readonly read: string;
  readonly write: string;
  /** Of a table: what finds a row by its key, and what reads one by its number. */
  readonly find: string;
  readonly readRow: string;
}

export function regionNames(service: string, region: string): RegionNames {
  const prefix = `${snakeCase(service)}_${snakeCase(region)}`;
  return {
    number: `${snakeCase(service)}_region_${snakeCase(region)}`.toUpperCase(),
    ofService: `${prefix}_of_service`,
    ofClient: `${prefix}_of_client`,
    read: `${prefix}_read`,
    write: `${prefix}_write`,
    find: `${prefix}_find`,
    readRow: `${prefix}_read_row`,
  };
}

/** The C name of what writes one field of a region. */
export function regionFieldName(service: string, region: string, field: string): string {
  return `${regionNames(service, region).write}_${snakeCase(field)}`;
}

/** The C names that a service has, beside those of its members. */
export function serviceNames(service: string): {
  schema: string;
  register: string;
  main: string;
  errors: string;
  methods: string;
  regions: string;
  guard: string;
} {
  const prefix = snakeCase(service);
  return {
    schema: `${prefix}_schema`,
    register: `${prefix}_register`,
    main: `${prefix}_main`,
    errors: `${prefix}_error`,
    methods: `${prefix}_method`,
    regions: `${prefix}_region`,
    guard: `${prefix.toUpperCase()}_ISTHMUS_H`,
  };
}
