import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sizeFault } from '../../src/codec/explain.ts';
import {
  array,
  bool,
  bytes,
  codecOf,
  enumeration,
  f32,
  f64,
  flags,
  IsthmusError,
  list,
  optional,
  struct,
  text,
  u8,
  union,
} from '../../src/index.ts';
import { anyStructWithValue } from '../support/arbitrary.ts';
import { memoryWith } from '../support/memory.ts';
import { messageOf, valueIn } from '../support/messages.ts';

const Side = enumeration('Side', ['buy', 'sell']);
const Access = flags('Access', ['read', 'write'], { bits: 8 });
const Many = flags(
  'Many',
  Array.from({ length: 40 }, (_, index) => `b${index}`),
  { bits: 64 },
);
const Shape = union('Shape', { circle: struct('Circle', { live: bool() }), square: struct('Square', { side: f64() }) });

/** What is wrong with a message of one field, `value`, once it was changed. */
function fault(
  type: Parameters<typeof list>[0],
  value: unknown,
  change: (memory: ReturnType<typeof memoryWith>) => void,
  form: 'decode' | 'decodeJson' | 'decodeJsonText' = 'decode',
): string {
  const codec = codecOf(struct('Box', { value: type }));
  const memory = memoryWith(messageOf(codec, { value }));
  change(memory);
  try {
    codec[form](memory, 0, memory.bytes.length);
  } catch (error) {
    assert.ok(error instanceof IsthmusError, String(error));
    const [field] = error.fields;
    assert.ok(field !== undefined && error.detail.endsWith(field.message));
    return `${error.code} ${error.detail}`;
  }
  return 'taken';
}

test('what no correct handler writes is refused, with the place', () => {
  const byte = (at: number, value: number) => (memory: ReturnType<typeof memoryWith>) =>
    memory.bytes.fill(value, at, at + 1);
  assert.equal(fault(bool(), true, byte(0, 2)), 'HANDLER_FAULT field /value must be 0 or 1');
  assert.equal(fault(Side, 'buy', byte(0, 2)), 'HANDLER_FAULT field /value must be one of buy, sell');
  assert.equal(fault(Side, 'buy', byte(3, 255)), 'HANDLER_FAULT field /value must be one of buy, sell');
  assert.equal(
    fault(Access, ['read'], byte(0, 4)),
    'HANDLER_FAULT field /value must have no bits but those of read, write',
  );
  assert.match(fault(Many, ['b39'], byte(5, 1)), /^HANDLER_FAULT field \/value must have no bits but those of b0, b1,/);
  const text3 = 'HANDLER_FAULT field /value must be text of at most 3 bytes in UTF-8, without NUL, terminated';
  assert.equal(fault(text(3), 'abc', byte(3, 65)), text3);
  assert.equal(fault(text(3), 'abc', byte(2, 0xc3)), text3);
  assert.equal(
    fault(text({ max: 3 }), 'abc', byte(9, 0xc3)),
    'HANDLER_FAULT field /value must be text of at most 3 bytes in UTF-8, without NUL',
  );
  assert.equal(fault(text(), 'abc', byte(9, 0)), 'HANDLER_FAULT field /value must be text, without NUL');
  assert.equal(
    fault(Shape, { kind: 'circle', live: true }, byte(0, 2)),
    'HANDLER_FAULT field /value/kind must be one of circle, square',
  );
  assert.equal(
    fault(Shape, { kind: 'circle', live: true }, byte(8, 2)),
    'HANDLER_FAULT field /value/live must be 0 or 1',
  );
  assert.equal(fault(array(bool(), 3), [true, true, true], byte(2, 2)), 'HANDLER_FAULT field /value/2 must be 0 or 1');
  assert.equal(fault(list(bool()), [true, true], byte(9, 2)), 'HANDLER_FAULT field /value/1 must be 0 or 1');
  const Row = struct('Row', { name: text(), is: list(bool()) });
  assert.equal(
    fault(
      list(Row),
      [
        { name: 'a', is: [] },
        { name: 'b', is: [true, false] },
      ],
      ({ bytes }) => bytes.fill(7, bytes.length - 1),
    ),
    'HANDLER_FAULT field /value/1/is/1 must be 0 or 1',
  );
});

