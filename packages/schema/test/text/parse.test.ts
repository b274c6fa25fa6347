import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  bytes,
  call,
  codecOf,
  decimal,
  enumeration,
  f64,
  field,
  flags,
  list,
  optional,
  parseSchema,
  region,
  regionLayoutOf,
  type Struct,
  service,
  struct,
  text,
  u16,
  union,
} from '../../src/index.ts';
import { anyStruct, anyStructWithValue } from '../support/arbitrary.ts';
import { messageOf, valueIn } from '../support/messages.ts';

const traits = fc
  .record({
    replies: fc.constantFrom('one', 'many', 'none'),
    codec: fc.constantFrom('struct', 'protobuf', 'msgpack', 'json'),
    idempotent: fc.boolean(),
  })
  .map((given) => (given.replies === 'none' ? { ...given, idempotent: false } : given));

test('what is read from a text has the same text, and codecs that write the same bytes', () => {
  fc.assert(
    fc.property(anyStructWithValue(), traits, ([type, value], given) => {
      const own = service('random', { first: call({ input: type, ...given }), second: call({ output: type }) });
      const { schema, problem } = parseSchema(own.text);
      assert.ok(schema !== undefined, problem);
      assert.equal(schema.text, own.text);
      const [first] = schema.methods;
      assert.deepEqual([first?.replies, first?.codec, first?.idempotent], Object.values(given));
      const read = first?.input;
      assert.ok(read?.kind === 'struct');
      assert.equal(schema.methods[1]?.output, read);
      const message = messageOf(codecOf(type), value);
      assert.deepEqual(messageOf(codecOf(read), value), message);
      assert.deepEqual(valueIn(codecOf(read), message), valueIn(codecOf(type), message));
      // With all that may be left out left out: so the defaults are the same.
      const least = leastOf(type, value);
      assert.deepEqual(messageOf(codecOf(read), least), messageOf(codecOf(type), least));
    }),
  );
});

/** A value without the fields that may be left out of the struct itself. */
function leastOf({ layout }: Struct, value: unknown): unknown {
  const needed = layout.fields.filter(({ type, presence }) => presence === undefined && type.default === undefined);
  return Object.fromEntries(needed.map(({ name }) => [name, Reflect.get(Object(value), name)]));
}

const Kind = enumeration('Kind', ['call', 'put'], { open: true });
const Leg = struct('Leg', { strike: f64({ min: 0 }), at: optional(u16({ endian: 'big' })) });
const sample = service(
  'pricing',
  {
    quote: call({
      input: struct('Request', {
        kind: field(Kind, { default: 'put' }),
        legs: list(Leg, { max: 5, default: 'empty' }),
        note: text({ default: 'a "b" default=c\u2028' }),
        fee: decimal(2, { min: '0.50', default: '1' }),
        tag: text(8),
        key: bytes(4),
        zero: f64({ default: -0 }),
        rights: field(flags('Rights', ['r', 'w'], { bits: 8 }), { default: ['w', 'r'] }),
        shape: union('Shape', { leg: Leg }),
      }),
      output: bytes({ max: 9 }),
      replies: 'many',
    }),
  },
  { errors: ['bad'] },
);
const withRegions = service('feed', {
  ping: call(),
  market: region(Leg, { writers: 'many' }),
  book: region(struct('Book', { kind: Kind, leg: Leg, id: u16() }), { key: 'id', rows: 64 }),
});

test('every kind of line is read', () => {
  const { schema, problem } = parseSchema(sample.text);
  assert.equal(problem, undefined);
  assert.deepEqual(
    { ...schema, methods: schema?.methods.map(({ name }) => name) },
    { name: 'pricing', methods: ['quote'], regionList: [], errors: ['bad'], text: sample.text },
  );
  const input = schema?.methods[0]?.input;
  assert.ok(input?.kind === 'struct');
  assert.ok(Object.is(input.fields.zero?.kind === 'f64' && input.fields.zero.default, -0));
});

test('regions are read', () => {
  const { schema, problem } = parseSchema(withRegions.text);
  assert.ok(schema !== undefined, problem);
  assert.equal(schema.text, withRegions.text);
  assert.deepEqual(schema.regionList.map(regionLayoutOf), withRegions.regionList.map(regionLayoutOf));
  assert.deepEqual(
    schema.regionList.map(({ id, key }) => [id, key?.name]),
    [
      [1, undefined],
      [2, 'id'],
    ],
  );
});

