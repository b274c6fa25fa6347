import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  array,
  bytes,
  call,
  decimal,
  enumeration,
  f64,
  flags,
  IsthmusError,
  list,
  optional,
  region,
  type Service,
  service,
  struct,
  type Type,
  text,
  u8,
  u16,
  union,
} from '../../src/index.ts';

const X = struct('X', { x: u8() });

/** A service `svc` whose method `go` takes a struct `In` of these fields. */
function taking(fields: Record<string, Type>): Service {
  return service('svc', { go: call({ input: struct('In', fields) }) });
}

function problemsOf(make: () => unknown): string[] {
  try {
    make();
    return [];
  } catch (error) {
    assert.ok(error instanceof IsthmusError && error.code === 'SCHEMA_INVALID', String(error));
    return (error.detail ?? '').split('\n');
  }
}

const clashes: readonly [what: string, make: () => unknown, problem: RegExp][] = [
  [
    'two fields',
    () => taking({ fooBar: u8(), fooBAR: u8() }),
    /struct In: field fooBar and field fooBAR would both be foo_bar/,
  ],
  [
    'two variants',
    () => taking({ shape: union('Shape', { fooBar: X, fooBAR: X }) }),
    /union Shape: variant fooBar and variant fooBAR would both be foo_bar/,
  ],
  [
    'two structs',
    () => taking({ a: struct('FooBar', { x: u8() }), b: struct('FooBAR', { x: u8() }) }),
    /struct FooBar and struct FooBAR would both be svc_foo_bar/,
  ],
  [
    'an enumeration and flags',
    () => taking({ a: enumeration('FooBar', ['a']), b: flags('FooBAR', ['a']) }),
    /enumeration FooBar and flags FooBAR would both be svc_foo_bar/,
  ],
  [
    'values of an enumeration',
    () => taking({ a: enumeration('Kind', ['put', 'PUT']) }),
    /value put of enumeration Kind and value PUT of enumeration Kind would both be SVC_KIND_PUT/,
  ],
  [
    'values of flags',
    () => taking({ a: flags('Kind', ['aB', 'a_b']) }),
    /value aB of flags Kind and value a_b of flags Kind would both be SVC_KIND_A_B/,
  ],
  [
    'the kind of a union and an enumeration',
    () => taking({ a: union('Shape', { one: X }), b: enumeration('ShapeKind', ['one']) }),
    /enumeration ShapeKind and the kind of union Shape would both be svc_shape_kind/,
  ],
  [
    'a union and a struct',
    () => taking({ a: union('FooBar', { one: X }), b: struct('FooBAR', { x: u8() }) }),
    /union FooBar and struct FooBAR would both be svc_foo_bar/,
  ],
  [
    'a handler and a struct',
    () => taking({ a: struct('OnGo', { x: u8() }) }),
    /struct OnGo and call go would both be svc_on_go/,
  ],
  [
    'a check and a struct',
    () => taking({ a: X, b: struct('XIsValid', { x: u8() }) }),
    /the check of struct X and struct XIsValid would both be svc_x_is_valid/,
  ],
  [
    'an accessor and a struct',
    () => taking({ b: optional(u8()), a: struct('InHasB', { x: u8() }) }),
    /struct InHasB and field b of struct In would both be svc_in_has_b/,
  ],
  [
    'accessors of two structs',
    () =>
      taking({
        getX: text(),
        a: struct('InGetGet', { x: u16({ endian: 'big' }) }),
        b: struct('InGet', { getX: text() }),
      }),
    /would both be svc_in_get_get_get_x/,
  ],
  [
    'a scale and a value',
    () => taking({ price: decimal(2), b: enumeration('InPrice', ['scale']) }),
    /value scale of enumeration InPrice and field price of struct In would both be SVC_IN_PRICE_SCALE/,
  ],
  [
    'a list and a struct',
    () => taking({ a: list(u8()), b: struct('ListOfU8', { x: u8() }) }),
    /struct ListOfU8 and a list of uint8_t would both be svc_list_of_u8/,
  ],
  [
    'lists of a number and of a struct',
    () => taking({ a: list(f64()), b: list(struct('F64', { x: u8() })) }),
    /a list of double and a list of svc_f64 would both be svc_list_of_f64/,
  ],
  [
    'an element of a list and a struct',
    () => taking({ a: list(array(u8(), 2)), b: struct('U8X2', { x: u8() }) }),
    /struct U8X2 and an element of a list of uint8_t \[2\] would both be svc_u8_x2/,
  ],
  [
    'what begins messages and a struct',
    () => taking({ a: text(), b: struct('InBegin', { x: u8() }) }),
    /struct InBegin and messages of struct In would both be svc_in_begin/,
  ],
  [
    'what answers calls and a struct',
    () => taking({ a: struct('RespondGo', { x: u8() }) }),
    /struct RespondGo and call go would both be svc_respond_go/,
  ],
  [
    'what sends and a struct',
    () => service('svc', { go: call({ input: struct('SendGo', { x: u8() }), replies: 'none' }) }),
    /struct SendGo and call go would both be svc_send_go/,
  ],
  [
    'what emits and a struct',
    () => service('svc', { go: call({ input: struct('EmitGo', { x: u8() }), replies: 'many' }) }),
    /struct EmitGo and call go would both be svc_emit_go/,
  ],
  [
    'the register function and a struct',
    () => taking({ a: struct('Register', { x: u8() }) }),
    /what every service has and struct Register would both be svc_register/,
  ],
  [
    'a region and a struct',
    () => service('svc', { market: region(struct('MarketRead', { x: u8() })) }),
    /struct MarketRead and region market would both be svc_market_read/,
  ],
  [
    'what finds a row and a struct',
    () => service('svc', { market: region(struct('MarketFind', { x: u8() }), { key: 'x', rows: 2 }) }),
    /struct MarketFind and region market would both be svc_market_find/,
  ],
  [
    'what writes a field and a struct',
    () => service('svc', { market: region(struct('MarketWriteX', { x: u8() })) }),
    /struct MarketWriteX and region market would both be svc_market_write_x/,
  ],
  [
    'two regions',
    () => service('svc', { fooBar: region(X), fooBAR: region(X) }),
    /region fooBar and region fooBAR would both be SVC_REGION_FOO_BAR/,
  ],
  [
    'a region and a call',
    () => service('svc', { call: region(X), read: call() }),
    /call read and region call would both be svc_call_read/,
  ],
  [
    'the numbers of regions and a struct',
    () => service('svc', { market: region(struct('Region', { x: u8() })) }),
    /the numbers of regions and struct Region would both be svc_region/,
  ],
  [
    'two errors',
    () => service('svc', { go: call() }, { errors: ['fooBar', 'fooBAR'] }),
    /error fooBar and error fooBAR would both be SVC_ERROR_FOO_BAR/,
  ],
];

