/** docs/types.md, row by row: declared, encoded, read by C through the generated header, and as JSON. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import * as schema from '../src/index.ts';
import { codecOf, generateHeader, IsthmusError, jsonSchemaOf } from '../src/index.ts';
import { MAX_ROWS } from '../src/language/region.ts';
import { MAX_REGION_BYTES, MAX_REGIONS } from '../src/language/region-memory.ts';
import { MAX_DEPTH, MAX_MESSAGE_ALIGN, MAX_MESSAGE_BYTES, MAX_STRUCT_BYTES } from '../src/language/types.ts';
import { messageSources, Workspace } from './support/c.ts';
import { memoryOf } from './support/memory.ts';
import { codesOf, Page } from './support/page.ts';
import { typeErrors } from './support/typescript.ts';

const page = new Page('types.md');
const preamble = page.beginning.block('ts');

/** Runs the page's TypeScript, with its named types at hand, and gives the value of an expression. */
function evaluate(expression: string, statements = ''): unknown {
  const source = `"use strict"; const { ${Object.keys(schema).join(', ')} } = schema;\n`;
  return new Function('schema', `${source}${preamble}\n${statements}\nreturn (${expression});`)(schema);
}

interface Row {
  readonly field: string;
  /** TypeScript that makes the type, its type, and a value of it. */
  readonly declared: string;
  readonly type: string;
  readonly value: string;
  /** `undefined`: left out. */
  readonly json: string | undefined;
  readonly member: string;
  /** Expressions of C, and what each is. */
  readonly reads: readonly (readonly [string, string])[];
}

const rows: Row[] = page.headings
  .filter((heading) => page.section(heading).text.includes('\n| declared |'))
  .flatMap((heading) => page.section(heading).table('declared'))
  .map((cells) => {
    const [[declaration = ''] = [], [type = '', value = ''] = [], [json] = [], [member = ''] = [], reads = []] =
      cells.map(codesOf);
    const colon = declaration.indexOf(': ');
    assert.ok(colon > 0 && reads.length > 0 && reads.length % 2 === 0, cells.join());
    return {
      field: declaration.slice(0, colon),
      declared: declaration.slice(colon + 2),
      type,
      value,
      json,
      member,
      reads: reads.flatMap((code, index) => (index % 2 === 0 ? [[code, reads[index + 1] ?? ''] as const] : [])),
    };
  });

const orderSource = `const Order = struct('Order', { ${rows.map(({ field, declared }) => `${field}: ${declared}`).join(', ')} });\n`;
const replySource = `${/const Reply = .*? \}\)/.exec(page.section('Writing in C').text)?.[0]};\n`;
const order = evaluate('Order', orderSource) as schema.Struct;
const reply = evaluate('Reply', replySource) as schema.Struct;
const shop = schema.service('shop', { put: schema.call({ input: order, output: reply }) });
const value = Object.fromEntries(rows.map((row) => [row.field, evaluate(row.value)]));
const json: Record<string, unknown> = Object.fromEntries(
  rows.flatMap((row) => (row.json === undefined ? [] : [[row.field, JSON.parse(row.json)]])),
);
const codec = codecOf(order);

function messageOf(encode: (memory: schema.Memory) => number): Uint8Array {
  const memory = memoryOf(4096);
  return memory.bytes.slice(0, encode(memory));
}

const message = messageOf((memory) => codec.encode(value as never, memory, 0));

test('every kind of type has a row', () => {
  const kinds = new Set<string>();
  const visit = (type: schema.Type): void => {
    kinds.add(type.kind);
    if (type.kind === 'optional') visit(type.type);
    else if (type.kind === 'array' || type.kind === 'list') visit(type.element);
    else if (type.kind === 'union') Object.values(type.variants).forEach(visit);
    else if (type.kind === 'struct') Object.values(type.fields).forEach(visit);
  };
  visit(order);
  const numbers = ['i8', 'i16', 'i32', 'i64', 'u8', 'u16', 'u32', 'u64', 'f32', 'f64'];
  const others = [
    'bool',
    'timestamp',
    'duration',
    'decimal',
    'text',
    'textTail',
    'bytes',
    'bytesTail',
    'enum',
    'flags',
  ];
  const compound = ['array', 'list', 'union', 'struct', 'optional'];
  assert.deepEqual([...kinds].sort(), [...numbers, ...others, ...compound].sort());
  for (const option of ['packed', 'align'])
    assert.ok(
      page
        .section('Options')
        .table('option')
        .some(([cell]) => cell?.includes(option)),
    );
});

