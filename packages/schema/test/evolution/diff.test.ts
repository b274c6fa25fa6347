import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bool, call, diffSchemas, enumeration, type Fields, f32, f64, i32, service, struct } from '../../src/index.ts';

interface Parts {
  readonly fields?: Fields;
  readonly kind?: readonly string[];
  readonly inner?: Fields;
  readonly errors?: readonly string[];
  readonly idempotent?: boolean;
  readonly name?: string;
}

function textOf(parts: Parts = {}): string {
  const Kind = enumeration('Kind', parts.kind ?? ['call', 'put']);
  const Inner = struct('Inner', parts.inner ?? { rate: f64() });
  const Request = struct(parts.name ?? 'Request', {
    kind: Kind,
    inner: Inner,
    ...(parts.fields ?? { volatility: f64() }),
  });
  const Reply = struct('Reply', { price: f64() });
  return service(
    'pricing',
    { quote: call({ input: Request, output: Reply, idempotent: parts.idempotent ?? false }) },
    { errors: parts.errors ?? [] },
  ).text;
}

test('equal texts do not differ', () => {
  assert.deepEqual(diffSchemas(textOf(), textOf()), []);
});

test('each difference is one line that says where, what is here and what is there', () => {
  const cases: [Parts, string[]][] = [
    [{ fields: { volatility: f32() } }, ['method quote, request field volatility: f64 here, f32 there']],
    [{ fields: { volatility: f64({ min: 0 }) } }, ['method quote, request field volatility, min: none here, 0 there']],
    [{ fields: { vol: f64() } }, ['method quote, request field volatility: volatility here, vol there']],
    [{ inner: { rate: f64(), carry: i32() } }, ['method quote, request field inner.carry: missing here, i32 there']],
    [
      { kind: ['put', 'call'] },
      [
        'enumeration Kind, value call: place 1 here, place 2 there',
        'enumeration Kind, value put: place 2 here, place 1 there',
      ],
    ],
    [{ kind: ['call', 'put', 'swap'] }, ['enumeration Kind, value swap: missing here, defined there']],
    [{ errors: ['bad'] }, ['error bad: missing here, defined there']],
    [{ idempotent: true }, ['method quote, idempotent: no here, yes there']],
    [{ name: 'Query' }, ['method quote, request: Request here, Query there']],
  ];
  for (const [parts, lines] of cases) assert.deepEqual(diffSchemas(textOf(), textOf(parts)), lines);
});

test('fields in another order are told by their places', () => {
  const here = textOf({ fields: { a: i32(), b: i32() } });
  const there = textOf({ fields: { b: i32(), a: i32() } });
  assert.deepEqual(diffSchemas(here, there), [
    'method quote, request field a: place 3 here, place 4 there',
    'method quote, request field b: place 4 here, place 3 there',
  ]);
});

test('methods that only one side has and other services are told', () => {
  const one = service('one', { a: call(), b: call() }).text;
  const two = service('two', { b: call(), c: call() }).text;
  assert.deepEqual(diffSchemas(one, two), [
    'service: one here, two there',
    'method a: defined here, missing there',
    'method c: missing here, defined there',
  ]);
});

test('a struct in the place of a scalar is told', () => {
  const here = textOf({ fields: { v: struct('Sub', { x: bool() }) } });
  assert.deepEqual(diffSchemas(here, textOf({ fields: { v: f64() } })), [
    'method quote, request field v: Sub here, f64 there',
  ]);
});

test('any other text differs, in words, whatever it holds', () => {
  const ours = textOf();
  const unread = 'the schema text there cannot be read: ';
  assert.deepEqual(diffSchemas(ours, 'rubbish'), [`${unread}it is cut off: its last line does not end`]);
  assert.deepEqual(diffSchemas(ours, 'rubbish\n'), [
    `${unread}line 1: "rubbish" is not the format, such as "isthmus schema 1"`,
  ]);
  assert.deepEqual(diffSchemas('rubbish\n', ours), [
    'the schema text here cannot be read: line 1: "rubbish" is not the format, such as "isthmus schema 1"',
  ]);
  const lines = ours.split('\n');
  fc.assert(
    fc.property(fc.nat(lines.length - 1), fc.oneof(fc.string(), fc.constantFrom(...lines)), (at, line) => {
      const theirs = lines.with(at, line).join('\n');
      assert.equal(diffSchemas(ours, theirs).length === 0, theirs === ours);
    }),
  );
});

test('of very many differences, the first are told', () => {
  const errors = Array.from({ length: 1000 }, (_, index) => `error${index}`);
  const lines = diffSchemas(textOf(), textOf({ errors }));
  assert.deepEqual(lines.slice(-2), ['error error49: missing here, defined there', 'and 950 more']);
  assert.equal(lines.length, 51);
});

test('a text whose structs contain themselves ends', () => {
  const loop =
    'isthmus schema 1\nservice pricing\nstruct Inner size 8 align 8\n  0 rate Inner\nmethod 1 quote Inner -> Inner\n';
  assert.ok(diffSchemas(textOf(), loop).length > 0);
  assert.ok(diffSchemas(loop, textOf()).length > 0);
});
