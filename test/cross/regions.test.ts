/** Regions through the generated functions: a service in C that owns them, a client in C, and what the schema says of both. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Client, connect } from '@isthmus/core';
import { bytes as bytesOf, codecOf, type Infer, region, service, struct, text, u8 } from '@isthmus/schema';
import fc from 'fast-check';
import { regionBytes } from '../../packages/schema/src/language/region-memory.ts';
import { valuesOf } from '../../packages/schema/test/support/arbitrary.ts';
import { compileService } from '../support/compile.ts';
import { type Instance, startInstance } from '../support/instance.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { feed, Row } from './regions/feed.schema.ts';

const program = compileService(feed, readFileSync(join(import.meta.dirname, 'regions/feed.c'), 'utf8'));
const folder = new TemporaryFolder();
let instance: Instance;
before(async () => {
  instance = await startInstance(program, folder.join('a.sock'));
});
after(async () => {
  await instance[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

function runClient(what: string, input: Uint8Array = new Uint8Array(0)): Buffer {
  const { stdout, stderr, status } = spawnSync(program, ['client', instance.socket, what], { input, timeout: 60_000 });
  assert.equal(status, 0, stderr.toString());
  return stdout;
}

// The values of a struct, as decoding gives them.
const anyRow = valuesOf(Row) as fc.Arbitrary<Infer<typeof Row>>;

/** Their bytes, one behind the other. */
function rowsOf(values: readonly Infer<typeof Row>[]): Uint8Array {
  const codec = codecOf(Row);
  const bytes = new Uint8Array(codec.size * values.length);
  const memory = { bytes, view: new DataView(bytes.buffer) };
  for (const [index, value] of values.entries()) codec.encode(value, memory, index * codec.size);
  return bytes;
}

describe('generated functions of regions', () => {
  it('read what the owner wrote, by every kind of key', () => {
    assert.deepEqual(runClient('read').toString().trimEnd().split('\n'), [
      'ACME 1.5 443 live 1 1700000000500000000, version 1',
      'EIGHTCHS 3.5 80 dead 0 -1, version 6',
      'EIGHTCHS 3.5 80 dead 0 -1, version 6',
      'not there: UNKNOWN_ROW',
      'too long for any row: UNKNOWN_ROW',
      'found: done',
      'number 1',
      'beyond the rows: INVALID_ARGUMENT',
      'not ours to write: REGION_READ_ONLY',
      'nor a field: REGION_READ_ONLY',
      'as another region: INVALID_ARGUMENT',
      'by another key: INVALID_ARGUMENT',
      'never written: REGION_EMPTY',
      ...['level', 'tag', 'port', 'count'].flatMap((key) => [`${key}: 1 -1`, `${key}: 2 -2`, `${key}: UNKNOWN_ROW`]),
      'side: 1 -1',
      'side: 2 -2',
    ]);
  });

  it('write where the schema says so, depending on the version, and check what they read', () => {
    assert.deepEqual(runClient('write').toString().trimEnd().split('\n'), [
      'first: done',
      'first again: REGION_CONFLICT',
      'version 1',
      'second: done',
      'a field: done',
      'a field of no row: UNKNOWN_ROW',
      'ONE 1.25 443 live 1 5, version 3',
      'another row: done',
      'one too many: REGION_FULL',
      'as another region: INVALID_ARGUMENT',
      'not a bool: done',
      'read: HANDLER_FAULT',
      'mended: done',
      'read: done',
      'state: done',
      'state: done',
      'state: 0 -5',
      'without an end: done',
      'read: HANDLER_FAULT',
    ]);
  });

  it('write and read each value bit for bit', () => {
    const rows = fc.array(anyRow, { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(rows, (values) => {
        const all = rowsOf(values);
        assert.deepEqual(new Uint8Array(runClient('echo', all)), all);
      }),
      { numRuns: 10 },
    );
  });
});

describe('TypeScript and C', () => {
  let client: Client<typeof feed>;
  before(async () => {
    client = await connect(feed, { path: instance.socket });
  });
  after(() => client.$close());

  it('TypeScript reads what C wrote, by every kind of key', () => {
    const { value, version } = client.market.read('EIGHTCHS');
    assert.deepEqual(value, { symbol: 'EIGHTCHS', bid: 3.5, port: 80, live: false, side: 'buy', at: -1n });
    assert.equal(version, 6n);
    assert.deepEqual(
      client.market.rows().map((row) => row.value.symbol),
      ['ACME', 'EIGHTCHS'],
    );
    const second = { level: 2, tag: new Uint8Array([2, 1, 2]), port: 513, count: -2n, side: 'sell', note: 'row' };
    const found = [
      client.byLevel.read(2),
      client.byTag.read(new Uint8Array([2, 1, 2])),
      client.byPort.read(513),
      client.byCount.read(-2n),
      client.bySide.read('sell'),
    ];
    for (const row of found) assert.deepEqual(row.value, second);
    assert.throws(() => client.byPort.read(2), { code: 'UNKNOWN_ROW' });
    assert.throws(() => client.empty.read(), { code: 'REGION_EMPTY' });
    assert.throws(() => client.market.set('ACME', 'bid', 1), { code: 'REGION_READ_ONLY' });
  });

  it('each reads what the other wrote', () => {
    fc.assert(
      fc.property(anyRow, (value) => {
        const { version } = client.state.write(value);
        const bytes = rowsOf([value]);
        assert.deepEqual(new Uint8Array(runClient('show')), bytes);
        runClient('echo', bytes);
        const read = client.state.read();
        assert.deepEqual(read.value, value);
        assert.equal(read.version, version + 1n);
      }),
      { numRuns: 20 },
    );
  });

  it('what C wrote against the schema is a fault, with the field', () => {
    const bytes = rowsOf([{ level: 1, tag: new Uint8Array(3), port: 1, count: 1n, side: 'buy', note: 'ok' }]);
    runClient('put', bytes.fill(0xff, bytes.length - 6));
    assert.throws(() => client.state.read(), {
      code: 'HANDLER_FAULT',
      fields: [{ pointer: '/note', message: 'must be text of at most 5 bytes in UTF-8, without NUL, terminated' }],
    });
  });
});

/** Prints the memory that each region takes. */
const measuring = `#include <stdio.h>
#include "measured.h"
uint64_t isth__region_memory_bytes(const isth_region_type *type);
int main(void) {
  const isth_schema *schema = measured_schema();
  for (size_t i = 0; i < schema->region_count; i++)
    printf("%llu\\n", (unsigned long long)isth__region_memory_bytes(&schema->regions[i]));
  return 0;
}
`;

it('the memory that a schema is bounded by is what the library takes', () => {
  const sizes = [1, 8, 47, 48, 49, 63, 112, 113, 1000, 4096, 60_000];
  const keys = [u8(), text(6), text(7), text(47), text(60), bytesOf(300)];
  const members = sizes.flatMap((size, at) => {
    const plain = struct(`Plain${at}X`, { data: bytesOf(size) });
    const key = keys[at % keys.length] ?? u8();
    const keyed = struct(`Keyed${at}X`, { key, data: bytesOf(size) });
    return [
      [`plain${at}X`, region(plain)],
      ...[1, 2, 3, 5, 64, 100].map((rows) => [`keyed${at}X${rows}X`, region(keyed, { key: 'key', rows })]),
    ];
  });
  const measured = service('measured', Object.fromEntries(members));
  const output = spawnSync(compileService(measured, measuring), { encoding: 'utf8', timeout: 60_000 }).stdout;
  const taken = output.trimEnd().split('\n').map(Number);
  assert.deepEqual(measured.regionList.map(regionBytes), taken);
});