test('any region that is read is as it was declared', () => {
  fc.assert(
    fc.property(anyStruct({ tails: false }), fc.integer({ min: 1, max: 1000 }), fc.boolean(), (type, rows, isMany) => {
      const writers = isMany ? 'many' : 'one';
      const tables = type.layout.fields
        .map(({ name }) => region(type, { key: name, rows, writers }))
        .filter(({ problems }) => problems.length === 0);
      const own = service('random', {
        ...Object.fromEntries(tables.map((table, index) => [`t${index}x`, table])),
        one: region(type, { writers }),
      });
      const { schema, problem } = parseSchema(own.text);
      assert.ok(schema !== undefined, problem);
      assert.equal(schema.text, own.text);
      assert.deepEqual(schema.regionList.map(regionLayoutOf), own.regionList.map(regionLayoutOf));
    }),
  );
});

const lines = (...given: string[]): string => ['isthmus schema 1', 'service s', ...given, ''].join('\n');
const whole = (...given: string[]): string => lines(...given, 'method 1 m In -> none');

test('what is wrong is said, with its line', async (t) => {
  const cases: [name: string, source: string, problem: string][] = [
    ['no text', '', 'it is cut off: its last line does not end'],
    ['half a text', sample.text.slice(0, -1), 'it is cut off: its last line does not end'],
    ['a text over the limit', `${' '.repeat(2 ** 20)}\n`, 'it is over 1 MiB'],
    ['another thing', 'GET / HTTP/1.1\n', 'line 1: "GET / HTTP/1.1" is not the format, such as "isthmus schema 1"'],
    ['a later format', 'isthmus schema 2\n', 'line 1: this is format 2, and this version of Isthmus reads format 1'],
    ['no service', 'isthmus schema 1\n', 'line 2: the text ends where the name of a service should be'],
    [
      'a name that is none',
      'isthmus schema 1\nservice a;b\n',
      'line 2: the name must be a lower-case letter, then letters and digits',
    ],
    ['no method', lines(), 'line 2: there is neither a method nor a region'],
    ['an empty line', lines(''), 'line 3: "" is not an error, a type or a method'],
    ['a control character', lines('\x1b[2J'), 'line 3: "\\u{1b}[2J" is not an error, a type or a method'],
    [
      'a control character in a name',
      lines('enum \u009b2J\u202e', '  0 a'),
      'line 3: enumeration \\u{9b}2J\\u{202e}: the name must be an upper-case letter, then letters and digits',
    ],
    ['an error twice', lines('error 1 a', 'error 2 a'), 'line 4: a is there twice'],
    ['a method twice', lines('method 1 m none -> none', 'method 2 m none -> none'), 'line 4: m is there twice'],
    ['a type twice', whole('enum E', '  0 a', 'enum E', '  0 a'), 'line 5: E is there twice'],
    ['a field twice', whole('struct In size 2 align 1', '  0 a u8', '  1 a u8'), 'line 5: "a" is there twice'],
    [
      'a name that JavaScript has',
      whole('struct In size 1 align 1', '  0 __proto__ u8'),
      'line 3: struct In, field __proto__: the name must be a lower-case letter, then letters and digits',
    ],
    [
      'a name that could be code',
      whole('struct In size 1 align 1', '  0 a=0;b u8'),
      'line 3: struct In, field a=0;b: the name must be a lower-case letter, then letters and digits',
    ],
    [
      'a type that is none',
      whole('struct In size 1 align 1', '  0 a u7'),
      'line 4: "u7" is not a type that is declared above',
    ],
    [
      'a type that is declared below',
      whole('struct In size 1 align 1', '  0 a B', 'struct B size 1 align 1', '  0 a u8'),
      'line 4: "B" is not a type that is declared above',
    ],
    [
      'a struct in itself',
      whole('struct In size 8 align 4', '  0 a list<In>'),
      'line 4: "list<In>" is not a type that is declared above',
    ],
    [
      'a list without an end',
      whole('struct In size 8 align 4', '  0 a list<u8'),
      'line 4: "list<u8" is not a type that is declared above',
    ],
    [
      'more than a type',
      whole('struct In size 1 align 1', '  0 a u8>'),
      'line 4: "u8>" is not a type that is declared above',
    ],
    ['a bound that is none', whole('struct In size 1 align 1', '  0 a u8 min=x'), 'line 4: "x" is not a number'],
    [
      'another word',
      whole('struct In size 1 align 1', '  0 a u8 odd'),
      'line 4: "odd" is neither a bound nor a byte order',
    ],
    [
      'a bound outside',
      whole('struct In size 1 align 1', '  0 a u8 max=300'),
      'line 4: max 300 is outside of what u8 can hold',
    ],
    ['a default that is none', whole('struct In size 1 align 1', '  0 a u8 default={'), 'line 4: "{" is not a number'],
    [
      'a default of another type',
      whole('struct In size 1 align 1', '  0 a bool default=1'),
      'line 4: "1" is not a bool',
    ],
    ['a text that is no JSON', whole('struct In size 8 align 4', '  0 a text default="'), 'line 4: """ is not JSON'],
    [
      'a default that is no value',
      whole('enum E', '  0 a', 'struct In size 4 align 4', '  0 a E default="b"'),
      'line 6: "b" is not a value of E',
    ],
    [
      'more values than an enumeration can have',
      whole('enum E', ...many(4097, (n) => `  ${n} v${n}`)),
      'line 3: enumeration E: it has 4097 values, and 4096 is the most',
    ],
    [
      'bounds of an array',
      whole('struct In size 2 align 1', '  0 a u8[2] min=1'),
      'line 4: an array has neither bounds nor a default',
    ],
    [
      'too deep',
      whole('struct In size 1 align 1', `  0 a u8${'[1]'.repeat(33)}`),
      'line 4: more than 32 types are inside of each other',
    ],
    [
      'a method with a type that is no payload',
      lines('method 1 m u8 -> none'),
      'line 3: "u8" is neither a struct nor bytes',
    ],
    [
      'a size that is not so',
      whole('struct In size 2 align 1', '  0 a u8'),
      'line 3: "struct In size 2 align 1" should be "struct In size 1 align 1"',
    ],
    [
      'an offset that is not so',
      whole('struct In size 1 align 1', '  1 a u8'),
      'line 4: "  1 a u8" should be "  0 a u8"',
    ],
    [
      'a bound that says nothing',
      whole('struct In size 1 align 1', '  0 a u8 min=0'),
      'line 4: "  0 a u8 min=0" should be "  0 a u8"',
    ],
    [
      'a type that nothing uses',
      whole('enum E', '  0 a', 'struct In size 1 align 1', '  0 a u8'),
      'line 3: "enum E" should be "struct In size 1 align 1"',
    ],
    ...[
      ['a region without a type', 'region 1 r', '"region 1 r" is not a region'],
      ['a region of another type', 'region 1 r u8', '"u8" is not a struct that is declared above'],
      ['a region of a struct that is not there', 'region 1 r Out', '"Out" is not a struct that is declared above'],
      ['a key without rows', 'region 1 r In key=a', '"region 1 r In key=a" is not a region'],
      ['rows without a key', 'region 1 r In rows=2', '"region 1 r In rows=2" is not a region'],
      ['a key that is no field', 'region 1 r In key=b rows=2', 'the key b is not a field of the struct'],
      ['no rows', 'region 1 r In key=a rows=0', 'rows must be a whole number from 1 to 1048576'],
      ['too many rows', 'region 1 r In key=a rows=1048577', 'rows must be a whole number from 1 to 1048576'],
      ['another number of writers', 'region 1 r In writers=two', '"region 1 r In writers=two" is not a region'],
      ['a region of the name of a method', 'region 1 m In', 'm is there twice'],
      ['a number that is not so', 'region 2 r In', '"region 2 r In" should be "region 1 r In"'],
      [
        'rows as they would not be written',
        'region 1 r In key=a rows=02',
        '"region 1 r In key=a rows=02" should be "region 1 r In key=a rows=2"',
      ],
      [
        'writers as they would not be written',
        'region 1 r In writers=one',
        '"region 1 r In writers=one" is not a region',
      ],
      ['a name that is none', 'region 1 R In', 'the name must be a lower-case letter, then letters and digits'],
      ['a name that JavaScript has', 'region 1 toString In', 'JavaScript gives this name a meaning of its own'],
    ].map(([name = '', line = '', problem = '']): [string, string, string] => [
      name,
      `${whole('struct In size 1 align 1', '  0 a u8')}${line}\n`,
      `line 6: ${problem}`,
    ]),
    [
      'a region twice',
      `${whole('struct In size 1 align 1', '  0 a u8')}region 1 r In\nregion 2 r In\n`,
      'line 7: r is there twice',
    ],
    [
      'a region of a struct with tails',
      lines('struct In size 8 align 4', '  0 a text', 'region 1 r In'),
      'line 5: a row has a fixed size, and field a is text() of any length; give it a length, or use an array',
    ],
    [
      'regions that take too much memory',
      lines('struct In size 60000 align 1', '  0 a bytes(60000)', 'region 1 r In key=a rows=1048576'),
      'line 5: its regions take 314748961024 bytes of memory, and 1073741824 is the most; declare fewer rows',
    ],
    [
      'a region before a method',
      lines('struct In size 1 align 1', '  0 a u8', 'region 1 r In', 'method 1 m none -> none'),
      'line 5: "region 1 r In" should be "method 1 m none -> none"',
    ],
    [
      'a region, then a method of its name',
      lines('struct In size 1 align 1', '  0 a u8', 'region 1 r In', 'method 1 r none -> none'),
      'line 5: "region 1 r In" should be "method 1 r none -> none"',
    ],
    ['an error behind a type', `${sample.text}error 2 late\n`, 'line 4: "enum Kind open" should be "error 2 late"'],
  ];
  for (const [name, source, problem] of cases) {
    await t.test(name, () => assert.equal(parseSchema(source).problem, problem));
  }
});

