import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { array, bool, bytes, codecOf, f64, list, optional, struct, text, u8, union } from '../../src/index.ts';
import { anyStructWithValue } from '../support/arbitrary.ts';
import { memoryOf, memoryWith } from '../support/memory.ts';
import { messageOf, valueIn } from '../support/messages.ts';

/** All that a view gives, read field by field, at any depth. */
function everything(view: unknown): unknown {
  if (Array.isArray(view)) return view.map(everything);
  if (typeof view !== 'object' || view === null || view instanceof Uint8Array) return view;
  const result: Record<string, unknown> = {};
  for (const key in view) result[key] = everything(Reflect.get(view, key));
  return result;
}

test('a view gives what decoding gives, wherever the message lies', () => {
  fc.assert(
    fc.property(anyStructWithValue(), fc.nat(9), ([type, value], offset) => {
      const codec = codecOf(type);
      const length = codec.encode(value as never, memoryOf(0), 0);
      const memory = memoryOf(offset + length + 3);
      codec.encode(value as never, memory, offset);
      const view = codec.view(memory, offset, length);
      assert.deepEqual(everything(view), value);
      // Each field is decoded anew each time.
      assert.deepEqual(everything(view), value);
      assert.equal(JSON.stringify(view), codec.decodeJsonText(memory, offset, length));
      assert.deepEqual(messageOf(codec, view), messageOf(codec, value));
    }),
    { numRuns: 300 },
  );
});

test('of broken messages it gives values or errors like those of decoding', () => {
  const changes = fc.array(fc.tuple(fc.nat(), fc.oneof(fc.constantFrom(0, 1, 2, 8, 255), fc.nat(255))), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(
    fc.property(anyStructWithValue(), changes, ([type, value], changed) => {
      const codec = codecOf(type);
      const message = messageOf(codec, value);
      for (const [place, byte] of changed) message[place % message.length] = byte;
      const attempt = (read: () => unknown): { readonly value?: unknown; readonly error?: string } => {
        try {
          return { value: read() };
        } catch (error) {
          assert.equal((error as Error).name, 'IsthmusError');
          return { error: (error as Error).message };
        }
      };
      const whole = attempt(() => valueIn(codec, message));
      const viewed = attempt(() => everything(valueIn(codec, message, 'view')));
      // A view does not look for what lies on each other in different fields.
      if (viewed.error === undefined && whole.error !== undefined) assert.match(whole.error, /overlaps another tail/);
      else assert.deepEqual(viewed, whole);
    }),
    { numRuns: 500 },
  );
});

const Row = struct('Row', { name: text(), live: bool(), data: bytes() });
const Shape = union('Shape', { circle: struct('Circle', { radius: f64() }), row: Row });
const Page = struct('Page', {
  title: text({ max: 10 }),
  rows: list(Row),
  shape: Shape,
  shapes: array(Shape, 2),
  rating: optional(u8()),
});
const row = { name: 'first', live: true, data: new Uint8Array([1, 2]) };
const page = {
  title: 'title',
  rows: [row, { ...row, name: 'second' }],
  shape: { kind: 'circle', radius: 1.5 },
  shapes: [
    { kind: 'row', ...row },
    { kind: 'circle', radius: 2 },
  ],
  rating: undefined,
} as const;

test('only what is read is decoded: the rest may be broken', () => {
  const codec = codecOf(Page);
  const memory = memoryWith(messageOf(codec, page));
  const view = codec.view(memory, 0, memory.bytes.length);
  const [first, second] = view.rows;
  assert.ok(first !== undefined && second !== undefined);
  // The live of the second row is a byte that is no bool, and the title's offset is nowhere.
  const rows = memory.view.getUint32(8, true);
  memory.bytes[rows + 20 + 8] = 7;
  memory.view.setUint32(0, 1_000_000, true);
  assert.equal(first.live, true);
  assert.equal(second.name, 'second');
  assert.deepEqual(second.data, row.data);
  assert.throws(() => second.live, { code: 'MALFORMED_MESSAGE', detail: /^field \/title lies outside/ });
  assert.throws(() => view.title, { code: 'MALFORMED_MESSAGE' });
  assert.equal(view.rating, undefined);
});

test('a view of a union is one of its variant, with its kind', () => {
  const codec = codecOf(Page);
  const memory = memoryWith(messageOf(codec, page));
  const view = codec.view(memory, 0, memory.bytes.length);
  const { shape } = view;
  assert.equal(shape.kind, 'circle');
  assert.equal(shape.kind === 'circle' && shape.radius, 1.5);
  assert.equal(JSON.stringify(shape), '{"kind":"circle","radius":1.5}');
  assert.deepEqual(
    view.shapes.map(({ kind }) => kind),
    ['row', 'circle'],
  );
  memory.view.setUint32(16, 2, true);
  assert.throws(() => view.shape, { code: 'HANDLER_FAULT', detail: 'field /shape/kind must be one of circle, row' });
});

test('how a view behaves as an object', () => {
  const codec = codecOf(Page);
  const memory = memoryWith(messageOf(codec, page));
  const view = codec.view(memory, 0, memory.bytes.length);
  const keys: string[] = [];
  for (const key in view) keys.push(key);
  assert.deepEqual(keys, ['title', 'rows', 'shape', 'shapes', 'rating']);
  assert.ok('title' in view && !('other' in view));
  const { title, rows } = view;
  assert.equal(title, 'title');
  assert.equal(JSON.stringify(rows[1]), '{"name":"second","live":true,"data":"AQI="}');
  assert.equal(
    JSON.stringify({ page: view }),
    JSON.stringify({ page: codec.decodeJson(memory, 0, memory.bytes.length) }),
  );
  assert.equal(inspect(view), inspect(codec.decode(memory, 0, memory.bytes.length)));
  // The fields are its class's and not its own.
  assert.deepEqual({ ...view }, {});
  assert.throws(() => Reflect.set(view, 'title', 'x') || assert.fail('not set'), /not set/);
  // What was read is the reader's.
  const data = rows[0]?.data;
  memory.bytes.fill(0);
  assert.deepEqual(data, row.data);
});
