import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  array,
  bytes,
  type Calls,
  call,
  codecOf,
  decimal,
  enumeration,
  f64,
  field,
  flags,
  isService,
  list,
  optional,
  type RegionType,
  region,
  regionLayoutOf,
  type Struct,
  service,
  struct,
  text,
  timestamp,
  u8,
  u16,
  u64,
  union,
  type ValueType,
} from '../../src/index.ts';
import { anyStruct } from '../support/arbitrary.ts';
import { js, serviceProblems } from '../support/problems.ts';

const Quote = struct('Quote', { symbol: text(8), bid: f64({ min: 0 }), venue: u16({ endian: 'big' }) });
const State = struct('State', { level: f64() });

test('regions get numbers, names, keys and codecs in the order of declaration, apart from those of calls', () => {
  const schema = service('feed', {
    market: region(Quote, { key: 'symbol', rows: 64, description: 'The latest quotes.' }),
    quote: call({ output: Quote }),
    state: region(State, { writers: 'many' }),
    ping: call(),
  });
  assert.deepEqual(
    schema.methods.map(({ name, id }) => [name, id]),
    [
      ['quote', 1],
      ['ping', 2],
    ],
  );
  const [market, state] = schema.regionList;
  assert.equal(schema.regions.market, market);
  assert.equal(schema.regions.state, state);
  assert.deepEqual(Object.keys(schema.regions), ['market', 'state']);
  assert.deepEqual(Object.keys(schema.calls), ['quote', 'ping']);
  assert.deepEqual(market, {
    name: 'market',
    id: 1,
    struct: Quote,
    key: Quote.layout.fields[0],
    rows: 64,
    writers: 'one',
    codec: codecOf(Quote),
    description: 'The latest quotes.',
  });
  assert.deepEqual([state?.id, state?.key, state?.rows, state?.writers], [2, undefined, 1, 'many']);
  assert.ok([schema.regions, schema.regionList, market, state].every(Object.isFrozen));
});

test('a service may have regions only', () => {
  const schema = service('tank', { state: region(State) });
  assert.ok(isService(schema));
  assert.deepEqual([schema.methods, schema.calls], [[], {}]);
  assert.equal(
    schema.text,
    'isthmus schema 1\nservice tank\nstruct State size 8 align 8\n  0 level f64\nregion 1 state State\n',
  );
});

test('the text has each region behind the methods, and the types of all', () => {
  const Side = enumeration('Side', ['buy', 'sell']);
  const Book = struct('Book', { side: Side, depth: u8() });
  const schema = service('feed', {
    book: region(Book, { key: 'side', rows: 2, writers: 'many', description: 'not in it' }),
    ping: call(),
    state: region(State, { writers: 'many' }),
  });
  assert.equal(
    schema.text,
    `isthmus schema 1
service feed
enum Side
  0 buy
  1 sell
struct Book size 8 align 4
  0 side Side
  4 depth u8
struct State size 8 align 8
  0 level f64
method 1 ping none -> none
region 1 book Book key=side rows=2 writers=many
region 2 state State writers=many
`,
  );
});

test('what C knows of a region', () => {
  const { regionList } = service('feed', {
    market: region(Quote, { key: 'symbol', rows: 64 }),
    byVenue: region(Quote, { key: 'venue', rows: 3, writers: 'many' }),
    state: region(State),
  });
  assert.deepEqual(regionList.map(regionLayoutOf), [
    { name: 'market', bytes: 32, rows: 64, keyOffset: 0, keyBytes: 9, keyIsText: true, writers: 'one' },
    { name: 'byVenue', bytes: 32, rows: 3, keyOffset: 24, keyBytes: 2, keyIsText: false, writers: 'many' },
    { name: 'state', bytes: 8, rows: 1, keyOffset: 0, keyBytes: 0, keyIsText: false, writers: 'one' },
  ]);
});

const problemsOf = (made: unknown): string[] =>
  serviceProblems({ market: made }).map((line) => {
    const place = 'service boxes, region market: ';
    assert.ok(line.startsWith(place), line);
    return line.slice(place.length);
  });

test('every way in which a region can be wrong, with the field', () => {
  const rows = 'rows must be a whole number from 1 to 1048576';
  const key = (name: string) => `the key ${name} must be text(n), bytes(n), an integer or an enumeration`;
  const of = (type: ValueType) => region(struct('Row', { id: u8(), x: type }));
  const tail = (what: string) => `a row has a fixed size, and field ${what}; give it a length, or use an array`;
  const Deep = struct('Deep', { rows: array(struct('Inner', { ok: u8(), note: text() }), 2) });
  const table: [RegionType | undefined, ...string[]][] = [
    [region(js(u8())), 'it must be of a struct'],
    [region(js(undefined), { key: js('id'), rows: 0 }), 'it must be of a struct'],
    [region(js(optional(State))), 'it must be of a struct'],
    [region(State, js(null)), 'the options must be an object'],
    [region(State, js({ keys: 'id' })), 'there is no option "keys"; there are key, rows, writers, description'],
    [region(State, js({ description: 1 })), 'the description must be a string'],
    [region(State, { writers: js('two') }), 'writers must be one or many'],
    [region(field(State, js({ default: 1 }))), 'there is no option "default"; there are description'],
    [of(text()), tail('x is text() of any length')],
    [of(bytes()), tail('x is bytes() of any length')],
    [of(list(u8())), tail('x is a list')],
    [of(array(list(u8()), 2)), tail('x[] is a list')],
    [of(Deep), tail('x.rows[].note is text() of any length')],
    [of(union('Shape', { state: State, deep: Deep })), tail('x.deep.rows[].note is text() of any length')],
    [
      region(struct('Page', { x: u8() }, { align: 128 })),
      'its struct is aligned to 128 bytes, and 64 is the most in a region',
    ],
    [region(State, js({ rows: 5 })), 'rows needs a key: the field that tells them apart'],
    [region(Quote, js({ key: 'symbol' })), 'a key needs rows: the most that there can be'],
    [region(Quote, js({ key: 'bid' })), key('bid'), 'a key needs rows: the most that there can be'],
    [region(Quote, { key: js('name'), rows: 5 }), 'the key name is not a field of the struct'],
    [region(Quote, { key: js(5), rows: 5 }), 'the key 5 is not a field of the struct'],
    [region(Quote, { key: js('toString'), rows: 5 }), 'the key toString is not a field of the struct'],
    ...[0, -1, 1.5, 1_048_577, Number.NaN, js('8')].map((count): [RegionType, string] => [
      region(Quote, { key: 'symbol', rows: count }),
      rows,
    ]),
    ...[f64(), timestamp(), decimal(2), flags('F', ['a']), array(u8(), 4), State, union('U', { state: State })].map(
      (type): [RegionType, string] => [region(struct('Row', { x: type }), { key: 'x', rows: 2 }), key('x')],
    ),
    [region(struct('Row', { x: optional(u8()) }), { key: 'x', rows: 2 }), 'the key x must not be optional'],
  ];
  for (const [made, ...problems] of table) assert.deepEqual(problemsOf(made), problems);
});

