import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { compilers, schemaOf, structLines } from '../fixtures/c-header.ts';

/** What each compiler makes of a header: they must agree. */
async function linesOf(header: string, ...structs: readonly string[]): Promise<string[]> {
  const made = await Promise.all(compilers.map((compiler) => schemaOf(header, structs, { compiler })));
  for (const other of made) assert.equal(other, made[0]);
  return structLines(made[0] ?? '');
}

/** The fields of struct s, a line each. */
async function fieldsOf(members: string, before = ''): Promise<string[]> {
  const lines = await linesOf(`${before}\nstruct s { ${members} };`, 's');
  const start = lines.findIndex((line) => line.startsWith('export const S ='));
  return lines.slice(start + 1, -1).map((line) => line.trim());
}

describe('types', () => {
  for (const [members, ...expected] of [
    [
      'signed char a; unsigned char b; short c; unsigned short d;',
      'a: i8(), // at 0',
      'b: u8(), // at 1',
      'c: i16(), // at 2',
      'd: u16(), // at 4',
    ],
    [
      'int a; unsigned b; long c; unsigned long d; long long e;',
      'a: i32(), // at 0',
      'b: u32(), // at 4',
      'c: i64(), // at 8',
      'd: u64(), // at 16',
      'e: i64(), // at 24',
    ],
    ['_Bool a; float b; double c;', 'a: bool(), // at 0', 'b: f32(), // at 4', 'c: f64(), // at 8'],
    [
      'char a[16]; char b[1]; signed char c[3]; unsigned char d[6];',
      'a: text(15), // at 0',
      'b: bytes(1), // at 16',
      'c: bytes(3), // at 17',
      'd: bytes(6), // at 20',
    ],
    [
      'int a[4]; short b[2][3]; char c[4][8]; unsigned char d[4][8];',
      'a: array(i32(), 4), // at 0',
      'b: array(array(i16(), 3), 2), // at 16',
      'c: array(text(7), 4), // at 28',
      'd: array(bytes(8), 4), // at 60',
    ],
    [
      'const int a; volatile int b; _Atomic int c; const volatile short d[2];',
      'a: i32(), // at 0',
      'b: i32(), // at 4',
      'c: i32(), // at 8',
      'd: array(i16(), 2), // at 12',
    ],
    [
      'void *a; int (*b)(char); struct s *c[2];',
      "a: u64({ description: 'In C a pointer: an address in the memory of the C program.' }), // at 0",
      "b: u64({ description: 'In C a pointer: an address in the memory of the C program.' }), // at 8",
      "c: array(u64(), 2, { description: 'In C a pointer: an address in the memory of the C program.' }), // at 16",
    ],
    [
      'enum e { A, B = 200 } a; enum { C = -1 } b; enum e c[2];',
      "a: u32({ description: 'In C enum e: A = 0, B = 200.' }), // at 0",
      "b: i32({ description: 'In C enum: C = -1.' }), // at 4",
      "c: array(u32(), 2, { description: 'In C enum e: A = 0, B = 200.' }), // at 8",
    ],
    [
      'enum __attribute__((packed)) { A, B = 255 } a; enum { C = 0xffffffffffffffff } b;',
      "a: u8({ description: 'In C enum: A = 0, B = 255.' }), // at 0",
      "b: u64({ description: 'In C enum: C = 18446744073709551615.' }), // at 8",
    ],
    ['long double a;', "a: bytes(16, { description: 'In C a floating-point number of 16 bytes.' }), // at 0"],
    [
      'unsigned __int128 a; _Complex float b;',
      "a: bytes(16, { description: 'In C an integer of 16 bytes.' }), // at 0",
      "b: bytes(8, { description: 'In C a complex number of 8 bytes.' }), // at 16",
    ],
    ['float a __attribute__((vector_size(16)));', 'a: array(f32(), 4), // at 0'],
    [
      'union u { int i; char c[3]; struct { short x; } s; } a;',
      "a: bytes(4, { description: 'In C a union: i (i32), c (char[3]), s (struct).' }), // at 0",
    ],
    [
      'union { struct s *next; unsigned low : 3; }; int tail;',
      "nextUnion: bytes(8, { description: 'In C a union: next (pointer), low (a bit-field of 3 bits).' }), // at 0",
      'tail: i32(), // at 8',
    ],
    [
      'int a; struct { short b; struct { char c; }; }; int d;',
      'a: i32(), // at 0',
      'b: i16(), // at 4',
      'c: i8(), // at 6',
      'd: i32(), // at 8',
    ],
  ] as const) {
    it(members, async () => assert.deepEqual(await fieldsOf(members), expected));
  }
});

