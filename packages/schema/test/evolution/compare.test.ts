import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  array,
  call,
  compareSchemas,
  type Enumeration,
  enumeration,
  type Flags,
  f32,
  f64,
  field,
  flags,
  list,
  type Members,
  optional,
  parseSchema,
  type RegionType,
  region,
  type Service,
  type Struct,
  service,
  struct,
  type Type,
  text,
  u8,
  u16,
  union,
} from '../../src/index.ts';
import { anyStruct } from '../support/arbitrary.ts';
import { anyVersions } from '../support/versions.ts';

const plain: readonly Type[] = [
  u8(),
  u8({ default: 1 }),
  u8({ default: 2, max: 9 }),
  u8({ default: 2 }),
  u8({ default: 1, max: 9 }),
  u8({ min: 1 }),
  u16({ endian: 'big' }),
  optional(u8()),
  optional(u8({ max: 9 })),
  f32(),
  text(4),
  text({ max: 4, default: '' }),
  text({ default: '' }),
  list(u8({ max: 9 }), { max: 3 }),
  list(u8(), { max: 4 }),
];

/** Versions of one struct. */
const dots: readonly Struct[] = [
  struct('Dot', { x: u8() }),
  struct('Dot', { x: u8(), y: u8({ default: 1 }) }),
  struct('Dot', { x: u8(), y: u8({ default: 1 }), z: optional(f32()) }),
  struct('Dot', { x: u8() }, { align: 4 }),
  struct('Dot', { x: u8() }, { packed: true, align: 4 }),
  struct('Dot', { y: u8({ default: 1 }), x: u8() }),
];

/** Versions of one enumeration, or flags. */
const kinds: readonly (Enumeration | Flags)[] = [
  enumeration('Kind', ['a']),
  enumeration('Kind', ['a', 'b']),
  enumeration('Kind', ['a'], { open: true }),
  enumeration('Kind', ['a', 'b'], { open: true }),
  field(enumeration('Kind', ['a', 'b'], { open: true }), { default: 'b' }),
  enumeration('Kind', ['b', 'a'], { open: true }),
  flags('Kind', ['a'], { open: true }),
  flags('Kind', ['a', 'b'], { open: true }),
  flags('Kind', ['a', 'b'], { bits: 8 }),
];

/** Types of fields: few, so that two random schemas are often nearly the same. */
function typesWith(dot: Struct, kind: Enumeration | Flags, isWide: boolean): readonly Type[] {
  const shape = union('Shape', isWide ? { dot, other: struct('Other', { dot }) } : { dot });
  return [...plain, dot, list(dot), array(dot, 2), optional(dot), kind, optional(array(kind, 1)), shape, list(shape)];
}

/** Small services, often nearly the same. */
const services: fc.Arbitrary<Service> = fc
  .tuple(fc.constantFrom(...dots), fc.constantFrom(...kinds), fc.boolean())
  .chain(([dot, kind, isWide]) => {
    // With a default it could not be optional.
    const types = typesWith(dot, kind, isWide).filter(({ problems }) => problems.length === 0);
    const payload = (name: string) =>
      fc
        .uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom(...types)), {
          minLength: 1,
          selector: ([field]) => field,
        })
        .map((fields) => struct(name, Object.fromEntries(fields)));
    const method = (name: string) =>
      fc
        .tuple(payload(`${name}In`), payload(`${name}Out`), fc.boolean())
        .map(([input, output, idempotent]) => call({ input, output, idempotent }));
    const members = fc.record({ m: method('M'), n: method('N'), r: regionsOf('R', dot), s: regionsOf('S', dot) });
    const names = fc.subarray(['m', 'n', 'r', 's'] as const, { minLength: 1 });
    return fc.tuple(fc.tuple(members, names), fc.subarray(['full', 'late']));
  })
  .map(([[members, names], errors]) => {
    return service('small', Object.fromEntries(names.map((name) => [name, members[name]])) as Members, { errors });
  });

/** Regions of the struct `Dot` in the version that calls use as well, or of one of their own with a choice of keys. */
function regionsOf(name: string, dot: Struct): fc.Arbitrary<RegionType> {
  const writers = fc.constantFrom('one' as const, 'many' as const);
  const [row, wider] = [u8(), u16({ endian: 'big' })].map((type) => struct(name, { a: type, b: u8({ max: 9 }), dot }));
  const tables = fc.tuple(fc.constantFrom(row, wider), fc.constantFrom('a', 'b'), fc.constantFrom(2, 3), writers);
  return fc.oneof(
    writers.map((given) => region(dot, { writers: given })),
    tables.map(([type, key, rows, given]) => region(type as Struct, { key, rows, writers: given })),
  );
}

