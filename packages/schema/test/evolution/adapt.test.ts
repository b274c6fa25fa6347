import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect, isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { rawCodec } from '../../src/codec/codec.ts';
import {
  adaptService,
  bytes,
  type Codec,
  type CodecName,
  call,
  codecOf,
  emptyCodec,
  enumeration,
  f64,
  flags,
  IsthmusError,
  i64,
  list,
  optional,
  type Payload,
  type Struct,
  service,
  struct,
  text,
  u8,
  type ValueType,
} from '../../src/index.ts';
import { hashOf } from '../../src/text/hash.ts';
import { valuesOf } from '../support/arbitrary.ts';
import { jsonOf } from '../support/forms.ts';
import { memoryOf } from '../support/memory.ts';
import { messageOf, valueIn } from '../support/messages.ts';
import { refusals } from '../support/refusals.ts';
import { anyVersions } from '../support/versions.ts';

function codecFor(_name: CodecName, payload: Payload | undefined): Codec<unknown, unknown> {
  if (payload === undefined) return emptyCodec;
  return (payload.kind === 'struct' ? codecOf(payload) : rawCodec(payload)) as Codec<unknown, unknown>;
}

function serviceOf(type: Payload) {
  return service('random', { call: call({ input: type, output: type }) });
}

/** The codecs of a client that has `ours` with an instance that has `theirs`. */
function adapted(ours: Payload, theirs: Payload) {
  const { problems, methods } = adaptService(serviceOf(ours), serviceOf(theirs).text, codecFor);
  assert.deepEqual(problems, []);
  const [method] = methods;
  assert.ok(method !== undefined);
  return method;
}

/** What a value becomes in the other version, and the pointers of what has no place there: written plainly. */
function expected(from: Struct, to: Struct, given: unknown, isSent: boolean) {
  /** What the other version does not know, and what is beyond its bounds. */
  const unknown: string[] = [];
  const beyond: string[] = [];
  const convert = (a: ValueType, b: ValueType, value: unknown, at: string): unknown => {
    if (a.kind === 'struct' && b.kind === 'struct') return fields(a, b, value, at);
    if (a.kind === 'union' && b.kind === 'union') {
      const kind = String(Reflect.get(Object(value), 'kind'));
      return { kind, ...fields(a.variants[kind] as Struct, b.variants[kind] as Struct, value, at) };
    }
    if (a.kind === 'enum' && b.kind === 'enum') {
      const number = typeof value === 'number' ? value : a.values.indexOf(String(value));
      if (!b.open && b.values[number] === undefined) unknown.push(at);
      return b.values[number] ?? number;
    }
    if (a.kind === 'flags' && b.kind === 'flags') {
      const known = (value as string[]).filter((name) => b.values.includes(name));
      if (known.length < (value as string[]).length && (isSent || !b.open)) unknown.push(at);
      return known;
    }
    if ('element' in a && 'element' in b) {
      const elements = value as unknown[];
      const found = beyond.length;
      const converted = elements.map((element, index) => convert(a.element, b.element, element, `${at}/${index}`));
      // Of a list that is too long, codecs say no more than that.
      if ('max' in b && elements.length > b.max) beyond.splice(found, Infinity, at);
      return converted;
    }
    if (b.kind === 'textTail' && Buffer.byteLength(String(value)) > b.max) beyond.push(at);
    if (isSent && b.kind === 'u8' && (Number(value) < b.min || Number(value) > b.max)) beyond.push(at);
    if (isSent && b.kind === 'i64' && (BigInt(String(value)) < b.min || BigInt(String(value)) > b.max)) beyond.push(at);
    return value;
  };
  const fields = (a: Struct, b: Struct, value: unknown, at: string): Record<string, unknown> => {
    const result: Record<string, unknown> = {};
    const fieldOf = (name: string): unknown => Reflect.get(Object(value), name);
    for (const { name, type, presence } of b.layout.fields) {
      const source = a.layout.fields.find((other) => other.name === name);
      if (source === undefined) result[name] = presence === undefined ? fallbackOf(type) : undefined;
      else
        result[name] =
          fieldOf(name) === undefined ? undefined : convert(source.type, type, fieldOf(name), `${at}/${name}`);
    }
    for (const { name, type, presence } of a.layout.fields) {
      if (!isSent || Object.hasOwn(b.fields, name)) continue;
      const absent = presence === undefined ? fallbackOf(type) : undefined;
      if (!isDeepStrictEqual(fieldOf(name), absent)) unknown.push(`${at}/${name}`);
    }
    return result;
  };
  const value = convert(from, to, given, '');
  // What is sent is only held against the other version's bounds once all of it is known there.
  return { value, refused: isSent && unknown.length > 0 ? unknown : [...unknown, ...beyond] };
}