test('numbers that JSON does not have are taken as values, and refused as JSON', () => {
  for (const [type, set] of [
    [f64(), (view: DataView, value: number) => view.setFloat64(0, value, true)],
    [f64({ endian: 'big' }), (view: DataView, value: number) => view.setFloat64(0, value, false)],
    [f32({ max: 1 }), (view: DataView, value: number) => view.setFloat32(0, value, true)],
    [f32({ endian: 'big' }), (view: DataView, value: number) => view.setFloat32(0, value, false)],
  ] as const) {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const change = ({ view }: { readonly view: DataView }) => set(view, value);
      assert.equal(fault(type, 0, change), 'taken');
      for (const form of ['decodeJson', 'decodeJsonText'] as const) {
        assert.equal(fault(type, 0, change, form), 'HANDLER_FAULT field /value is not finite, which JSON cannot say');
      }
    }
  }
});

test('presence bits that no field has are refused', () => {
  const codec = codecOf(struct('Some', { a: optional(u8()), b: optional(u8()) }));
  const memory = memoryWith(messageOf(codec, {}));
  memory.view.setUint32(0, 4, true);
  assert.throws(() => codec.decode(memory, 0, codec.size), {
    code: 'HANDLER_FAULT',
    detail: 'the message has presence bits that the schema does not have',
  });
});

test('a message of another size is malformed', () => {
  const fixed = codecOf(struct('Fixed', { a: f64() }));
  const tailed = codecOf(struct('Tailed', { a: text() }));
  const detail = (read: () => unknown): string => {
    try {
      read();
    } catch (error) {
      assert.ok(error instanceof IsthmusError && error.code === 'MALFORMED_MESSAGE');
      return error.detail;
    }
    return '';
  };
  const memory = memoryWith(new Uint8Array(20));
  for (const form of ['decode', 'decodeJson', 'decodeJsonText', 'view'] as const) {
    assert.equal(
      detail(() => fixed[form](memory, 0, 9)),
      'the message has 9 bytes, and struct Fixed takes 8',
    );
    assert.equal(
      detail(() => fixed[form](memory, 0, 0)),
      'the message has 0 bytes, and struct Fixed takes 8',
    );
    assert.equal(
      detail(() => tailed[form](memory, 0, 7)),
      'the message has 7 bytes, and struct Tailed takes 8',
    );
    assert.equal(
      detail(() => tailed[form](memory, 0, 9)),
      '',
    );
  }
});

type Quad = readonly [number, number, number, number];

test('malformed tails, one by one', () => {
  const span = (offset: number, length: number) => (memory: ReturnType<typeof memoryWith>) => {
    memory.view.setUint32(0, offset, true);
    memory.view.setUint32(4, length, true);
  };
  const wrong = (type: Parameters<typeof list>[0], value: unknown, offset: number, length: number) => {
    return fault(type, value, span(offset, length)).replace('MALFORMED_MESSAGE field /value ', '');
  };
  // 8 bytes of fixed part, then abc and its NUL.
  assert.equal(wrong(text(), 'abc', 8, 3), 'taken');
  assert.equal(wrong(text(), 'abc', 0, 0), 'taken');
  assert.equal(wrong(text(), 'abc', 8, 0), 'is empty, but has an offset');
  assert.equal(wrong(text(), 'abc', 8, 5), 'lies outside the message of 12 bytes: from 8 to 13');
  assert.equal(wrong(text(), 'abc', 13, 1), 'lies outside the message of 12 bytes: from 13 to 14');
  assert.equal(
    wrong(text(), 'abc', 0xffff_ffff, 0xffff_ffff),
    'lies outside the message of 12 bytes: from 4294967295 to 8589934590',
  );
  assert.equal(wrong(text(), 'abc', 8, 4), 'is not followed by a NUL');
  assert.equal(wrong(text(), 'abc', 8, 2), 'is not followed by a NUL');
  assert.equal(wrong(text(), 'abc', 7, 3), 'lies inside the fixed part of 8 bytes: at 7');
  assert.equal(wrong(bytes(), new Uint8Array(3), 0, 3), 'lies inside the fixed part of 8 bytes: at 0');
  assert.equal(
    wrong(list(f64()), [1, 2], 8, 0x2000_0001),
    'lies outside the message of 24 bytes: from 8 to 4294967312',
  );
  assert.equal(wrong(list(f64()), [1, 2], 12, 1), 'is not aligned to 8 bytes: at 12');
  assert.equal(wrong(list(f64({ min: 0 }), { max: 1 }), [1], 8, 1), 'taken');
  const Two = codecOf(struct('Two', { a: bytes(), b: list(u8()) }));
  const both = (a: number, length: number, b: number, count: number): unknown => {
    const memory = memoryWith(new Uint8Array(26));
    for (const [index, word] of [a, length, b, count].entries()) memory.view.setUint32(4 * index, word, true);
    try {
      return Two.decode(memory, 0, 26);
    } catch (error) {
      assert.ok(error instanceof IsthmusError && error.code === 'MALFORMED_MESSAGE');
      return error.detail;
    }
  };
  const good: readonly Quad[] = [
    [16, 5, 21, 5],
    [21, 5, 16, 5],
    [16, 1, 20, 1],
    [25, 1, 24, 1],
  ];
  for (const quad of good) {
    assert.equal(typeof both(...quad), 'object', String(quad));
  }
  const bad: readonly Quad[] = [
    [16, 5, 20, 5],
    [20, 5, 16, 5],
    [16, 10, 18, 1],
    [18, 1, 16, 10],
    [16, 10, 16, 10],
    [16, 5, 16, 5],
  ];
  for (const quad of bad) {
    assert.equal(both(...quad), 'field /b overlaps another tail', String(quad));
  }
});

