import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import {
  type Calls,
  call,
  codecOf,
  emptyCodec,
  enumeration,
  f32,
  f64,
  field,
  IsthmusError,
  isService,
  type ServiceOptions,
  service,
  struct,
  text,
} from '../../src/index.ts';

const Box = struct('Box', { x: f64() });

function refusal(name: string, calls: unknown = { get: call() }, options: ServiceOptions = {}): string {
  try {
    service(name, calls as Calls, options);
  } catch (error) {
    assert.ok(error instanceof IsthmusError, String(error));
    assert.equal(error.code, 'SCHEMA_INVALID');
    return error.detail;
  }
  return assert.fail('it was taken');
}

test('methods get numbers, names and codecs in the order of declaration', () => {
  const schema = service('boxes', { put: call({ input: Box, idempotent: true }), get: call({ output: Box }) });
  const [put, get] = schema.methods;
  assert.equal(schema.calls.put, put);
  assert.deepEqual([put?.name, put?.id, put?.idempotent], ['put', 1, true]);
  assert.deepEqual([get?.name, get?.id, get?.idempotent], ['get', 2, false]);
  assert.equal(put?.inputCodec, codecOf(Box));
  assert.equal(put?.outputCodec, emptyCodec);
  assert.ok(isService(schema) && Object.isFrozen(schema) && Object.isFrozen(schema.methods));
  assert.ok(![undefined, null, {}, Box, 'service'].some(isService));
});

test('the text holds all that two sides must agree on, and its SHA-256 is the hash', () => {
  const Kind = enumeration('Kind', ['call', 'put'], { description: 'not in it' });
  const Request = struct('Request', {
    spot: f64({ min: 0, description: 'not in it' }),
    ratio: f32({ max: 0.5, default: 0.25 }),
    kind: field(Kind, { default: 'call' }),
    name: text(5, { default: 'a "b"' }),
    box: Box,
  });
  const schema = service(
    'pricing',
    { quote: call({ input: Request, output: Box, idempotent: true, description: 'not in it' }), ping: call() },
    { errors: ['negativeVolatility'], description: 'not in it' },
  );
  assert.equal(
    schema.text,
    `isthmus schema 1
service pricing
error 1 negativeVolatility
enum Kind
  0 call
  1 put
struct Box size 8 align 8
  0 x f64
struct Request size 32 align 8
  0 spot f64 min=0
  8 ratio f32 max=0.5 default=0.25
  12 kind Kind default="call"
  16 name text(5) default="a \\"b\\""
  24 box Box
method 1 quote Request -> Box idempotent
method 2 ping none -> none
`,
  );
  assert.deepEqual(Buffer.from(schema.hash), createHash('sha256').update(schema.text).digest());
});

test('a bad service is refused with the place', () => {
  assert.match(refusal('Pricing'), /^service "Pricing": the name must be a lower-case letter/);
  assert.match(refusal('isthmus'), /belong to the library/);
  assert.match(refusal('math'), /hides the system's header/);
  assert.match(refusal('boxes', {}), /at least one call/);
  assert.match(refusal('boxes', { get: Box }), /^service boxes, call get: this is not a call/);
  assert.match(refusal('boxes', { get: undefined }), /not a call/);
  assert.match(refusal('boxes', Object.fromEntries([['then', call()]])), /call "then": JavaScript gives this name/);
  assert.match(refusal('boxes', { $close: call() }), /call "\$close": the name must be/);
  assert.match(refusal('boxes', undefined, { errors: ['Bad'] }), /error "Bad": the name must be/);
  assert.match(refusal('boxes', undefined, { errors: ['bad', 'bad'] }), /the error bad is there twice/);
  assert.match(refusal('boxes', undefined, { error: [] } as object), /no option "error"/);
});

test('a call takes structs and a boolean', () => {
  assert.throws(() => call({ input: f64() as never }), /the input must be a struct/);
  assert.throws(() => call({ output: 1 as never }), /the output must be a struct/);
  assert.throws(() => call({ idempotent: 1 as never }), /idempotent must be true or false/);
});

test('two different types of one name are refused, the same one twice is not', () => {
  const calls = (one: unknown, other: unknown) => ({
    a: call({ input: struct('A', { v: one } as never) }),
    b: call({ input: struct('B', { v: other } as never) }),
  });
  const inner = (min?: number) => struct('Inner', { x: f64(min === undefined ? {} : { min }) });
  assert.match(refusal('boxes', calls(inner(), inner(1))), /two different types of the name Inner/);
  assert.match(refusal('boxes', calls(enumeration('E', ['a']), enumeration('E', ['b']))), /name E/);
  assert.match(refusal('boxes', calls(enumeration('Inner', ['a']), inner())), /name Inner/);
  service('boxes', calls(inner(), inner()));
  service('boxes', calls(enumeration('E', ['a']), field(enumeration('E', ['a']), { default: 'a' })));
});

test('names that would be the same in C are refused, naming both', () => {
  const of = (name: string) => ({ quote: call({ input: struct(name, { x: f64() }) }) });
  assert.match(refusal('boxes', of('OnQuote')), /struct OnQuote and call quote would both be boxes_on_quote in C/);
  assert.match(refusal('boxes', of('Error'), { errors: ['bad'] }), /boxes_error in C/);
  assert.match(refusal('boxes', of('Schema')), /boxes_schema in C/);
  assert.match(refusal('boxes', { aBc: call(), aBC: call() }), /would both be .* in C/);
  const fields = struct('Box', { aBc: f64(), aBC: f64() });
  assert.match(
    refusal('boxes', { get: call({ input: fields }) }),
    /struct Box: field aBc and field aBC would both be a_bc in C/,
  );
  const Kind = enumeration('Kind', ['usd', 'USD']);
  assert.match(refusal('boxes', { get: call({ input: struct('Box', { kind: Kind }) }) }), /BOXES_KIND_USD in C/);
});