/** A default as decoding gives it. */
function fallbackOf(type: ValueType): unknown {
  if (type.default === 'empty' && type.kind === 'list') return [];
  if (type.default === 'empty' && type.kind === 'bytesTail') return new Uint8Array(0);
  return type.kind === 'f32' ? Math.fround(Number(type.default)) : type.default;
}

function refusalsOf(code: string, run: () => unknown): string[] {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof IsthmusError);
    assert.equal(error.code, code, error.message);
    return code === 'INVALID_INPUT' ? error.fields.map(({ pointer }) => pointer) : [error.detail];
  }
  return [];
}

/** Random versions, of which the client has either, and a value of the side that writes. */
function anyCase(writer: 'client' | 'instance') {
  return fc.tuple(anyVersions(), fc.boolean()).chain(([{ older, newer }, isOld]) => {
    const [ours, theirs] = isOld ? [older, newer] : [newer, older];
    return fc.tuple(fc.constant(ours), fc.constant(theirs), valuesOf(writer === 'client' ? ours : theirs));
  });
}

test('a request means the same to an instance of another version, or is refused', () => {
  fc.assert(
    fc.property(anyCase('client'), ([ours, theirs, value]) => {
      const { inputCodec } = adapted(ours, theirs);
      const { value: wanted, refused } = expected(ours, theirs, value, true);
      if (refused.length > 0) {
        const pointers = refusalsOf('INVALID_INPUT', () => messageOf(inputCodec, value));
        assert.deepEqual(new Set(pointers), new Set(refused));
        return;
      }
      const message = messageOf(inputCodec, value);
      assert.deepEqual(valueIn(codecOf(theirs), message), wanted);
      assert.deepEqual(message, messageOf(codecOf(theirs), wanted));
      assert.deepEqual(messageOf(inputCodec, jsonOf(ours, value), 'encodeJson'), message);
    }),
  );
});

test('a reply of an instance of another version is read as ours, or is a fault, in every form', () => {
  fc.assert(
    fc.property(anyCase('instance'), ([ours, theirs, value]) => {
      const { outputCodec } = adapted(ours, theirs);
      const message = messageOf(codecOf(theirs), value);
      const { value: wanted, refused } = expected(theirs, ours, value, false);
      if (refused.length > 0) {
        for (const form of ['decode', 'decodeJson', 'decodeJsonText'] as const) {
          const [detail = ''] = refusalsOf('HANDLER_FAULT', () => valueIn(outputCodec, message, form));
          assert.ok(
            refused.some((pointer) => detail.startsWith(`field ${pointer} `)),
            detail,
          );
        }
        return;
      }
      assert.deepEqual(valueIn(outputCodec, message), wanted);
      const json = jsonOf(ours, wanted);
      assert.deepEqual(valueIn(outputCodec, message, 'decodeJson'), json);
      assert.equal(valueIn(outputCodec, message, 'decodeJsonText'), JSON.stringify(json));
      const view = valueIn(outputCodec, message, 'view');
      assert.deepEqual(contentOf(view, wanted), wanted);
      assert.equal(JSON.stringify(view), JSON.stringify(json));
    }),
  );
});

/** Reads of a view all that a value has. */
function contentOf(view: unknown, like: unknown): unknown {
  if (typeof like !== 'object' || like === null || like instanceof Uint8Array) return view;
  if (Array.isArray(like)) return like.map((element, index) => contentOf(Reflect.get(Object(view), index), element));
  return Object.fromEntries(
    Object.entries(like).map(([key, inner]) => [key, contentOf(Reflect.get(Object(view), key), inner)]),
  );
}

