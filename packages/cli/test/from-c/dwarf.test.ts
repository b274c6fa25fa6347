import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { IsthmusError } from '@isthmus/schema';
import fc from 'fast-check';
import { type DebugInfo, type Entry, readDebugInfo } from '../../src/from-c/dwarf.ts';
import { attributes, tags } from '../../src/from-c/dwarf-constants.ts';
import { findStruct } from '../../src/from-c/find-struct.ts';
import { TypeReader } from '../../src/from-c/read-types.ts';
import { compilers } from '../fixtures/c-header.ts';

const source = `struct inner { int a : 3; enum { X = -1, Y = 300 } e; };
struct s { struct inner i[2]; char text[300]; union { int u; double d; }; struct s *next; } value;
int twice(struct s *in) { int local = in->i[0].a; { int inside = local; return 2 * inside; } }`;

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dwarf-test-'));
  await writeFile(join(folder, 'a.c'), source);
});
after(() => rm(folder, { recursive: true }));

async function compiled(compiler: string, ...args: readonly string[]): Promise<Buffer> {
  const flags = ['-g', '-gdwarf-4', '-shared', '-fPIC', '-nostdlib', '-o', 'a.so', 'a.c', ...args];
  execFileSync(compiler, flags, { cwd: folder, timeout: 60_000 });
  return readFile(join(folder, 'a.so'));
}

function structOf(info: DebugInfo): Entry {
  const found = info.units
    .flatMap(({ children }) => children)
    .find(({ tag, name }) => tag === tags.structureType && name === 's');
  assert.ok(found);
  return found;
}

for (const compiler of compilers) {
  test(`reads what ${compiler} writes, code and variables included`, async () => {
    const info = readDebugInfo(await compiled(compiler));
    assert.deepEqual(
      info.units.map(({ tag, name }) => [tag, name]),
      [[tags.compileUnit, 'a.c']],
    );
    const struct = structOf(info);
    assert.equal(struct.values.get(attributes.byteSize), 336n);
    const members = struct.children.filter(({ tag }) => tag === tags.member);
    assert.deepEqual(
      members.map(({ name, values }) => [name, values.get(attributes.dataMemberLocation)]),
      [
        ['i', 0n],
        ['text', 16n],
        [undefined, 320n],
        ['next', 328n],
      ],
    );
    assert.ok(members.every(({ type }) => type !== undefined && info.byOffset.has(type)));
  });
}

test('two units in one file', async () => {
  await writeFile(join(folder, 'b.c'), 'struct second { short x; } other;');
  const info = readDebugInfo(await compiled(compilers[0] ?? 'cc', 'b.c'));
  assert.deepEqual(
    info.units.map(({ name }) => name),
    ['a.c', 'b.c'],
  );
  assert.equal(findStruct('second', info, new TypeReader(info)).size, 2);
});

test('other files are refused', async () => {
  const [compiler = 'cc'] = compilers;
  // Only what gets smaller is compressed.
  await writeFile(
    join(folder, 'many.c'),
    Array.from({ length: 500 }, (_, i) => `struct s${i} { int x; } v${i};`).join('\n'),
  );
  for (const [file, detail] of [
    [Buffer.alloc(0), /not an ELF file/],
    [Buffer.from('\x7fELF'), /not an ELF file/],
    [Buffer.from(source), /not an ELF file/],
    [await compiled(compiler, '-g0'), /no debug information/],
    [await compiled(compiler, '-gdwarf-5'), /DWARF version 5/],
    [await compiled(compiler, '-gz=zlib', 'many.c'), /\.debug_.* is compressed/],
    [changed(await compiled(compiler), 4, 1), /not for a little-endian 64-bit machine/],
    [changed(await compiled(compiler), 5, 2), /not for a little-endian 64-bit machine/],
  ] as const) {
    assert.throws(() => readDebugInfo(file), { code: 'BUILD_FAILED', detail });
  }
});

function changed(file: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(file);
  copy[at] = value;
  return copy;
}

/** Reads all that can be read, and lets nothing pass but the one error. */
function read(file: Uint8Array): void {
  try {
    const info = readDebugInfo(file);
    const reader = new TypeReader(info);
    for (const entry of info.byOffset.values())
      if (entry.tag === tags.typedef || entry.tag === tags.structureType) reader.read(entry);
    findStruct('s', info, reader);
  } catch (error) {
    if (!(error instanceof IsthmusError) || !['BUILD_FAILED', 'INVALID_ARGUMENT'].includes(error.code)) throw error;
  }
}

test('a damaged file gives an error or other types, and nothing else', { timeout: 120_000 }, async () => {
  const files = await Promise.all(compilers.map((compiler) => compiled(compiler)));
  const damage = fc.record({
    file: fc.constantFrom(...files),
    // Some of the file's own bytes, anywhere in it; more often where the debug information lies.
    at: fc.array(
      fc.tuple(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.integer({ min: 0, max: 255 })),
      { minLength: 1, maxLength: 8 },
    ),
    cut: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { freq: 4 }),
  });
  fc.assert(
    fc.property(damage, ({ file, at, cut }) => {
      const copy = Buffer.from(file);
      for (const [place, value] of at) copy[Math.floor(place * copy.length)] = value;
      read(cut === null ? copy : copy.subarray(0, Math.floor(cut * copy.length)));
    }),
    { numRuns: 2000 },
  );
});

test('damage of the debug information alone', { timeout: 120_000 }, async () => {
  for (const compiler of compilers) {
    const file = await compiled(compiler);
    const begin = file.indexOf(Buffer.from([4, 0, 0, 0, 0, 0, 8])) - 4;
    assert.ok(begin > 0);
    const length = file.readUInt32LE(begin);
    const place = fc.integer({ min: begin, max: begin + length - 1 });
    fc.assert(
      fc.property(fc.array(fc.tuple(place, fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 }), (at) => {
        const copy = Buffer.from(file);
        for (const [offset, value] of at) copy[offset] = value;
        read(copy);
      }),
      { numRuns: 3000 },
    );
  }
});

test('types that contain themselves are found out', () => {
  const entry = (offset: number, tag: number, type: number | undefined, children: readonly Entry[] = []): Entry => {
    return { offset, tag, name: 's', type, values: new Map([[attributes.byteSize, 8n]]), children };
  };
  const typedef = entry(1, tags.typedef, 1);
  const struct = entry(2, tags.structureType, undefined, [entry(3, tags.member, 2)]);
  const reader = new TypeReader({ units: [], byOffset: new Map([typedef, struct].map((one) => [one.offset, one])) });
  assert.throws(() => reader.read(typedef), { code: 'BUILD_FAILED', detail: /refers to itself/ });
  assert.throws(() => reader.read(struct), { code: 'BUILD_FAILED', detail: /inside of each other/ });
});
