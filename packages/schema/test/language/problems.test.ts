/** Every way in which names, types, calls and services can be wrong, with the words that name the place and the reason. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  array,
  bytes,
  call,
  codecOf,
  enumeration,
  f64,
  field,
  flags,
  list,
  optional,
  type Struct,
  type StructOptions,
  service,
  struct,
  text,
  u8,
  union,
  type ValueType,
} from '../../src/index.ts';
import { fieldProblems, js, refusal, serviceProblems, structProblems } from '../support/problems.ts';

const Inner = struct('Inner', { v: f64() });

test('a name: of a field, a method, a type, a value, an error, a service', () => {
  const camel = 'the name must be a lower-case letter, then letters and digits';
  const pascal = 'the name must be an upper-case letter, then letters and digits';
  const own = 'JavaScript gives this name a meaning of its own';
  const word = (name: string) => `${name} is a word of C, of C++ or of their headers; choose another name`;
  const fields: [string, string][] = [
    ['X', camel],
    ['a_b', camel],
    ['1', camel],
    ['', camel],
    ['é', camel],
    ['a'.repeat(64), 'the name must not be longer than 63 characters'],
    ['constructor', own],
    ['then', own],
    ['short', word('short')],
    ['int', word('int')],
    ['class', word('class')],
    ['typename', word('typename')],
    ['staticAssert', word('static_assert')],
    ['errno', word('errno')],
    ['stAtime', word('st_atime')],
  ];
  for (const [name, reason] of fields) {
    assert.deepEqual(fieldProblems(f64(), name), [reason]);
  }
  assert.deepEqual(structProblems(struct('box', { x: f64() })), [`struct box: ${pascal}`]);
  assert.deepEqual(structProblems(struct(js(undefined), { x: f64() })), [
    'struct undefined: the name must be a string',
  ]);
  assert.deepEqual(structProblems(struct(js({ x: f64() }), js(undefined))), [
    'struct [object Object]: the name must be a string',
    'struct [object Object]: it needs at least one field',
  ]);
  const of = (type: ValueType) => structProblems(struct('Box', { x: type }));
  assert.deepEqual(of(enumeration('kind', ['a'])), [`enumeration kind: ${pascal}`]);
  assert.deepEqual(of(flags('access', ['a'])), [`flags access: ${pascal}`]);
  assert.deepEqual(of(union('shape', { inner: Inner })), [`union shape: ${pascal}`]);
  assert.deepEqual(of(union('Shape', { Inner })), [`union Shape, variant Inner: ${camel}`]);
  assert.deepEqual(of(union('Shape', { union: Inner })), [`union Shape, variant union: ${word('union')}`]);
  assert.deepEqual(of(enumeration('Kind', ['a b', '0', js(1)])), [
    'enumeration Kind: value "a b": the name must be a letter, then letters, digits and underscores',
    'enumeration Kind: value "0": the name must be a letter, then letters, digits and underscores',
    'enumeration Kind: value 1: the name must be a string',
  ]);
  assert.deepEqual(serviceProblems({ get: call() }, 'Boxes'), [`service Boxes: ${camel}`]);
  assert.deepEqual(serviceProblems({ get: call() }, 5), ['service 5: the name must be a string']);
  assert.deepEqual(serviceProblems({ get: call() }, 'isthmus'), [
    'service isthmus: names that begin with "isth" belong to the library',
  ]);
  assert.deepEqual(serviceProblems({ get: call() }, 'math'), [
    "service math: its header would be math.h, which hides the system's header of that name",
  ]);
  assert.deepEqual(serviceProblems({ $close: call() }), [`service boxes, call $close: ${camel}`]);
  assert.deepEqual(serviceProblems(Object.fromEntries([['then', call()]])), [`service boxes, call then: ${own}`]);
  assert.deepEqual(serviceProblems({ get: call() }, 'boxes', { errors: ['Bad', 5, 'worse', 'worse'] }), [
    `service boxes: error "Bad": ${camel}`,
    'service boxes: error 5: the name must be a string',
    'service boxes: the error worse is there twice',
  ]);
});

test('named types: what they are made of', () => {
  const of = (type: unknown) => structProblems(struct('Box', { x: js(type) }));
  const table: [unknown, ...string[]][] = [
    [enumeration('Kind', []), 'enumeration Kind: it needs at least one value'],
    [enumeration('Kind', js('abc')), 'enumeration Kind: it needs at least one value'],
    [enumeration('Kind', ['a', 'b', 'a']), 'enumeration Kind: the value a is there twice'],
    [enumeration('Kind', ['a'], { open: js(1) }), 'enumeration Kind: open must be true or false'],
    [
      enumeration('Kind', ['a'], js({ bits: 8 })),
      'enumeration Kind: there is no option "bits"; there are description, open',
    ],
    [enumeration('Kind', ['a'], js(null)), 'enumeration Kind: the options must be an object'],
    [flags('Access', ['a', 'a']), 'flags Access: the value a is there twice'],
    [flags('Access', ['a'], { bits: js(12) }), 'flags Access: bits must be 8, 16, 32 or 64'],
    [flags('Access', ['a'], { bits: js(8n) }), 'flags Access: bits must be 8, 16, 32 or 64'],
    [flags('Access', [...'abcdefghi'], { bits: 8 }), 'flags Access: 9 names do not fit into 8 bits'],
    [flags('Access', ['a'], js(null)), 'flags Access: the options must be an object'],
    [union('Shape', {}), 'union Shape: it needs at least one variant'],
    [union('Shape', js(null)), 'union Shape: it needs at least one variant'],
    [union('Shape', { inner: js(f64()) }), 'union Shape, variant inner: it must be a struct'],
    [union('Shape', { inner: js(undefined) }), 'union Shape, variant inner: it must be a struct'],
    [
      union('Shape', { inner: struct('Kinded', { kind: f64() }) }),
      "union Shape, variant inner: struct Kinded has a field kind, which is the union's",
    ],
    [union('Shape', { inner: Inner }, js(null)), 'union Shape: the options must be an object'],
    [struct('Other', {}), 'struct Other: it needs at least one field'],
    [struct('Other', js(null)), 'struct Other: it needs at least one field'],
    [struct('Other', { v: f64() }, js(null)), 'struct Other: the options must be an object'],
    [
      struct('Other', { v: f64() }, js({ descripton: '' })),
      'struct Other: there is no option "descripton"; there are description, packed, align',
    ],
    [struct('Other', { v: f64() }, { packed: js('yes') }), 'struct Other: packed must be true or false'],
    ...[0, 3, 8192, -8, 2.5, js('8')].map((align): [unknown, string] => [
      struct('Other', { v: f64() }, { align } as StructOptions),
      'struct Other: align must be a power of two from 1 to 4096',
    ]),
  ];
  for (const [type, ...problems] of table) assert.deepEqual(of(type), problems);
});

test('a struct that is too large, or too deep', () => {
  const tooLarge = (name: string, bytes: number) => `${name}: it takes ${bytes} bytes, and 65536 is the most`;
  const large = struct('Large', { a: text(60_000), b: text(6000) });
  assert.deepEqual(structProblems(large), [tooLarge('struct Large', 66_002)]);
  // Once: what contains it is too large for no reason of its own.
  assert.deepEqual(structProblems(struct('Box', { x: large, y: array(large, 2), z: union('U', { large }) })), [
    tooLarge('struct Large', 66_002),
  ]);
  const full = struct('Full', { a: text(65_535) });
  assert.equal(full.layout.size, 65_536);
  assert.deepEqual(structProblems(struct('Box', { x: union('Shape', { full }) })), [tooLarge('union Shape', 65_540)]);

  const nested = (depth: number): Struct => struct(`S${depth}`, { x: depth === 1 ? u8() : nested(depth - 1) });
  service('boxes', { get: call({ input: nested(32) }) });
  const tooDeep = 'more than 32 types are inside of each other';
  assert.deepEqual(structProblems(nested(40)), [`struct S33: ${tooDeep}`]);
  const arrays = (depth: number): ValueType => (depth === 0 ? u8() : array(arrays(depth - 1), 1));
  const place = 'struct Box, field x, its elements, its elements';
  assert.deepEqual(structProblems(struct('Box', { x: arrays(35) })), [`${place}: ${tooDeep}`]);
  assert.deepEqual(structProblems(struct('Box', { x: union('U', { deep: nested(32) }) })), [`union U: ${tooDeep}`]);
});

test('a call', () => {
  const of = (made: unknown) =>
    serviceProblems({ get: made }).map((line) => {
      assert.ok(line.startsWith('service boxes, call get: '), line);
      return line.slice('service boxes, call get: '.length);
    });
  const table: [unknown, ...string[]][] = [
    [Inner, 'this is neither a call nor a region; use call({ ... }) or region(...)'],
    [undefined, 'this is neither a call nor a region; use call({ ... }) or region(...)'],
    [{ kind: 'call' }, 'this is neither a call nor a region; use call({ ... }) or region(...)'],
    [call(js(null)), 'the options must be an object'],
    [
      call(js({ inputs: Inner })),
      'there is no option "inputs"; there are input, output, replies, codec, idempotent, description',
    ],
    [
      call({ input: js(f64()), output: js(1) }),
      'the input must be a struct or bytes()',
      'the output must be a struct or bytes()',
    ],
    [call({ input: js(optional(Inner)) }), 'the input must be a struct or bytes()'],
    [call({ input: js(bytes(5)) }), 'the input must be a struct or bytes()'],
    [call({ input: bytes({ max: 0 }) }), 'the input: max must be a whole number from 1 to 536870848'],
    [call({ output: bytes({ default: 'empty' }) }), 'the output: bytes() has no default here'],
    [
      call({ input: field(Inner, js({ default: 1 })) }),
      'the input: there is no option "default"; there are description',
    ],
    [
      call({ input: struct('Page', { x: u8() }, { align: 128 }) }),
      'the input: it is aligned to 128 bytes, and 64 is the most in a message',
    ],
    [call({ replies: js('two') }), 'replies must be one of one, many, none'],
    [call({ codec: js('xml') }), 'the codec must be one of struct, protobuf, msgpack, json'],
    [call({ idempotent: js(1) }), 'idempotent must be true or false'],
    [call({ replies: 'none', output: Inner }), 'a call without replies has no output'],
    [
      call({ replies: 'none', idempotent: true }),
      'a call without replies is never tried again, so it is not idempotent',
    ],
  ];
  for (const [made, ...problems] of table) assert.deepEqual(of(made), problems);
});

test('a service', () => {
  assert.deepEqual(serviceProblems({}), ['service boxes: it needs at least one call or region']);
  assert.deepEqual(serviceProblems(null), ['service boxes: it needs at least one call or region']);
  const get = { get: call() };
  assert.deepEqual(serviceProblems(get, 'boxes', js(null)), ['service boxes: the options must be an object']);
  assert.deepEqual(serviceProblems(get, 'boxes', { error: [] }), [
    'service boxes: there is no option "error"; there are description, errors',
  ]);
  assert.deepEqual(serviceProblems(get, 'boxes', { errors: 'bad' }), [
    'service boxes: errors must be an array of names',
  ]);
});

test('two different types of one name are refused, the same one twice is not', () => {
  const calls = (one: ValueType, other: ValueType) => ({
    a: call({ input: struct('A', { v: one }) }),
    b: call({ input: struct('B', { v: other }) }),
  });
  const two = (name: string) => [`service boxes: there are two different types of the name ${name}`];
  const inner = (min?: number) => struct('Inner', { x: f64(min === undefined ? {} : { min }) });
  assert.deepEqual(serviceProblems(calls(inner(), inner(1))), two('Inner'));
  assert.deepEqual(serviceProblems(calls(list(inner()), array(inner(1), 2))), two('Inner'));
  assert.deepEqual(serviceProblems(calls(enumeration('E', ['a']), enumeration('E', ['b']))), two('E'));
  assert.deepEqual(serviceProblems(calls(enumeration('E', ['a']), enumeration('E', ['a'], { open: true }))), two('E'));
  assert.deepEqual(serviceProblems(calls(enumeration('E', ['a']), flags('E', ['a']))), two('E'));
  assert.deepEqual(serviceProblems(calls(flags('E', ['a']), flags('E', ['a'], { bits: 8 }))), two('E'));
  assert.deepEqual(serviceProblems(calls(union('U', { a: inner() }), union('U', { b: inner() }))), two('U'));
  service('boxes', calls(inner(), optional(inner()) as never));
  service('boxes', calls(enumeration('E', ['a']), field(enumeration('E', ['a']), { default: 'a' })));
});

test('names that would be the same in C are refused, naming both', () => {
  const of = (type: Struct) => ({ quote: call({ input: type }) });
  const clash = (problems: string[], reason: RegExp) =>
    assert.ok(
      problems.some((line) => reason.test(line)),
      problems.join(),
    );
  clash(
    serviceProblems(of(struct('OnQuote', { x: f64() }))),
    /^service boxes: struct OnQuote and call quote would both be boxes_on_quote in C$/,
  );
  clash(serviceProblems(of(struct('Schema', { x: f64() }))), /boxes_schema in C/);
  clash(serviceProblems({ aBc: call(), aBC: call() }), /call aBc and call aBC would both be boxes_/);
  clash(
    structProblems(struct('Box', { aBc: f64(), aBC: f64() })),
    /struct Box: field aBc and field aBC would both be a_bc in C/,
  );
  clash(structProblems(struct('Box', { kind: enumeration('Kind', ['usd', 'USD']) })), /BOXES_KIND_USD in C/);
});

test('all at once, each once, and codecOf says it too', () => {
  const Row = struct('Row', { price: f64({ min: 2, max: 1 }), int: u8({ default: 300 }) });
  const Box = struct('box', { one: Row, rows: list(Row), maybe: optional(Row), shape: union('Shape', { row: Row }) });
  const inTypes = [
    'struct box: the name must be an upper-case letter, then letters and digits',
    'struct Row, field price: min 2 is greater than max 1',
    'struct Row, field int: int is a word of C, of C++ or of their headers; choose another name',
    'struct Row, field int: default 300 is outside of what u8 can hold',
  ];
  assert.deepEqual(
    refusal(() => codecOf(Box)),
    inTypes,
  );
  assert.deepEqual(
    serviceProblems(
      { get: call({ input: Box, output: Row }), Put: call({ input: Row, output: struct('Row', { price: u8() }) }) },
      'boxes',
      { errors: ['bad', 'bad'] },
    ),
    [
      ...inTypes,
      'service boxes: the error bad is there twice',
      'service boxes: there are two different types of the name Row',
      'service boxes, call Put: the name must be a lower-case letter, then letters and digits',
    ],
  );
});

test('a bad type in many places is reported in the time that it takes to say it once', () => {
  let type: Struct = struct('S0', { x: f64({ min: 2, max: 1 }) });
  for (let level = 1; level < 30; level++)
    type = struct(`S${level}`, { a: list(type), b: list(type), c: optional(type) });
  assert.deepEqual(type.problems.slice(0, 1), ['struct S0, field x: min 2 is greater than max 1']);
});