test("more than the schema allows is the handler's fault", () => {
  const long = (type: Parameters<typeof list>[0], value: unknown, count: number) => {
    return fault(type, value, ({ view }) => view.setUint32(4, count, true));
  };
  const Loose = codecOf(struct('Box', { value: list(u8()) }));
  const message = memoryWith(messageOf(Loose, { value: [1, 2, 3, 0] }));
  for (const [type, words] of [
    [list(u8(), { max: 3 }), 'must be an array of at most 3 values'],
    [bytes({ max: 3 }), 'must have at most 3 bytes'],
  ] as const) {
    const Strict = codecOf(struct('Box', { value: type }));
    assert.throws(() => Strict.decode(message, 0, message.bytes.length), {
      code: 'HANDLER_FAULT',
      detail: `field /value ${words}`,
    });
  }
  assert.equal(long(text({ max: 3 }), 'abc', 3), 'taken');
});

test('what is too large for a string is an error of ours', () => {
  const fault = sizeFault(new RangeError('Invalid string length'));
  assert.ok(fault instanceof IsthmusError);
  assert.equal(fault.code, 'HANDLER_FAULT');
  const other = new Error('another');
  assert.equal(sizeFault(other), other);
});

test('random changes of good messages: a value that can be encoded again, or an error that says where', () => {
  const changes = fc.array(fc.tuple(fc.nat(), fc.oneof(fc.constantFrom(0, 1, 2, 4, 8, 16, 24, 255), fc.nat(255))), {
    maxLength: 5,
  });
  const cases = fc.tuple(anyStructWithValue(), changes, fc.oneof(fc.constant(0), fc.integer({ min: -9, max: 9 })));
  fc.assert(
    fc.property(cases, ([[type, value], changed, more]) => {
      const codec = codecOf(type);
      const good = messageOf(codec, value);
      const bad = new Uint8Array(Math.max(0, good.length + more));
      bad.set(good.subarray(0, bad.length));
      for (const [place, byte] of changed) bad[place % bad.length] = byte;
      for (const form of ['decode', 'decodeJson', 'decodeJsonText'] as const) {
        let decoded: unknown;
        try {
          decoded = valueIn(codec, bad, form);
        } catch (error) {
          assert.ok(error instanceof IsthmusError, String(error));
          assert.ok(error.code === 'HANDLER_FAULT' || error.code === 'MALFORMED_MESSAGE', error.message);
          assert.equal(error.fields.length, 1, error.message);
          continue;
        }
        if (form === 'decodeJsonText') {
          assert.equal(decoded, JSON.stringify(valueIn(codec, bad, 'decodeJson')));
          continue;
        }
        const isJson = form === 'decodeJson';
        let again: Uint8Array;
        try {
          again = messageOf(codec, decoded, isJson ? 'encodeJson' : 'encode');
        } catch (error) {
          // Numbers are taken as they are, whatever their range.
          assert.ok(error instanceof IsthmusError && error.code === 'INVALID_INPUT', String(error));
          continue;
        }
        assert.deepEqual(valueIn(codec, again, form), decoded);
      }
    }),
    { numRuns: 1000 },
  );
});