for (const [name, text] of Object.entries({ sample: sample.text, withRegions: withRegions.text }))
  test(`any text is either refused, with its line, or read whole: ${name}`, () => {
    const own = text.split('\n');
    const characters = fc.constantFrom(
      ...'0 a=<>[](){}"\\,_',
      '\u2028',
      '\0',
      '\r',
      '__proto__',
      '-',
      '1e999',
      ' key=',
      'rows=9',
      'default=',
    );
    const edits = fc.oneof(
      fc
        .tuple(fc.nat(own.length - 2), fc.oneof(fc.string(), fc.constantFrom(...own)))
        .map(([at, line]) => own.with(at, line)),
      fc.nat(own.length - 2).map((at) => own.toSpliced(at, 1)),
      fc.tuple(fc.nat(own.length - 2), fc.constantFrom(...own)).map(([at, line]) => own.toSpliced(at, 0, line)),
      fc.tuple(fc.nat(text.length - 2), fc.nat(3), characters).map(([at, count, put]) => {
        return (text.slice(0, at) + put + text.slice(at + count)).split('\n');
      }),
    );
    fc.assert(
      fc.property(edits, (edited) => {
        const source = edited.join('\n');
        const { schema, problem } = parseSchema(source);
        if (schema === undefined) assert.match(problem, /^(line \d+: |it is cut off)/);
        else assert.equal(schema.text, source);
      }),
      { numRuns: 2000 },
    );
  });

