/** A schema as its canonical text tells it: enough to say what differs, without the code that declared it. */
export interface ParsedSchema {
  service: string;
  readonly errors: string[];
  readonly enums: Map<string, string[]>;
  readonly structs: Map<string, Map<string, ParsedField>>;
  readonly methods: Map<string, ParsedMethod>;
}

export interface ParsedField {
  readonly offset: string;
  readonly type: string;
  /** Range and default as written: `min=0 default=1`; may be empty. */
  readonly attributes: string;
}

export interface ParsedMethod {
  readonly id: string;
  readonly input: string;
  readonly output: string;
  readonly idempotent: boolean;
}

const patterns = {
  service: /^service (\S+)$/,
  error: /^error \d+ (\S+)$/,
  enum: /^enum (\S+)$/,
  struct: /^struct (\S+) size \d+ align \d+$/,
  method: /^method (\d+) (\S+) (\S+) -> (\S+?)( idempotent)?$/,
  value: /^ {2}\d+ (\S+)$/,
  field: /^ {2}(\d+) (\S+) (\S+)(?: (.*))?$/,
};

/** Reads a canonical text. The text comes from another program, so a line that it does not know is skipped, not trusted. */
export function parseSchema(text: string): ParsedSchema {
  const schema: ParsedSchema = {
    service: '',
    errors: [],
    enums: new Map(),
    structs: new Map(),
    methods: new Map(),
  };
  let values: string[] | undefined;
  let fields: Map<string, ParsedField> | undefined;
  for (const line of text.split('\n')) {
    if (line.startsWith('  ')) {
      const [, value] = patterns.value.exec(line) ?? [];
      if (value !== undefined) values?.push(value);
      const [, offset, name, type, attributes = ''] = patterns.field.exec(line) ?? [];
      if (offset !== undefined && name !== undefined && type !== undefined) {
        fields?.set(name, { offset, type, attributes });
      }
      continue;
    }
    values = undefined;
    fields = undefined;
    const [, service] = patterns.service.exec(line) ?? [];
    if (service !== undefined) schema.service = service;
    const [, error] = patterns.error.exec(line) ?? [];
    if (error !== undefined) schema.errors.push(error);
    const [, enumName] = patterns.enum.exec(line) ?? [];
    if (enumName !== undefined) {
      values = [];
      schema.enums.set(enumName, values);
    }
    const [, structName] = patterns.struct.exec(line) ?? [];
    if (structName !== undefined) {
      fields = new Map();
      schema.structs.set(structName, fields);
    }
    const [, id, method, input, output, idempotent] = patterns.method.exec(line) ?? [];
    if (id !== undefined && method !== undefined && input !== undefined && output !== undefined) {
      schema.methods.set(method, { id, input, output, idempotent: idempotent !== undefined });
    }
  }
  return schema;
}
