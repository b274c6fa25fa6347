import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { uncheckedCodec } from '../../src/evolution/adapted-codec.ts';
import {
  type Adaptation,
  adaptService,
  call,
  codecOf,
  emptyCodec,
  enumeration,
  f64,
  optional,
  region,
  regionLayoutOf,
  type Service,
  type Struct,
  service,
  struct,
  text,
  u8,
  u16,
} from '../../src/index.ts';
import { valuesOf } from '../support/arbitrary.ts';
import { messageOf, valueIn } from '../support/messages.ts';
import { anyVersions } from '../support/versions.ts';

function adapt(ours: Service, theirs: Service): Adaptation {
  const adaptation = adaptService(ours, theirs.text, (_name, payload) => {
    return payload === undefined ? emptyCodec : uncheckedCodec(payload);
  });
  assert.deepEqual(adaptation.problems, []);
  return adaptation;
}

const Row = struct('Row', { id: u8(), name: text(8), level: f64() });
const WiderRow = struct('Row', {
  id: u8(),
  name: text(8),
  level: f64({ min: 0 }),
  count: u16({ default: 7 }),
  note: optional(u8()),
});
const Key = { key: 'name', rows: 5 } as const;

test('a region of the peer is found by its name, with its own number, rows, key and size', () => {
  const ours = service('feed', { a: region(Row), ping: call(), b: region(Row, Key) });
  const theirs = service('feed', {
    a: region(WiderRow, { writers: 'many' }),
    b: region(WiderRow, { ...Key, rows: 50 }),
    late: region(struct('Late', { x: u8() })),
  });
  const { regions, regionLayouts } = adapt(ours, theirs);
  assert.deepEqual(
    regions.map((found) => found && [found.id, found.struct.layout.size, found.key?.offset, found.writers]),
    [
      [1, 40, undefined, 'many'],
      [2, 40, 1, 'one'],
    ],
  );
  assert.ok(regions.every((found) => found?.isSameLayout === false));
  assert.deepEqual(regionLayouts, theirs.regionList.map(regionLayoutOf));
  const back = adapt(theirs, ours);
  assert.deepEqual(
    back.regions.map((found) => found?.id),
    [1, 2, undefined],
  );
});

test('where only other things differ, the codec is our own', () => {
  const ours = service('feed', { r: region(Row, Key) });
  const theirs = service('feed', { r: region(Row, { ...Key, rows: 9, writers: 'many' }), ping: call() });
  const [found] = adapt(ours, theirs).regions;
  assert.equal(found?.isSameLayout, true);
  assert.equal(found?.codec, codecOf(Row));
});

test('what is read lacks what we do not know and has our defaults; what is written has theirs', () => {
  const [narrow, wide] = [Row, WiderRow].map((type) => service('feed', { r: region(type) }));
  assert.ok(narrow !== undefined && wide !== undefined);
  const plain = { id: 1, name: 'a', level: 2 };
  const [ofWide] = adapt(narrow, wide).regions;
  assert.ok(ofWide !== undefined);
  assert.deepEqual(valueIn(ofWide.codec, messageOf(codecOf(WiderRow), { ...plain, count: 5, note: 3 })), plain);
  assert.deepEqual(valueIn(codecOf(WiderRow), messageOf(ofWide.codec, plain)), { ...plain, count: 7, note: undefined });
  // By their range.
  assert.throws(() => messageOf(ofWide.codec, { ...plain, level: -1 }), { code: 'INVALID_INPUT' });
  const [ofNarrow] = adapt(wide, narrow).regions;
  assert.ok(ofNarrow !== undefined);
  assert.deepEqual(valueIn(ofNarrow.codec, messageOf(codecOf(Row), plain)), { ...plain, count: 7, note: undefined });
  assert.throws(() => messageOf(ofNarrow.codec, { ...plain, count: 8 }), {
    code: 'INVALID_INPUT',
    fields: [{ pointer: '/count', message: "is a field that the instance's version of the schema does not have" }],
  });
});

test('a value of an enumeration that only the instance knows is its number, in a key as well', () => {
  const of = (...values: string[]) => {
    const Side = enumeration('Side', values, { open: true });
    return service('feed', { r: region(struct('Book', { side: Side, v: u8() }), { key: 'side', rows: 4 }) });
  };
  const theirs = of('buy', 'sell');
  const [found] = adapt(of('buy'), theirs).regions;
  const row = messageOf(codecOf(theirs.regionList[0]?.struct as Struct), { side: 'sell', v: 3 });
  assert.ok(found !== undefined);
  assert.deepEqual(valueIn(found.codec, row), { side: 1, v: 3 });
  assert.deepEqual(messageOf(found.codec, { side: 1, v: 3 }), row);
});

test('any row that only grew reads as the reply of a call does, and is written as its request is', () => {
  const of = (type: Struct) => service('random', { r: region(type), m: call({ input: type, output: type }) });
  const anyCase = fc.tuple(anyVersions({ tails: false }), fc.boolean()).chain(([{ older, newer }, isOld]) => {
    const [ours, theirs] = isOld ? [older, newer] : [newer, older];
    return fc.tuple(fc.constant(ours), fc.constant(theirs), valuesOf(ours), valuesOf(theirs));
  });
  const outcome = (run: () => unknown): unknown => {
    try {
      return run();
    } catch (error) {
      return error;
    }
  };
  fc.assert(
    fc.property(anyCase, ([ours, theirs, sent, received]) => {
      const { regions, methods } = adapt(of(ours), of(theirs));
      const [[found], [method]] = [regions, methods];
      assert.ok(found !== undefined && method !== undefined);
      assert.equal(found.isSameLayout, of(ours).text === of(theirs).text);
      assert.equal(found.codec.size, theirs.layout.size);
      const row = messageOf(uncheckedCodec(theirs), received);
      assert.deepEqual(
        outcome(() => valueIn(found.codec, row)),
        outcome(() => valueIn(method.outputCodec, row)),
      );
      assert.deepEqual(
        outcome(() => messageOf(found.codec, sent)),
        outcome(() => messageOf(method.inputCodec, sent)),
      );
    }),
  );
});

test('regions that do not fit keep two programs apart', () => {
  const ours = service('feed', { r: region(Row, Key) });
  const theirs = service('feed', { r: region(Row, { key: 'id', rows: 5 }) });
  const { problems, regions } = adaptService(ours, theirs.text, () => emptyCodec);
  assert.deepEqual(problems, ['region r, key: name here, id there']);
  assert.deepEqual(regions, []);
});