test('there is a difference exactly where the texts differ', () => {
  fc.assert(
    fc.property(services, services, (a, b) => {
      assert.equal(compareSchemas(a, b).length === 0, a.text === b.text);
      assert.deepEqual(compareSchemas(a, a), []);
    }),
    { numRuns: 500 },
  );
});

test('a schema that was read from its text compares as the schema itself', () => {
  fc.assert(
    fc.property(services, services, (a, b) => {
      const [readA, readB] = [parseSchema(a.text).schema, parseSchema(b.text).schema];
      assert.ok(readA !== undefined && readB !== undefined);
      assert.deepEqual(compareSchemas(readA, readB), compareSchemas(a, b));
    }),
  );
});

test('whether two versions can talk does not depend on which is the newer one; what is safe, can', () => {
  fc.assert(
    fc.property(services, services, (a, b) => {
      const [there, back] = [compareSchemas(a, b), compareSchemas(b, a)];
      const isAdaptable = there.every((change) => change.isAdaptable);
      assert.equal(
        back.every((change) => change.isAdaptable),
        isAdaptable,
      );
      for (const { verdict, isAdaptable: can } of [...there, ...back]) assert.ok(can || verdict === 'break');
    }),
    { numRuns: 500 },
  );
});

for (const direction of ['input', 'output'] as const) {
  test(`what is safe step by step is safe at once: ${direction}`, () => {
    const types = [
      ...plain,
      ...dots.flatMap((dot) => [dot, list(dot), union('Shape', { dot })]),
      ...kinds.flatMap((kind) => [kind, array(kind, 2)]),
    ];
    const versions = types.map((type) =>
      service('s', { m: call({ [direction]: struct('Payload', { type }) } as never) }),
    );
    const isSafe = versions.map((a) =>
      versions.map((b) => compareSchemas(a, b).every(({ verdict }) => verdict === 'safe')),
    );
    let steps = 0;
    for (const [a, row] of isSafe.entries()) {
      for (const [b, first] of row.entries()) {
        for (const [c, second] of (isSafe[b] ?? []).entries()) {
          if (!first || !second || a === b || b === c) continue;
          steps += 1;
          assert.ok(row[c], `${versions[a]?.text}\n${versions[b]?.text}\n${versions[c]?.text}`);
        }
      }
    }
    assert.ok(steps > 20, `${steps} pairs of steps`);
  });
}

test('what only grew can always talk, whichever way', () => {
  fc.assert(
    fc.property(anyVersions(), ({ older, newer }) => {
      const [old, young] = [older, newer].map((type) => service('random', { m: call({ input: type, output: type }) }));
      assert.ok(old !== undefined && young !== undefined);
      const changes = compareSchemas(old, young);
      assert.deepEqual(
        changes.filter(({ isAdaptable }) => !isAdaptable),
        [],
      );
      assert.equal(changes.length === 0, old.text === young.text);
    }),
  );
});

test('any two schemas can be compared', () => {
  fc.assert(
    fc.property(anyStruct(), anyStruct(), (a, b) => {
      const [one, two] = [service('random', { m: call({ input: a }) }), service('random', { m: call({ input: b }) })];
      assert.equal(compareSchemas(one, two).length === 0, one.text === two.text);
    }),
  );
});

test('a type that many places use is reported once for requests and once for replies', () => {
  const made = (type: Type): Service => {
    const wide = struct('Wide', { a: list(struct('Row', { v: type })), b: list(struct('Row', { v: type })) });
    return service('s', { m: call({ input: wide }), n: call({ input: wide, output: wide }) });
  };
  assert.deepEqual(
    compareSchemas(made(f64()), made(f32())).map(({ place }) => place),
    ['method m, request field a[].v', 'method n, reply field a[].v'],
  );
});

test('types that use each other twice at every level take no longer than their text', { timeout: 20_000 }, () => {
  const made = (last: Type): Service => {
    let type: Struct = struct('S0', { v: last });
    for (let depth = 1; depth <= 15; depth++) type = struct(`S${depth}`, { a: list(type), b: list(type) });
    return service('s', { m: call({ input: type }) });
  };
  assert.equal(compareSchemas(made(f64()), made(f32())).length, 1);
});