const Kind = { closed: enumeration('Kind', ['a']), open: enumeration('Kind', ['a', 'b'], { open: true }) };

/** Two versions of one service: `newer` has what is appended. */
function versions() {
  const row = struct('Row', { id: u8(), size: f64({ min: 0, max: 9 }) });
  const wide = struct('Row', { id: u8(), size: f64({ min: 0 }), tag: text({ default: '-' }) });
  const older = service('stock', {
    put: call({
      input: struct('Put', { rows: list(row) }),
      output: struct('Done', { count: i64() }),
      idempotent: true,
    }),
    load: call({ input: bytes({ max: 4 }), output: bytes() }),
  });
  const newer = service(
    'stock',
    {
      put: call({ input: struct('Put', { rows: list(wide) }), output: struct('Done', { count: i64() }) }),
      load: call({ input: bytes(), output: bytes() }),
      drop: call({ idempotent: true }),
    },
    { errors: ['full'] },
  );
  return { older, newer };
}

test('methods are found by name, with their number, and count as idempotent if both sides say so', () => {
  const { older, newer } = versions();
  const forNewer = adaptService(newer, older.text, codecFor);
  assert.deepEqual(forNewer.problems, []);
  assert.deepEqual(forNewer.hash, older.hash);
  const shown = forNewer.methods.map((method) => method && [method.id, method.idempotent, method.isSameLayout]);
  assert.deepEqual(shown, [[1, false, false], [2, false, true], undefined]);
  assert.deepEqual(
    adaptService(older, newer.text, codecFor).methods.map((method) => method?.id),
    [1, 2],
  );
});

test('payloads that are the same have the codec of our own type', () => {
  const { older, newer } = versions();
  const asked: [CodecName, Payload | undefined][] = [];
  const { methods } = adaptService(newer, older.text, (name, payload) => {
    asked.push([name, payload]);
    return codecFor(name, payload);
  });
  assert.equal(methods[0]?.outputCodec, codecOf(newer.calls.put.output));
  assert.ok(asked.some(([, payload]) => payload === newer.calls.put.output));
  assert.ok(!asked.some(([, payload]) => payload === newer.calls.put.input), "where they differ, of the peer's");
});

test("the method's own codec writes and reads the messages", () => {
  const make = (fields: object) => {
    const type = struct('Note', { id: u8(), ...fields });
    return service('notes', { add: call({ input: type, output: type, codec: 'json' }) });
  };
  const [ours, theirs] = [make({}), make({ more: optional(text()) })];
  const encoder = new TextEncoder();
  const textCodec = (name: CodecName, payload: Payload | undefined): Codec<unknown, unknown> => {
    assert.equal(name, 'json');
    const own = codecFor(name, payload);
    return {
      ...own,
      isFixed: false,
      encode: (value, memory, offset) => {
        const written = encoder.encode(JSON.stringify(value));
        if (offset + written.length <= memory.bytes.length) memory.bytes.set(written, offset);
        return written.length;
      },
      decode: ({ bytes: from }, offset, length) =>
        JSON.parse(new TextDecoder().decode(from.subarray(offset, offset + length))),
    };
  };
  const [method] = adaptService(ours, theirs.text, textCodec).methods;
  assert.ok(method !== undefined);
  assert.equal(method.inputCodec.isFixed, false);
  assert.deepEqual(new TextDecoder().decode(messageOf(method.inputCodec, { id: 7 })), '{"id":7}');
  assert.deepEqual(valueIn(method.outputCodec, encoder.encode('{"id":7,"more":"x"}')), { id: 7 });
});