describe('bit-fields become the storage that they share', () => {
  const bits = 'Bit-fields, from the least significant bit:';
  for (const [members, ...expected] of [
    [
      'unsigned a : 3, b : 7; int c : 22;',
      `aBits: u32({ description: '${bits} a is bits 0 to 2; b is bits 3 to 9; c is bits 10 to 31, signed.' }), // at 0`,
    ],
    [
      'unsigned char a : 4, b : 4; unsigned char c : 1;',
      `aBits: u8({ description: '${bits} a is bits 0 to 3; b is bits 4 to 7.' }), // at 0`,
      `cBits: u8({ description: '${bits} c is bit 0.' }), // at 1`,
    ],
    [
      'unsigned a : 3; char b; unsigned c : 8;',
      `aBits: u8({ description: '${bits} a is bits 0 to 2.' }), // at 0`,
      'b: i8(), // at 1',
      `cBits: u16({ description: '${bits} c is bits 0 to 7.' }), // at 2`,
    ],
    [
      'unsigned a : 1; unsigned : 0; unsigned b : 1;',
      `aBits: u32({ description: '${bits} a is bit 0.' }), // at 0`,
      `bBits: u32({ description: '${bits} b is bit 0.' }), // at 4`,
    ],
    [
      'unsigned long a : 40; unsigned b : 20;',
      `aBits: u64({ description: '${bits} a is bits 0 to 39; b is bits 40 to 59.' }), // at 0`,
    ],
    [
      'unsigned a : 1; unsigned : 30; unsigned b : 1;',
      `aBits: u32({ description: '${bits} a is bit 0; b is bit 31.' }), // at 0`,
    ],
    ['_Bool a : 1; enum { X } b : 4;', `aBits: u32({ description: '${bits} a is bit 0; b is bits 1 to 4.' }), // at 0`],
    ['unsigned char a : 8; int b : 32; long c : 64;', 'a: u8(), // at 0', 'b: i32(), // at 4', 'c: i64(), // at 8'],
    [
      'char a; struct { unsigned b : 5; unsigned c : 30; short d; } __attribute__((packed)) e;',
      'a: i8(), // at 0',
      'e: SE, // at 1',
    ],
  ] as const) {
    it(members, async () => assert.deepEqual(await fieldsOf(members), expected));
  }
});