test('a default of another program is shown without what a terminal would obey', () => {
  const made = (fallback?: string) =>
    service('s', { m: call({ input: struct('P', { a: u8(), ...(fallback && { b: text({ default: fallback }) }) }) }) });
  const [change] = compareSchemas(made(), made(`\u009b2J\u202e${'x'.repeat(1000)}`));
  assert.match(change?.after ?? '', /^text default="\\u\{9b\}2J\\u\{202e\}x+\.\.\.$/);
  assert.ok((change?.after ?? '').length < 300);
});

const Wide = struct('Dot', { x: u8() });
const Narrow = struct('Dot', { x: u8({ max: 9 }) });

/** What differs between two services of these members. */
function changesOf(before: Members, after: Members) {
  return compareSchemas(service('s', before), service('s', after)).map(({ rule, place, before: old, after: young }) => {
    return `${rule} ${place}: ${old ?? '-'} ${young ?? '-'}`;
  });
}

test('a row is as a reply where it is read, and as a request where several write it', () => {
  const of = (type: Struct, writers: 'one' | 'many') => ({ r: region(type, { writers }) });
  assert.deepEqual(changesOf(of(Wide, 'one'), of(Narrow, 'one')), ['replyNarrowed region r, row field x, max: none 9']);
  assert.deepEqual(changesOf(of(Narrow, 'one'), of(Wide, 'one')), ['replyWidened region r, row field x, max: 9 none']);
  assert.deepEqual(changesOf(of(Wide, 'many'), of(Narrow, 'many')), [
    'replyNarrowed region r, row field x, max: none 9',
    'requestNarrowed region r, written row field x, max: none 9',
  ]);
  assert.deepEqual(changesOf(of(Wide, 'one'), of(Narrow, 'many')), [
    'writersAdded region r, writers: one many',
    'replyNarrowed region r, row field x, max: none 9',
  ]);
  assert.deepEqual(changesOf(of(Wide, 'many'), of(Narrow, 'one')), [
    'writersRemoved region r, writers: many one',
    'replyNarrowed region r, row field x, max: none 9',
  ]);
});

test('what a region and a call have in common is reported once, at the call', () => {
  const of = (type: Struct) => ({ r: region(type), get: call({ output: type }), s: region(type) });
  assert.deepEqual(changesOf(of(Wide), of(Narrow)), ['replyNarrowed method get, reply field x, max: none 9']);
});

test('regions are told from each other by their names, and apart from calls', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((name) => ({ [name]: region(Wide) }));
  assert.deepEqual(changesOf({ ...a, ...b }, { ...b, ...a }), [
    'moved region a: place 1 place 2',
    'moved region b: place 2 place 1',
  ]);
  assert.deepEqual(changesOf({ ...a, ...b }, { ...a, ...c }), ['renamed region b: b c']);
  assert.deepEqual(changesOf({ ...a, ...b }, { ...b }), ['removed region a: defined -']);
  assert.deepEqual(changesOf({ ...a, ...b }, { ...c, ...a, ...b }), ['inserted region c: - defined']);
  assert.deepEqual(changesOf({ ...a, b: call() }, { b: call(), ...a, ...c }), ['regionAppended region c: - defined']);
  assert.deepEqual(changesOf({ a: call(), ...b }, { ...a, ...b }), [
    'removed method a: defined -',
    'inserted region a: - defined',
  ]);
});

test('another key, or none, is told, whatever becomes of the rows', () => {
  const table = (key: 'x' | 'y', rows: number) => ({ r: region(struct('Row', { x: u8(), y: u8() }), { key, rows }) });
  const one = { r: region(struct('Row', { x: u8(), y: u8() })) };
  assert.deepEqual(changesOf(table('x', 2), table('y', 3)), ['keyChanged region r, key: x y']);
  assert.deepEqual(changesOf(one, table('y', 3)), ['keyChanged region r, key: none y']);
  assert.deepEqual(changesOf(table('x', 2), one), ['keyChanged region r, key: x none']);
  assert.deepEqual(changesOf(table('x', 2), table('x', 3)), ['rowsChanged region r, rows: 2 3']);
});