test('what the instance lacks must be what it is where nobody gives it', () => {
  const { older, newer } = versions();
  const codec = adaptService(newer, older.text, codecFor).methods[0]?.inputCodec;
  assert.ok(codec !== undefined);
  const rows = [
    { id: 1, size: 2 },
    { id: 2, size: 3, tag: 'x' },
    { id: 3, size: 4, tag: '-' },
    { id: 4, size: 5, tag: 'y' },
  ];
  for (const form of ['encode', 'encodeJson'] as const) {
    assert.throws(
      () => messageOf(codec, { rows }, form),
      (error: IsthmusError) => {
        assert.equal(error.code, 'INVALID_INPUT');
        const message = "is a field that the instance's version of the schema does not have";
        assert.deepEqual(error.fields, [
          { pointer: '/rows/1/tag', message },
          { pointer: '/rows/3/tag', message },
        ]);
        assert.equal(error.detail, `/rows/1/tag ${message}, and 1 more`);
        return true;
      },
    );
  }
  const message = messageOf(codec, { rows: [rows[0], rows[2]] });
  assert.deepEqual(valueIn(codecOf(older.calls.put.input), message), {
    rows: [
      { id: 1, size: 2 },
      { id: 3, size: 4 },
    ],
  });
});

test('our own ranges and defaults come first, then the bounds of the instance', () => {
  const { older, newer } = versions();
  const codec = adaptService(newer, older.text, codecFor).methods[0]?.inputCodec;
  assert.ok(codec !== undefined);
  const refused = (value: unknown): string[] => refusals(() => messageOf(codec, value));
  assert.deepEqual(refused({ rows: [{ id: 1, size: -1 }] }), ['/rows/0/size must be a finite number of at least 0']);
  assert.deepEqual(refused({ rows: [{ id: 1, size: 10 }] }), [
    "/rows/0/size must be a finite number from 0 to 9 in the instance's version of the schema",
  ]);
  assert.deepEqual(refused({ rows: [{ id: 1, size: 9, odd: 1 }] }), ['/rows/0/odd is not a field of this struct']);
});

test('bytes without a form are held to both limits', () => {
  const { older, newer } = versions();
  const load = (ours: typeof older | typeof newer, theirs: string) =>
    adaptService(ours, theirs, codecFor).methods[1]?.inputCodec;
  const [old, young] = [load(older, newer.text), load(newer, older.text)];
  assert.ok(old !== undefined && young !== undefined);
  for (const codec of [old, young]) {
    assert.deepEqual(messageOf(codec, Uint8Array.of(1, 2)), Uint8Array.of(1, 2));
    assert.deepEqual(messageOf(codec, 'AQI=', 'encodeJson'), Uint8Array.of(1, 2));
    assert.throws(() => messageOf(codec, new Uint8Array(5)), { code: 'INVALID_INPUT' });
  }
  const reader = adapted(bytes({ max: 4 }), bytes()).outputCodec;
  assert.deepEqual(valueIn(reader, Uint8Array.of(1, 2)), Uint8Array.of(1, 2));
  assert.equal(valueIn(reader, Uint8Array.of(1, 2), 'decodeJsonText'), '"AQI="');
  for (const form of ['decode', 'decodeJson', 'decodeJsonText'] as const) {
    assert.throws(() => valueIn(reader, new Uint8Array(5), form), {
      code: 'HANDLER_FAULT',
      detail: 'the message must have at most 4 bytes',
    });
  }
});

test('values and flags that one side lacks', () => {
  const flagged = (...names: string[]) => flags('Rights', names, { open: true });
  const more = struct('P', { kind: Kind.open, rights: flagged('r', 'w') });
  const less = struct('P', { kind: enumeration('Kind', ['a'], { open: true }), rights: flagged('r') });
  const closed = struct('P', { kind: Kind.closed, rights: flags('Rights', ['r']) });
  const { inputCodec: toLess } = adapted(more, less);
  assert.deepEqual(valueIn(codecOf(less), messageOf(toLess, { kind: 'b', rights: ['r'] })), { kind: 1, rights: ['r'] });
  assert.throws(() => messageOf(toLess, { kind: 'a', rights: ['w', 'r'] }), {
    detail: "/rights has the flag w, which the instance's version of the schema does not have",
  });
  const { inputCodec: toMore, outputCodec: fromMore } = adapted(less, more);
  assert.deepEqual(valueIn(codecOf(more), messageOf(toMore, { kind: 1, rights: [] })), { kind: 'b', rights: [] });
  const reply = messageOf(codecOf(more), { kind: 'b', rights: ['r', 'w'] });
  assert.deepEqual(valueIn(fromMore, reply), { kind: 1, rights: ['r'] });
  const { inputCodec: toClosed, outputCodec } = adapted(closed, more);
  assert.deepEqual(
    messageOf(toClosed, { kind: 'a', rights: ['r'] }),
    messageOf(codecOf(more), { kind: 'a', rights: ['r'] }),
  );
  assert.throws(() => valueIn(outputCodec, reply), {
    code: 'HANDLER_FAULT',
    detail: "field /kind has the value b, which the client's version of the schema does not have",
  });
});