/** Texts of about 1 MiB, each of which would take minutes if something took its size squared, or two to its depth. */
const large: { readonly [name: string]: () => string } = {
  'lists in lists': () => whole('struct In size 8 align 4', `  0 a ${'list<'.repeat(200_000)}`),
  'arrays of arrays': () => whole('struct In size 8 align 4', `  0 a u8${'[1]'.repeat(300_000)}`),
  'a struct of many fields': () => whole('struct In size 1 align 1', ...many(60_000, (n) => `  ${n} f${n} u8`)),
  'an enumeration of many values': () => whole('enum E', ...many(60_000, (n) => `  ${n} v${n}`)),
  'an enumeration in many fields, each with a default': () =>
    whole(
      'enum E',
      ...many(4096, (n) => `  ${n} v${n}`),
      'struct In size 1 align 1',
      ...many(16_000, (n) => `  ${n * 4} f${n} E default="v4095"`),
    ),
  'a union of many variants': () =>
    whole('struct A size 1 align 1', '  0 a u8', 'union U size 8 align 4', ...many(60_000, (n) => `  ${n} v${n} A`)),
  'many structs': () => whole(...many(20_000, (n) => `struct S${n} size 1 align 1\n  0 a u8`)),
  'many methods': () => lines(...many(30_000, (n) => `method ${n + 1} m${n} none -> none`)),
  'many regions of a struct of many fields': () =>
    lines(
      'struct In size 1 align 1',
      ...many(30_000, (n) => `  ${n} f${n} u8`),
      ...many(15_000, (n) => `region ${n + 1} r${n} In key=f29999 rows=9`),
    ),
  'many regions': () =>
    lines('struct In size 1 align 1', '  0 a u8', ...many(30_000, (n) => `region ${n + 1} r${n} In key=a rows=9`)),
  'many errors': () => lines(...many(40_000, (n) => `error ${n + 1} e${n}`), 'method 1 m none -> none'),
  'two lists of two lists of two lists': () =>
    whole(
      'struct S0 size 1 align 1\n  0 a u8',
      ...many(15, (n) => `struct S${n + 1} size 16 align 4\n  0 a list<S${n}>\n  8 b list<S${n}>`),
      'struct In size 8 align 4\n  0 a list<S15>',
    ),
  'a long word': () => whole('struct In size 1 align 1', `  0 ${'a'.repeat(1_000_000)} u8`),
  'many words': () => whole('struct In size 1 align 1', `  0 a u8${' x'.repeat(500_000)}`),
  'a long number': () => whole('struct In size 8 align 8', `  0 a i64 min=${'9'.repeat(1_000_000)}`),
  'deep JSON': () => whole('struct In size 8 align 4', `  0 a text default=${'['.repeat(1_000_000)}`),
};

function many(count: number, line: (index: number) => string): string[] {
  return Array.from({ length: count }, (_, index) => line(index));
}

for (const [name, source] of Object.entries(large)) {
  test(`a large text takes time in proportion: ${name}`, { timeout: 20_000 }, () => {
    const { schema, problem } = parseSchema(source());
    if (schema === undefined) assert.ok(problem.length < 1000, 'a message of a bounded length');
  });
}