test('TypeScript: the value has the type, and the schema infers it', () => {
  const program = [
    `import { ${Object.keys(schema).join(', ')}, type Infer, type InferInput } from 'schema';`,
    preamble,
    orderSource,
    'type Same<A, B> = [A, B] extends [B, A] ? true : false;',
    ...rows.map(({ field, type }) => `const same_${field}: Same<Infer<typeof Order>['${field}'], ${type}> = true;`),
    ...rows.map(({ field, value }) => `const value_${field}: InferInput<typeof Order>['${field}'] = ${value};`),
  ];
  assert.deepEqual(typeErrors(program.join('\n')), []);
});

test('JSON: the value becomes it, and it becomes the value', () => {
  assert.deepEqual(codec.decodeJson({ bytes: message, view: viewOf(message) }, 0, message.length), json);
  assert.deepEqual(
    messageOf((memory) => codec.encodeJson(json, memory, 0)),
    message,
  );
  assert.deepEqual(codec.decode({ bytes: message, view: viewOf(message) }, 0, message.length), value);
});

test('JSON that is taken as well means what the page says', () => {
  const section = page.section('What JSON takes as well');
  for (const [field = '', given = '', meaning = ''] of section
    .table('field')
    .map((cells) => cells.map((cell) => codesOf(cell)[0]))) {
    const encoded = (text: string) =>
      messageOf((memory) => codec.encodeJson({ ...json, [field]: JSON.parse(text) }, memory, 0));
    const bytes = encoded(given);
    assert.deepEqual(bytes, encoded(meaning), `${field} ${given}`);
    const decoded = codec.decodeJson({ bytes, view: viewOf(bytes) }, 0, bytes.length);
    assert.deepEqual(Reflect.get(Object(decoded), field), JSON.parse(meaning));
  }
});

test('JSON that does not fit is refused at the places that the page says', () => {
  const [, refusals = ''] = page.section('What JSON takes as well').text.split('What does not fit');
  const lines = refusals.split('\n').filter((line) => line.startsWith('| `'));
  assert.ok(lines.length > 10);
  for (const line of lines) {
    const [[field = ''] = [], [given = ''] = [], places = []] = line.slice(1, -1).split('|').map(codesOf);
    assert.throws(
      () => codec.encodeJson({ ...json, [field]: JSON.parse(given) }, memoryOf(4096), 0),
      (error) => {
        assert.ok(error instanceof IsthmusError && error.code === 'INVALID_INPUT');
        assert.deepEqual(error.fields.map(({ pointer }) => pointer).sort(), places, line);
        return true;
      },
    );
  }
});

test('C: each member is declared so, and reads so; what a handler writes arrives', () => {
  using workspace = new Workspace();
  const header = generateHeader(shop);
  for (const { member } of rows) assert.ok(header.includes(`\n  ${member};\n`), member);
  workspace.write('shop.h', header);
  workspace.write('message.bin', Buffer.from(message).toString('latin1'));
  const source = readerProgram(page.section('Writing in C').block('c'));
  workspace.compile('cc', ['-std=c11', '-o', 'reader', workspace.write('reader.c', source), ...messageSources]);
  const output = execFileSync(`${workspace.folder}/reader`, { input: message, timeout: 60_000 });
  const end = output.indexOf('\0');
  assert.deepEqual(
    output.subarray(0, end).toString().trimEnd().split('\n'),
    rows.flatMap(({ reads }) => reads.map(([expression, expected]) => `${expression} is ${expected}`)),
  );
  const answer = new Uint8Array(output.subarray(end + 1));
  assert.deepEqual(
    codecOf(reply).decodeJson({ bytes: answer, view: viewOf(answer) }, 0, answer.length),
    JSON.parse(page.section('Writing in C').block('json')),
  );
});

/**
 * Reads a message from standard input, and writes each expression with what it is: as the page says it where that is true. Then,
 * after a NUL, the message that the page's handler makes.
 */
function readerProgram(handler: string): string {
  const checks = rows.flatMap(({ reads }) =>
    reads.map(([expression, expected]) => {
      const isTrue = expected.startsWith('"')
        ? `strcmp(${expression}, ${expected}) == 0`
        : `(${expression}) == (${expected})`;
      return `  printf("%s is %s\\n", ${JSON.stringify(expression)}, ${isTrue} ? ${JSON.stringify(expected)} : "something else");`;
    }),
  );
  return `#include <shop.h>
#include <stdio.h>

static _Alignas(64) unsigned char in[4096], out[4096];
static isth_message question, answer;

isth_message *isth_call_out(isth_call *call)
{
  (void)call;
  return &answer;
}

${handler}
int main(void)
{
  const isth_message *message = &question;
  const shop_order *order;
  isth_message_init(&question, in, sizeof(in));
  isth_message_init(&answer, out, sizeof(out));
  question.size = fread(in, 1, sizeof(in), stdin);
  order = shop_order_of(message);
  if (order == NULL) return 1;
${checks.join('\n')}
  if (shop_on_put(NULL, order, shop_reply_begin(&answer)) != 0) return 2;
  putchar(0);
  return fwrite(out, 1, answer.size, stdout) == answer.size ? 0 : 3;
}
`;
}

