import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  array,
  bool,
  bytes,
  call,
  decimal,
  enumeration,
  f32,
  f64,
  field,
  flags,
  generateHeader,
  i8,
  i64,
  optional,
  region,
  regionLayoutOf,
  type Service,
  service,
  struct,
  text,
  timestamp,
  u16,
  u32,
  union,
} from '../../src/index.ts';
import { anyStruct } from '../support/arbitrary.ts';
import { has, Workspace } from '../support/c.ts';
import { allShapes } from './all-shapes.ts';

const Side = enumeration('Side', ['buy', 'sell']);
const Venue = enumeration('Venue', ['lit', 'dark'], { open: true });
const Level = struct('Level', { price: f64({ min: 0 }) });
const Quote = struct('Quote', {
  symbol: text(8),
  bid: f64({ min: 0 }),
  port: u16({ endian: 'big' }),
  side: Side,
  rights: flags('Rights', ['r', 'w'], { bits: 8 }),
  live: bool(),
  fee: decimal(2, { endian: 'big' }),
  at: timestamp(),
  note: optional(u32()),
  levels: array(Level, 2),
  best: Level,
  either: union('Either', { level: Level }),
});
const Row = struct(
  'Row',
  { sign: i8(), id: u16({ endian: 'big' }), tag: bytes(3), count: i64({ endian: 'big' }), ratio: f32(), venue: Venue },
  { packed: true },
);
/** With each kind of key and of field, and nothing but regions. */
const feed = service('feed', {
  market: region(Quote, { key: 'symbol', rows: 64, description: 'The latest */ quotes' }),
  quote: region(Quote, { writers: 'many' }),
  level: region(Level),
  bySign: region(Row, { key: 'sign', rows: 3 }),
  byId: region(Row, { key: 'id', rows: 3, writers: 'many' }),
  byTag: region(Row, { key: 'tag', rows: 3 }),
  byCount: region(Row, { key: 'count', rows: 1_000_000 }),
  byVenue: region(Row, { key: 'venue', rows: 2 }),
  side: region(struct('Book', { side: Side }), { key: 'side', rows: 2 }),
});
const mixed = service(
  'aServiceWithQuiteALongNameForTheSakeOfTheLineLength',
  {
    aMethod: call({ input: Quote, output: Row }),
    aRegionWithQuiteALongNameForTheSakeOfTheLineLength: region(
      struct('AStructWithQuiteALongNameForTheSakeOfTheLineLength', {
        aFieldWithQuiteALongNameForTheSakeOfTheLineLength: text(8),
        anotherFieldWithQuiteALongName: u16({ endian: 'big' }),
        side: field(Side, { default: 'sell' }),
      }),
      { key: 'aFieldWithQuiteALongNameForTheSakeOfTheLineLength', rows: 5, description: 'many words '.repeat(30) },
    ),
  },
  { errors: ['bad'] },
);

const strict = ['-fsyntax-only', '-Wshadow', '-Wconversion'];

function compileEverywhere(workspace: Workspace, file: string): void {
  for (const compiler of ['gcc', 'clang'].filter(has)) {
    for (const standard of ['-std=c11', '-std=gnu17']) workspace.compile(compiler, [...strict, standard, file]);
  }
  for (const compiler of ['g++', 'clang++'].filter(has)) {
    workspace.compile(compiler, [...strict, '-std=c++17', '-x', 'c++', file]);
  }
}

test('headers with regions compile without a warning as C11, C17 and C++17, beside others and alone', () => {
  using workspace = new Workspace();
  for (const schema of [feed, mixed, allShapes]) workspace.write(`${schema.name}.h`, generateHeader(schema));
  const includes = [mixed, feed, allShapes].map(({ name }) => `#include "${name}.h"\n`);
  compileEverywhere(workspace, workspace.write('main.c', `${includes.join('')}int unused;\n`));
  compileEverywhere(workspace, workspace.write('alone.c', '#include "feed.h"\nint unused;\n'));
});

test('any struct and any key compile', () => {
  using workspace = new Workspace();
  const services = fc.sample(anyStruct({ tails: false }), 40).map((type, index) => {
    const tables = type.layout.fields
      .map(({ name }) => region(type, { key: name, rows: 5 }))
      .filter(({ problems }) => problems.length === 0);
    const all = tables.map((table, at) => [`table${at}x`, table] as const);
    return service(`random${index}x`, { one: region(type, { writers: 'many' }), ...Object.fromEntries(all) });
  });
  const source = services.map((schema) => generateHeader(schema)).join('\n');
  workspace.compile('cc', [...strict, '-std=c11', workspace.write('main.c', source)]);
});

test('no line is much too long', () => {
  const lines = [feed, mixed].flatMap((schema) => generateHeader(schema).split('\n'));
  assert.deepEqual(
    lines.filter((line) => line.length > 125 && !line.includes('"') && !/\w{40}/.test(line)),
    [],
  );
});