describe('layouts', () => {
  for (const [what, header, ...expected] of [
    [
      'packed',
      'struct __attribute__((packed)) s { char a; int b; };',
      "export const S = struct('S', {",
      '  a: i8(), // at 0',
      '  b: i32(), // at 1',
      "}, { description: 'In C struct s, 5 bytes.', packed: true });",
    ],
    [
      'packed and aligned',
      'struct __attribute__((packed, aligned(4))) s { char a; int b; };',
      "export const S = struct('S', {",
      '  a: i8(), // at 0',
      '  b: i32(), // at 1',
      "}, { description: 'In C struct s, 8 bytes.', packed: true, align: 4 });",
    ],
    [
      '#pragma pack',
      '#pragma pack(push, 2)\nstruct s { char a; long b; };\n#pragma pack(pop)',
      "export const S = struct('S', {",
      '  a: i8(), // at 0',
      "  reserved1: bytes(1, { description: 'Padding.' }), // at 1",
      '  b: i64(), // at 2',
      "}, { description: 'In C struct s, 10 bytes.', packed: true, align: 2 });",
    ],
    [
      'packed without any effect on its own layout',
      'struct __attribute__((packed)) p { int a; }; struct s { char c; struct p p; };',
      "export const P = struct('P', {",
      '  a: i32(), // at 0',
      "}, { description: 'In C struct p, 4 bytes.', packed: true });",
      "export const S = struct('S', {",
      '  c: i8(), // at 0',
      '  p: P, // at 1',
      "}, { description: 'In C struct s, 5 bytes.' });",
    ],
    [
      'aligned',
      'struct __attribute__((aligned(64))) s { int a; };',
      "export const S = struct('S', {",
      '  a: i32(), // at 0',
      "}, { description: 'In C struct s, 64 bytes.', align: 64 });",
    ],
    [
      'an aligned member',
      'struct s { char a; _Alignas(16) char b; char c; };',
      "export const S = struct('S', {",
      '  a: i8(), // at 0',
      "  reserved1: bytes(15, { description: 'Padding.' }), // at 1",
      '  b: i8(), // at 16',
      '  c: i8(), // at 17',
      "}, { description: 'In C struct s, 32 bytes.', align: 16 });",
    ],
    [
      'a typedef that is aligned, its struct not',
      'typedef struct { int a; } s __attribute__((aligned(16)));',
      "export const S = struct('S', {",
      '  a: i32(), // at 0',
      "}, { description: 'In C s, 4 bytes.' });",
    ],
    [
      'what has no size',
      'struct e {}; struct s { int a; struct e nothing; int none[0]; long rest[]; };',
      "export const S = struct('S', {",
      '  a: i32(), // at 0',
      "}, { description: 'In C struct s, 8 bytes. Without nothing (struct e), none (i32[]), rest (i64[]), which take none of its memory.', align: 8 });",
    ],
    [
      'a reserved name that C has taken',
      'struct s { char reserved1; _Alignas(4) char b; };',
      "export const S = struct('S', {",
      '  reserved1: i8(), // at 0',
      "  reserved12: bytes(3, { description: 'Padding.' }), // at 1",
      '  b: i8(), // at 4',
      "}, { description: 'In C struct s, 8 bytes.', align: 4 });",
    ],
  ] as const) {
    it(what, async () => assert.deepEqual(await linesOf(header, 's'), expected));
  }

  it('a struct in big-endian storage order', {
    skip: compilers.includes('gcc') ? false : 'only gcc has it',
  }, async () => {
    const header = `enum e { A = 1 };
      struct __attribute__((scalar_storage_order("big-endian"))) s {
        int a; unsigned short b[2]; double c; unsigned d : 3, f : 13; enum e e; char g; void *p; _Bool h; enum e i[2];
      };`;
    const lines = structLines(await schemaOf(header, ['s'], { compiler: 'gcc' })).slice(1, -1);
    assert.deepEqual(lines, [
      "  a: i32({ endian: 'big' }), // at 0",
      "  b: array(u16({ endian: 'big' }), 2), // at 4",
      "  c: f64({ endian: 'big' }), // at 8",
      "  dBits: u32({ endian: 'big', description: 'Bit-fields, from the least significant bit: d is bits 29 to 31; f is bits 16 to 28.' }), // at 16",
      "  e: u32({ endian: 'big', description: 'In C enum e: A = 1.' }), // at 20",
      '  g: i8(), // at 24',
      "  p: u64({ description: 'In C a pointer: an address in the memory of the C program.' }), // at 32",
      '  h: bool(), // at 40',
      "  i: array(u32({ endian: 'big' }), 2, { description: 'In C enum e: A = 1.' }), // at 44",
    ]);
  });
});

describe('names', () => {
  it('are told where they do not follow from ours', async () => {
    assert.deepEqual(await fieldsOf('int st_dev; int __pad0; int class; int a_1; int a1; int _;'), [
      'stDev: i32(), // at 0',
      "pad0: i32({ description: 'In C __pad0.' }), // at 4",
      "classField: i32({ description: 'In C class.' }), // at 8",
      "a1: i32({ description: 'In C a_1.' }), // at 12",
      "a12: i32({ description: 'In C a1.' }), // at 16",
      "field: i32({ description: 'In C _.' }), // at 20",
    ]);
  });

  it('of structs come from the tag, else the typedef, else the place; each struct is declared once, before its use', async () => {
    const header = `typedef struct { int x; } alias_t; typedef alias_t other_t;
      struct s { struct tagged { other_t first; } t; alias_t second; struct { int y; } third[2]; struct tagged fourth; };`;
    const names = (await linesOf(header, 's')).filter((line) => /^export|^ {2}/.test(line));
    assert.deepEqual(names, [
      "export const AliasT = struct('AliasT', {",
      '  x: i32(), // at 0',
      "export const Tagged = struct('Tagged', {",
      '  first: AliasT, // at 0',
      "export const SThird = struct('SThird', {",
      '  y: i32(), // at 0',
      "export const S = struct('S', {",
      '  t: Tagged, // at 0',
      '  second: AliasT, // at 4',
      '  third: array(SThird, 2), // at 8',
      '  fourth: Tagged, // at 16',
    ]);
  });

  it('that were declared inside of another struct are found', async () => {
    const header = 'struct outer { union { struct inner { int x; } i; int j; } u; };';
    assert.equal((await linesOf(header, 'inner'))[0], "export const Inner = struct('Inner', {");
  });

  it('that were asked for are kept, and others give way', async () => {
    const header =
      'struct a_b { int x; }; typedef struct { struct a_b i; struct aB { int z; } j; } ab; struct c { ab d; };';
    const names = (await linesOf(header, 'c', 'ab', 'struct a_b')).filter((line) => line.startsWith('export'));
    assert.deepEqual(names, [
      "export const AB2 = struct('AB2', {",
      "export const AB3 = struct('AB3', {",
      "export const Ab = struct('Ab', {",
      "export const C = struct('C', {",
    ]);
  });

  it('of C are what they are, whatever macros and texts the header has', async () => {
    const header = 'struct stat { int inner; struct { long x; } m; };\n#define stat stat64\n#define m n\n';
    assert.equal((await linesOf(header, 'stat')).at(-1), "}, { description: 'In C struct stat, 16 bytes.' });");
    assert.deepEqual(await fieldsOf('int größe;'), ["grE: i32({ description: 'In C größe.' }), // at 0"]);
  });
});