test('what is wrong with the struct of a region is reported as that of a call is', () => {
  const Bad = struct('Bad', { int: u8() });
  assert.deepEqual(serviceProblems({ a: region(Bad), b: call({ input: Bad }), Bad: region(State) }), [
    'struct Bad, field int: int is a word of C, of C++ or of their headers; choose another name',
    'service boxes, region Bad: the name must be a lower-case letter, then letters and digits',
  ]);
  assert.deepEqual(serviceProblems({ a: region(State), b: call({ output: struct('State', { level: u8() }) }) }), [
    'service boxes: there are two different types of the name State',
  ]);
});

test('every kind of key, and the most there can be', () => {
  for (const type of [text(1), bytes(3), u8(), u64({ endian: 'big' }), enumeration('E', ['a'], { open: true })]) {
    const Row = struct('Row', { v: f64(), id: type }, { packed: true });
    const schema = service('feed', { table: region(Row, { key: 'id', rows: 10 }) });
    assert.deepEqual([schema.regionList[0]?.key?.name, schema.regionList[0]?.key?.offset], ['id', 8]);
  }
  const Small = struct('Small', { id: u8() });
  service('feed', { table: region(Small, { key: 'id', rows: 1_048_576 }) });
  service('feed', { one: region(struct('Full', { all: bytes(65_536) }, { align: 64 }), { key: 'all', rows: 9 }) });
});

test('the memory of all regions together is bounded, and so is their number', () => {
  const Large = struct('Large', { id: u8(), all: bytes(65_535) });
  const table = (rows: number) => region(Large, { key: 'id', rows });
  // A line for the row, 4 slots of 65,536 bytes and a line each; before them the header, and 8,192 buckets for up to 4,096 rows.
  const most = Math.floor((2 ** 30 - 256 - 4 * 8192) / (64 + 4 * (65_536 + 64)));
  service('feed', { one: table(most) });
  const tooMuch =
    /^service boxes: its regions take 10\d{8} bytes of memory, and 1073741824 is the most; declare fewer rows$/;
  assert.match(serviceProblems({ one: table(most + 1) }).join(), tooMuch);
  assert.match(serviceProblems({ one: table(most / 2), two: table(most / 2 + 10) }).join(), tooMuch);
  const many = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, n) => [`r${n}x`, region(State)]));
  service('feed', many(256));
  assert.deepEqual(serviceProblems(many(257)), ['service boxes: it has 257 regions, and 256 is the most']);
});

const keyKinds = new Set(['text', 'bytes', 'enum', 'i8', 'i16', 'i32', 'i64', 'u8', 'u16', 'u32', 'u64']);

test('any struct without tails can be a region, and any field of the right kind its key', () => {
  fc.assert(
    fc.property(anyStruct({ tails: false }), fc.boolean(), (type, isMany) => {
      const writers = isMany ? 'many' : 'one';
      const keys = type.layout.fields.filter(({ presence, type: { kind } }) => {
        return presence === undefined && keyKinds.has(kind);
      });
      const tables = keys.map(({ name }) => [`by${name}`, region(type, { key: name, rows: 5, writers })]);
      const schema = service('random', { one: region(type, { writers }), ...Object.fromEntries(tables) });
      assert.deepEqual(
        schema.regionList.map(({ key }) => key),
        [undefined, ...keys],
      );
      for (const { name } of type.layout.fields) {
        const isKey = keys.some((key) => key.name === name);
        assert.equal(region(type, { key: name, rows: 5 }).problems.length === 0, isKey);
      }
    }),
  );
});

test('any struct with tails is refused, and the field is named', () => {
  fc.assert(
    fc.property(
      anyStruct().filter(({ layout }) => layout.hasTails),
      (type: Struct) => {
        const [problem, ...more] = region(type).problems;
        assert.match(problem ?? '', /^a row has a fixed size, and field [\w.[\]]+ is (text\(\)|bytes\(\)|a list)/);
        assert.deepEqual(more, []);
      },
    ),
  );
});

test('calls that are no more than calls compile as before', () => {
  const calls: Calls = { ping: call() };
  assert.equal(service('boxes', calls).calls.ping?.id, 1);
});