for (const [what, make, problem] of clashes) {
  test(`${what} that would get one C name`, () => {
    const problems = problemsOf(make);
    assert.ok(
      problems.some((line) => problem.test(line)),
      problems.join('\n') || 'no problem was found',
    );
  });
}

test('all clashes are reported at once', () => {
  const both = problemsOf(() => taking({ fooBar: u8(), fooBAR: u8(), x: struct('OnGo', { x: u8() }) }));
  assert.equal(both.length, 2, both.join('\n'));
});

test('names that nothing has are free', () => {
  // These would clash if a had tails, or if there were many replies.
  const free = taking({
    a: struct('EmitGo', { x: u8() }),
    b: struct('InBegin', { x: u8() }),
    c: struct('InGetA', { x: u8() }),
    d: struct('InHasA', { x: u8() }),
    e: struct('RowList', { rows: bytes(3) }),
  });
  assert.equal(free.name, 'svc');
  // These would clash if there were a key, another field, or a call.
  const regions = service('svc', {
    market: region(struct('MarketFind', { x: u8() })),
    table: region(struct('TableWriteX', { x: u8(), y: text(3), z: optional(u8()) }), { key: 'x', rows: 2 }),
    other: region(struct('TableWriteY', { z: struct('TableWriteZ', { x: u8() }) })),
    last: region(struct('Method', { x: u8() })),
    own: region(struct('Own', { x: u8(), of: u8() })),
  });
  assert.equal(regions.name, 'svc');
});