test('definitions reach the compiler', async () => {
  const header = '#ifdef WIDE\ntypedef long t;\n#else\ntypedef int t;\n#endif\nstruct s { t a[LENGTH]; };';
  assert.match(await schemaOf(header, ['s'], { define: ['WIDE', 'LENGTH=3'] }), /a: array\(i64\(\), 3\)/);
});

describe('what cannot be made is refused, and says why', () => {
  for (const [what, header, names, code, detail] of [
    [
      'no such struct',
      'struct tcp_info { int a; }; typedef struct { int b; } tcp_inf; int tcp_infos;',
      ['tcp_inof'],
      'INVALID_ARGUMENT',
      /the header has no struct tcp_inof; near it are tcp_inf, tcp_info$/,
    ],
    ['nothing near it', 'struct stat { int a; };', ['window'], 'INVALID_ARGUMENT', /the header has no struct window$/],
    [
      'a tag only by its typedef',
      'typedef struct { int a; } s;',
      ['struct s'],
      'INVALID_ARGUMENT',
      /the header has no struct s; near it are s$/,
    ],
    [
      'only declared',
      'struct s; typedef struct s s; s *p;',
      ['s'],
      'INVALID_ARGUMENT',
      /s is declared, but the header does not say what is in it/,
    ],
    ['a union', 'union s { int a; };', ['s'], 'INVALID_ARGUMENT', /s is a union/],
    ['another type', 'typedef int s;', ['s'], 'INVALID_ARGUMENT', /s is a type, but no struct/],
    [
      'two structs of one name',
      'struct s { int a; }; typedef struct { int b; } s;',
      ['s'],
      'INVALID_ARGUMENT',
      /ask for "struct s" to get the latter/,
    ],
    [
      'the same one twice',
      'typedef struct s { int a; } t;',
      ['s', 't'],
      'INVALID_ARGUMENT',
      /s and t are the same struct/,
    ],
    ['a header with an error', 'struct s { int a; };\nint b = ;\n', ['s'], 'BUILD_FAILED', /test\.h:2.*error/s],
    ['an empty struct', 'struct s {};', ['s'], 'SCHEMA_INVALID', /struct S: it needs at least one field/],
    [
      'too large',
      'struct s { char a[65537]; };',
      ['s'],
      'SCHEMA_INVALID',
      /struct S.*65536 is the most|struct S, field a.*65535/,
    ],
    [
      'a name that is too long',
      `struct s { int ${'a'.repeat(64)}; };`,
      ['s'],
      'SCHEMA_INVALID',
      /struct S, field a{64}.*not be longer than 63/,
    ],
    [
      'aligned to more than a page',
      'struct __attribute__((aligned(8192))) s { int a; };',
      ['s'],
      'SCHEMA_INVALID',
      /struct S: align must be/,
    ],
  ] as const) {
    it(what, async () => {
      for (const compiler of compilers) await assert.rejects(schemaOf(header, names, { compiler }), { code, detail });
    });
  }

  it('a bit-field that clang says nothing of', { skip: compilers.includes('clang') ? false : 'no clang' }, async () => {
    const header = 'struct __attribute__((packed)) s { unsigned a : 5; unsigned b : 32; };';
    const detail = /struct s: b overlaps what is before it .*gcc does not/;
    await assert.rejects(schemaOf(header, ['s'], { compiler: 'clang' }), { code: 'BUILD_FAILED', detail });
    if (compilers.includes('gcc'))
      assert.match(await schemaOf(header, ['s'], { compiler: 'gcc' }), /b is bits 5 to 36/);
  });

  it('no such compiler', async () => {
    const made = schemaOf('struct s { int a; };', ['s'], { compiler: 'no-such-compiler' });
    await assert.rejects(made, { code: 'BUILD_FAILED', detail: /no-such-compiler .*cannot be run/ });
  });

  it('a compiler for another kind of machine', async () => {
    const made = schemaOf('struct s { int a; };', ['s'], { compiler: 'gcc -m32' });
    await assert.rejects(made, { code: 'BUILD_FAILED' });
  });
});
