/** What the generated checks say of bad messages. (That they agree with the codecs on which are bad: test/cross/layout.test.ts.) */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { codecOf, generateHeader, type Struct } from '../../src/index.ts';
import { librarySources, Workspace } from '../support/c.ts';
import { memoryOf } from '../support/memory.ts';
import { allShapes } from './all-shapes.ts';

/** Checks a message on standard input as its first byte says, and prints what is wrong with it. */
const program = `#include "allShapes.h"
#include <stdio.h>
int isth_refuse(isth_call *call, int code, const char *format, ...) { (void)call; (void)format; return code; }
int main(void) {
  static _Alignas(64) unsigned char memory[1 << 16];
  isth_message message;
  isth_check check;
  isth_failure failure;
  int role = getchar();
  isth_message_init(&message, memory, sizeof(memory));
  message.size = fread(memory, 1, sizeof(memory), stdin);
  if (isth_check_message(&check, &message, sizeof(all_shapes_request), all_shapes_request_is_valid,
                         (isth_check_role)role) == 0) return 0;
  printf("%s: %s", isth_error_name(isth_check_report(&check, &failure)), failure.message);
  return 0;
}
`;

const workspace = new Workspace();
before(() => {
  workspace.write('allShapes.h', generateHeader(allShapes));
  const file = workspace.write('program.c', program);
  workspace.compile('cc', ['-std=c11', '-o', 'program', file, ...librarySources]);
});
after(() => workspace[Symbol.dispose]());

const Request = allShapes.calls.trade.input;
const leg = { strike: 1, label: 'a' };
const row = {
  name: 'né',
  weight: 1,
  marks: [1, 2],
  grid: [
    [1, 2],
    [3, 4],
    [5, 6],
  ],
  legs: [leg, leg],
};
const request = {
  venue: 'lit',
  shape: { kind: 'row', ...row },
  wide: ['second'],
  key: new Uint8Array(4),
  frame: { version: 1, leg, ratio: 1, note: 'n', rows: [row, row], names: ['a', 'b', 'c'], sent: 5n },
  blobs: [new Uint8Array(3)],
  nested: [[row], [row, row]],
  triples: [[1, 2, 3]],
  labels: ['a', 'b'],
  lasts: 5n,
  isTest: true,
} as const;

/** The message of the request above, changed. */
class Message {
  readonly bytes: Uint8Array;
  readonly view: DataView;

  constructor() {
    const codec = codecOf(Request);
    const memory = memoryOf(codec.encode(request, memoryOf(0), 0));
    codec.encode(request, memory, 0);
    this.bytes = memory.bytes;
    this.view = memory.view;
  }

  /** Where the element of a list begins whose span is at `span`. */
  element(span: number, index: number, size: number): number {
    return this.view.getUint32(span, true) + index * size;
  }
}

function at(type: Struct, ...names: readonly string[]): number {
  const [name, ...rest] = names;
  const field = type.layout.fields.find((candidate) => candidate.name === name);
  assert.ok(field !== undefined, `no field ${name}`);
  if (rest.length === 0) return field.offset;
  assert.ok(field.type.kind === 'struct');
  return field.offset + at(field.type, ...rest);
}

const Row = allShapes.calls.rows.output;
const shapeRow = at(Request, 'shape') + Request.fields.shape.layout.offset;
const secondRow = (message: Message) => message.element(at(Request, 'frame', 'rows'), 1, Row.layout.size);

type Change = (message: Message) => void;