test('options reach the header and JSON Schema', () => {
  const section = page.section('Options');
  const quote = evaluate('Quote', section.block('ts')) as schema.Struct;
  const header = generateHeader(schema.service('shop', { quote: schema.call({ input: quote }) }));
  assert.ok(header.includes(section.block('c')), header);
  assert.deepEqual(jsonSchemaOf(quote).properties, JSON.parse(section.block('json')));
});

test('limits', () => {
  const numbers = page
    .section('Limits')
    .table('what')
    .map(([, most = '']) => Number(/[\d,]+/.exec(most)?.[0].replaceAll(',', '')));
  const lengths = ['a'.repeat(63), 'a'.repeat(64)].map(
    (name) => schema.struct('Box', { [name]: schema.u8() }).problems.length,
  );
  assert.deepEqual(lengths, [0, 1]);
  const accepted = (most: number, problems: (value: number) => number) =>
    problems(most) === 0 && problems(most + 1) === 1;
  assert.ok(accepted(numbers[2] ?? 0, (capacity) => schema.text(capacity).problems.length));
  assert.ok(accepted(numbers[3] ?? 0, (scale) => schema.decimal(scale).problems.length));
  assert.deepEqual(numbers, [
    MAX_STRUCT_BYTES,
    MAX_MESSAGE_BYTES,
    MAX_STRUCT_BYTES - 1,
    18,
    63,
    MAX_DEPTH,
    MAX_MESSAGE_ALIGN,
    MAX_ROWS,
    MAX_REGIONS,
    MAX_REGION_BYTES,
  ]);
});

test('the example of a bad schema is refused in these words', () => {
  const section = page.section('Names of your own');
  const [declarations = '', expression = ''] = section.block('ts').split(/\n(?=service)/);
  assert.throws(() => evaluate(expression.trim().replace(/;$/, ''), declarations), {
    detail: section.block('').trimEnd(),
  });
});

test('calls: the example is a schema, with the handlers of the page, and all options are there', () => {
  const section = page.section('Calls');
  const expression = section.block('ts').trim().replace(/;$/, '');
  const calls = evaluate(expression, orderSource + replySource) as schema.Service;
  const header = generateHeader(calls).replaceAll(/\n +/g, ' ');
  const handlers = section
    .table('call')
    .map(([name = '', , handler = '']) => [codesOf(name)[0], codesOf(handler)[0] ?? '']);
  assert.deepEqual(
    handlers.map(([name]) => name),
    calls.methods.map(({ name }) => name),
  );
  for (const [, handler = ''] of handlers) assert.ok(header.includes(handler), handler);
  for (const name of ['shop_emit_fills(', 'shop_respond_put(']) assert.ok(header.includes(name), name);
  const options = section.table('option').flatMap(([cell = '']) => codesOf(cell));
  assert.deepEqual(options, ['input', 'output', 'replies', 'codec', 'idempotent', 'description']);
});

test('regions: the example is a schema, with the functions of the page, and all options are there', () => {
  using workspace = new Workspace();
  const section = page.section('Regions');
  const [declarations = '', expression = ''] = section.block('ts').split(/\n(?=service)/);
  const shop = evaluate(expression.trim().replace(/;$/, ''), declarations) as schema.Service;
  const header = generateHeader(shop);
  const flat = header.replaceAll(/\n +/g, ' ').replaceAll('( ', '(');
  const functions = section.table('C').map(([cell = '']) => codesOf(cell)[0] ?? '');
  for (const code of functions) assert.ok(flat.includes(`\n${code} {`), code);
  workspace.write('shop.h', header);
  const source = `#include <shop.h>\n${section.block('c')}`;
  workspace.compile('cc', ['-fsyntax-only', '-std=c11', workspace.write('restock.c', source)]);
  const options = section.table('option').flatMap(([cell = '']) => codesOf(cell));
  assert.deepEqual(options, ['key', 'rows', 'writers', 'description']);
});

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