test('what the library is told of each region', () => {
  using workspace = new Workspace();
  for (const schema of [feed, mixed, allShapes] satisfies Service[]) {
    workspace.write('schema.h', generateHeader(schema));
    const prefix = /static inline const isth_schema \*(\w+)\(void\)/.exec(generateHeader(schema))?.[1];
    const printer = `#include "schema.h"
#include <stdio.h>
int main(void) {
  const isth_schema *schema = ${prefix}();
  printf("%d %zu %d\\n", schema->methods == NULL, schema->method_count, schema->regions == NULL);
  for (size_t i = 0; i < schema->region_count; i++) {
    const isth_region_type *region = &schema->regions[i];
    printf("%u %s %u %u %u %u %d %d\\n", region->id, region->name, region->bytes, region->rows, region->key_offset,
           region->key_bytes, region->key_is_text, region->writers);
  }
  return 0;
}
`;
    workspace.compile('cc', ['-std=c11', '-o', 'printer', workspace.write('printer.c', printer)]);
    const regions = schema.regionList.map((made) => {
      const { name, bytes: size, rows, keyOffset, keyBytes, keyIsText, writers } = regionLayoutOf(made);
      return [made.id, name, size, rows, keyOffset, keyBytes, Number(keyIsText), Number(writers === 'many')].join(' ');
    });
    const [hasNoMethods, hasNoRegions] = [schema.methods, schema.regionList].map(({ length }) => Number(length === 0));
    const expected = [`${hasNoMethods} ${schema.methods.length} ${hasNoRegions}`, ...regions, ''].join('\n');
    assert.equal(execFileSync(`${workspace.folder}/printer`, { encoding: 'utf8' }), expected);
  }
});

/** The functions of a region, without what all have in common. */
function functionsOf(name: string): string[] {
  const header = generateHeader(feed).replaceAll(/\n +/g, ' ').replaceAll('( ', '(');
  return [...header.matchAll(/^static inline ([^{]*) \{/gm)]
    .map(([, head = '']) => head)
    .filter((head) => head.includes(`feed_${name}_`) && head.includes('isth_region *'))
    .map((head) => head.replaceAll(`feed_${name}_`, '').replace('uint64_t expected, isth_stamp *stamp)', '..)'));
}

test('a table has what finds, reads and writes rows, and what writes each plain field but its key', () => {
  assert.deepEqual(functionsOf('market'), [
    'isth_region *of_service(isth_service *service)',
    'int of_client(isth_client *client, isth_region **region)',
    'int find(const isth_region *region, const char *key, uint32_t *row)',
    'int read_row(const isth_region *region, uint32_t row, feed_quote *out, isth_stamp *stamp)',
    'int read(const isth_region *region, const char *key, feed_quote *out, isth_stamp *stamp)',
    'int write(isth_region *region, const feed_quote *in, ..)',
    'int write_bid(isth_region *region, const char *key, double value, ..)',
    'int write_port(isth_region *region, const char *key, uint16_t value, ..)',
    'int write_side(isth_region *region, const char *key, feed_side value, ..)',
    'int write_rights(isth_region *region, const char *key, feed_rights value, ..)',
    'int write_live(isth_region *region, const char *key, bool value, ..)',
    'int write_fee(isth_region *region, const char *key, int64_t value, ..)',
    'int write_at(isth_region *region, const char *key, int64_t value, ..)',
  ]);
});

test('one row has neither keys nor numbers', () => {
  assert.deepEqual(functionsOf('level'), [
    'isth_region *of_service(isth_service *service)',
    'int of_client(isth_client *client, isth_region **region)',
    'int read(const isth_region *region, feed_level *out, isth_stamp *stamp)',
    'int write(isth_region *region, const feed_level *in, ..)',
    'int write_price(isth_region *region, double value, ..)',
  ]);
});

test('each kind of key has its type', () => {
  const keys = ['by_sign', 'by_id', 'by_tag', 'by_count', 'by_venue'].map((name) => {
    return functionsOf(name).find((head) => head.startsWith('int find'));
  });
  const types = ['int8_t key', 'uint16_t key', 'const uint8_t key[3]', 'int64_t key', 'feed_venue key'];
  assert.deepEqual(
    keys,
    types.map((type) => `int find(const isth_region *region, ${type}, uint32_t *row)`),
  );
});

test('a region says what it is', () => {
  const header = generateHeader(feed);
  assert.match(
    header,
    /\/\*\n \* The latest \* \/ quotes\n \* Up to 64 feed_quote, found by their symbol\. Only the service writes it\.\n \*\//,
  );
  assert.ok(header.includes('/* One feed_quote. Clients write it, too. */'));
  assert.match(header, /enum feed_region \{\n {2}FEED_REGION_MARKET = 1,\n[^}]*FEED_REGION_SIDE = 9\n\};/);
});

test('without methods there is nothing of them, and without regions nothing of those', () => {
  const none = /isth_client_call|isth_service_handle\(service|Handlers:|enum feed_method|What a client program calls/;
  assert.doesNotMatch(generateHeader(feed), none);
  assert.doesNotMatch(generateHeader(allShapes), /isth_region|isth_stamp|_region\b|Regions/);
});