test('a message is there only if there is room for it', () => {
  const { inputCodec } = adapted(
    struct('P', { note: text() }),
    struct('P', { note: text(), more: text({ default: 'x' }) }),
  );
  const value = { note: 'a note' };
  const size = messageOf(inputCodec, value).length;
  for (const room of [0, 1, inputCodec.size, size - 1, size]) {
    const memory = memoryOf(room + 64);
    const limited = { bytes: memory.bytes.subarray(0, room), view: new DataView(memory.bytes.buffer, 0, room) };
    assert.equal(inputCodec.encode(value, limited, 0), size);
    assert.ok(
      memory.bytes.subarray(room).every((byte) => byte === 0xaa),
      'nothing is written outside',
    );
  }
});

test('a value that changes while it is read is refused in the end', () => {
  const { inputCodec } = adapted(struct('P', { note: text() }), struct('P', { note: text(), more: optional(text()) }));
  let length = 0;
  const restless = {
    get note() {
      length += 100;
      return 'x'.repeat(length);
    },
  };
  assert.deepEqual(
    refusals(() => inputCodec.encode(restless, memoryOf(9000), 0)),
    [' changes while it is read'],
  );
});

test('versions that do not fit, and texts that are none, are told', () => {
  const { older, newer } = versions();
  const bent = older.text.replace('0 id u8', '0 id i8');
  assert.deepEqual(adaptService(newer, bent, codecFor), {
    problems: ['method put, request field rows[].id: u8 here, i8 there'],
    hash: hashOf(bent),
    methods: [],
    regions: [],
    regionLayouts: [],
  });
  assert.deepEqual(adaptService(newer, 'rubbish\n', codecFor).problems, [
    'the schema text there cannot be read: line 1: "rubbish" is not the format, such as "isthmus schema 1"',
  ]);
});

test('a view converts a field when it is read', () => {
  const row = (...fields: [string, ValueType][]) => struct('Row', { kind: Kind.closed, ...Object.fromEntries(fields) });
  const theirRow = struct('Row', { kind: Kind.open });
  const ours = struct('P', { id: i64(), rows: list(row(['tag', text({ default: '-' })])), more: u8({ default: 7 }) });
  const theirs = struct('P', { id: i64(), rows: list(theirRow) });
  const { outputCodec } = adapted(ours, theirs);
  const view = valueIn(
    outputCodec,
    messageOf(codecOf(theirs), { id: 5n, rows: [{ kind: 'a' }, { kind: 'b' }] }),
    'view',
  );
  const read = (from: unknown, ...path: (string | number)[]) =>
    path.reduce<unknown>((inner, key) => Reflect.get(Object(inner), key), from);
  assert.equal(read(view, 'id'), 5n);
  assert.equal(read(view, 'more'), 7);
  assert.equal(read(view, 'rows', 0, 'kind'), 'a');
  assert.equal(read(view, 'rows', 1, 'tag'), '-');
  assert.throws(() => read(view, 'rows', 1, 'kind'), {
    code: 'HANDLER_FAULT',
    detail: "field /rows/1/kind has the value b, which the client's version of the schema does not have",
  });
  const names: string[] = [];
  for (const name in Object(view)) names.push(name);
  assert.deepEqual(names, ['id', 'rows', 'more']);
  assert.equal(JSON.stringify(read(view, 'rows', 0)), '{"kind":"a","tag":"-"}');
  assert.throws(() => JSON.stringify(view), { code: 'HANDLER_FAULT' });
  assert.equal(inspect(read(view, 'rows', 0)), "{ kind: 'a', tag: '-' }");
});