const cases: readonly [what: string, change: Change, asInput: string, asReply: string][] = [
  ['nothing', () => {}, '', ''],
  [
    'a bool that is neither',
    ({ view }) => view.setUint8(at(Request, 'isTest'), 2),
    'INVALID_INPUT: field /isTest must be true or false',
    'HANDLER_FAULT: field /isTest must be true or false',
  ],
  [
    'an enumeration value that does not exist',
    ({ view }) => view.setUint32(at(Request, 'side'), 2, true),
    'INVALID_INPUT: field /side must be one of buy, sell',
    'HANDLER_FAULT: field /side must be one of buy, sell',
  ],
  ['one of an open enumeration', ({ view }) => view.setUint32(at(Request, 'venue'), 77, true), '', ''],
  [
    'a bit that no flag is',
    ({ view }) => view.setUint8(at(Request, 'access'), 4),
    'INVALID_INPUT: field /access must have no bits but those of read, write',
    'HANDLER_FAULT: field /access must have no bits but those of read, write',
  ],
  ['one that no open flag is', ({ view }) => view.setUint32(at(Request, 'wide') + 4, 0xffff, true), '', ''],
  [
    'a variant that does not exist',
    ({ view }) => view.setUint32(at(Request, 'shape'), 3, true),
    'INVALID_INPUT: field /shape/kind must be one of square, row, point',
    'HANDLER_FAULT: field /shape/kind must be one of square, row, point',
  ],
  [
    'text that does not end, in a packed struct',
    ({ bytes }) =>
      void bytes.fill(0x61, at(Request, 'frame', 'leg', 'label'), at(Request, 'frame', 'leg', 'label') + 8),
    'INVALID_INPUT: field /frame/leg/label must be text of at most 7 bytes in UTF-8, without NUL',
    'HANDLER_FAULT: field /frame/leg/label must be text of at most 7 bytes in UTF-8, without NUL',
  ],
  [
    'a number below its range, in an optional field of an element',
    (message) => message.view.setFloat64(secondRow(message) + at(Row, 'weight'), -1, true),
    'INVALID_INPUT: field /frame/rows/1/weight must be a finite number of at least 0',
    '',
  ],
  [
    'the same where the field is not there',
    (message) => {
      message.view.setFloat64(secondRow(message) + at(Row, 'weight'), -1, true);
      message.view.setUint32(secondRow(message) + (Row.layout.presence[0] ?? 0), 0, true);
    },
    '',
    '',
  ],
  [
    'presence bits that no field has',
    (message) => message.view.setUint32(secondRow(message) + (Row.layout.presence[0] ?? 0), 2, true),
    'INVALID_INPUT: field /frame/rows/1 has presence bits that the schema does not have',
    'HANDLER_FAULT: field /frame/rows/1 has presence bits that the schema does not have',
  ],
  [
    'a number above its range, big-endian, in an array of arrays in a variant',
    ({ view }) => view.setUint16(shapeRow + at(Row, 'grid') + 6, 51, false),
    'INVALID_INPUT: field /shape/grid/1/1 must be a whole number from 0 to 50',
    '',
  ],
  [
    'one that is no number, big-endian',
    ({ view }) => view.setFloat32(at(Request, 'frame', 'ratio'), Number.NaN, false),
    'INVALID_INPUT: field /frame/ratio must be a finite number (a 32-bit float holds up to 3.4e38)',
    '',
  ],
  [
    'a decimal below its range',
    ({ view }) => view.setBigInt64(shapeRow + at(Row, 'price'), -1n, true),
    'INVALID_INPUT: field /shape/price must be a decimal number of at least 0.00',
    '',
  ],
  [
    'a duration above its range',
    ({ view }) => view.setBigInt64(at(Request, 'lasts'), 60_000_000_001n, true),
    'INVALID_INPUT: field /lasts must be a duration in ns, at most 60000000000',
    '',
  ],
  [
    'a number in a list in an element of a list of lists',
    (message) => {
      const inner = message.element(at(Request, 'nested'), 1, 8);
      const element = message.element(inner, 1, Row.layout.size);
      message.view.setFloat64(message.element(element + at(Row, 'marks'), 1, 8), Number.POSITIVE_INFINITY, true);
    },
    'INVALID_INPUT: field /nested/1/1/marks/1 must be a finite number of at least 0',
    '',
  ],
  [
    'text behind the fixed part that is not UTF-8',
    (message) => message.view.setUint8(message.element(at(Request, 'frame', 'names') + 8, 0, 1), 0xff),
    'INVALID_INPUT: field /frame/names/1 must be text, without NUL',
    'HANDLER_FAULT: field /frame/names/1 must be text, without NUL',
  ],
  [
    'text behind the fixed part that has a NUL in it',
    (message) => message.view.setUint8(message.element(shapeRow + at(Row, 'name'), 0, 1), 0),
    'INVALID_INPUT: field /shape/name must be text, without NUL',
    'HANDLER_FAULT: field /shape/name must be text, without NUL',
  ],
  [
    'text that no NUL follows',
    (message) => message.view.setUint8(message.element(shapeRow + at(Row, 'name'), 3, 1), 1),
    'MALFORMED_MESSAGE: field /shape/name is not followed by a NUL',
    'MALFORMED_MESSAGE: field /shape/name is not followed by a NUL',
  ],
  [
    'a list that lies on itself',
    (message) => {
      const { view } = message;
      const leg0 = shapeRow + at(Row, 'legs');
      view.setUint32(shapeRow + at(Row, 'marks'), view.getUint32(leg0, true), true);
    },
    'MALFORMED_MESSAGE: field /shape/legs overlaps another tail',
    'MALFORMED_MESSAGE: field /shape/legs overlaps another tail',
  ],
  [
    'a list that is misaligned',
    ({ view }) =>
      view.setUint32(at(Request, 'frame', 'rows'), view.getUint32(at(Request, 'frame', 'rows'), true) + 4, true),
    'MALFORMED_MESSAGE: field /frame/rows is not aligned',
    'MALFORMED_MESSAGE: field /frame/rows is not aligned',
  ],
  [
    'a list that ends outside',
    ({ view }) => view.setUint32(at(Request, 'nested') + 4, 0xffff_ffff, true),
    'MALFORMED_MESSAGE: field /nested lies outside the message',
    'MALFORMED_MESSAGE: field /nested lies outside the message',
  ],
  [
    'more elements than the schema allows',
    (message) => {
      const span = shapeRow + at(Row, 'marks');
      message.view.setUint32(span + 4, 6, true);
    },
    'INVALID_INPUT: field /shape/marks must be an array of at most 5 values',
    'HANDLER_FAULT: field /shape/marks must be an array of at most 5 values',
  ],
];

describe('a message with', () => {
  for (const [what, change, asInput, asReply] of cases) {
    it(what, () => {
      const message = new Message();
      change(message);
      for (const [role, expected] of [asInput, asReply].entries()) {
        const input = Buffer.concat([Buffer.from([role]), message.bytes]);
        assert.equal(execFileSync(`${workspace.folder}/program`, { input }).toString(), expected);
      }
    });
  }
});

it('a message that is shorter than its fixed part has no fields', () => {
  const input = Buffer.from([0, 1, 2, 3]);
  const output = execFileSync(`${workspace.folder}/program`, { input }).toString();
  assert.equal(output, 'MALFORMED_MESSAGE: the message is shorter than its fixed part');
});
