/** What from-c makes of random structs, held against the C compiler's own offsetof, sizeof and bit-fields. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Struct } from '@isthmus/schema';
import fc from 'fast-check';
import { typeNameOf } from '../../src/from-c/names.ts';
import { prelude, type RandomBitField, type RandomStruct, randomStruct } from '../fixtures/arbitrary-c.ts';
import { compilers, importStructs, schemaOf } from '../fixtures/c-header.ts';
import { readBits } from '../fixtures/read-bits.ts';

/** Structs of one header: compiling costs far more than laying out. */
const STRUCTS_PER_RUN = 25;
const RUNS = 8;

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offsets-test-'));
});
after(() => rm(folder, { recursive: true }));

interface Measured {
  readonly size: number;
  readonly align: number;
  readonly members: Readonly<Record<string, { readonly offset: number; readonly size: number }>>;
  /** A value whose bit-fields have the values asked for, all else 0. */
  readonly bytes: string;
}

/** Runs a C program that measures the structs; one JSON line each. */
async function measure(
  compiler: string,
  header: string,
  structs: readonly RandomStruct[],
  bits: bigint,
): Promise<Measured[]> {
  const blocks = structs.map(({ tag, values, bitFields }) => {
    const members = values.map((name) => {
      return `printf("%s\\"${name}\\":{\\"offset\\":%zu,\\"size\\":%zu}", separator, offsetof(T, ${name}), sizeof(((T *)0)->${name})); separator = ",";`;
    });
    const assignments = bitFields.map((field) => `value.${field.name} = (long)${numberIn(field, bits)}ll;`);
    return `{
      typedef struct ${tag} T;
      const char *separator = "";
      static T value;
      printf("{\\"size\\":%zu,\\"align\\":%zu,\\"members\\":{", sizeof(T), _Alignof(T));
      ${members.join('\n')}
      ${assignments.join('\n')}
      printf("},\\"bytes\\":\\"");
      for (size_t i = 0; i < sizeof value; i++) printf("%02x", ((unsigned char *)&value)[i]);
      printf("\\"}\\n");
    }`;
  });
  const source = `#include <stddef.h>\n#include <stdio.h>\n${header}\nint main(void)\n{\n${blocks.join('\n')}\nreturn 0;\n}\n`;
  await writeFile(join(folder, 'measure.c'), source);
  execFileSync(compiler, ['-w', '-o', 'measure', 'measure.c'], { cwd: folder, stdio: 'pipe', timeout: 60_000 });
  const output = execFileSync(join(folder, 'measure'), { encoding: 'utf8', timeout: 60_000 });
  return output
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** The lowest bits of a random number, as many as the bit-field has, and of its sign. */
function numberIn({ bits, signed }: RandomBitField, random: bigint): bigint {
  return signed ? BigInt.asIntN(bits, random) : BigInt.asUintN(bits, random);
}

const headers = fc.tuple(...Array.from({ length: STRUCTS_PER_RUN }, (_, index) => randomStruct(`r${index}`)));

test('every offset, size and bit-field of random structs, with every compiler', { timeout: 240_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(headers, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), async (structs, bits) => {
      const header = `${prelude}${structs.map(({ source }) => source).join('\n')}\n`;
      const tags = structs.map(({ tag }) => tag);
      const [source = '', ...others] = await Promise.all(
        compilers.map((compiler) => schemaOf(header, tags, { compiler })),
      );
      for (const other of others) assert.equal(other, source);
      const made = await importStructs(source, folder);
      for (const compiler of compilers) {
        const measured = await measure(compiler, header, structs, bits);
        for (const [index, struct] of structs.entries()) {
          compare(made.get(typeNameOf(struct.tag)), struct, measured[index], bits);
        }
      }
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
});

function compare(
  made: Struct | undefined,
  { source, bitFields }: RandomStruct,
  truth: Measured | undefined,
  bits: bigint,
): void {
  assert.ok(made !== undefined && truth !== undefined);
  const { size, align, fields } = made.layout;
  assert.deepEqual({ size, align }, { size: truth.size, align: truth.align }, source);
  for (const [name, member] of Object.entries(truth.members)) {
    // What takes no memory is left out.
    if (member.size === 0) continue;
    const field = fields.find((candidate) => candidate.name === name);
    assert.deepEqual({ offset: field?.offset, size: field?.size }, member, `${name} of ${source}`);
  }
  const written = bitFields.map((field) => ({ name: field.name, value: numberIn(field, bits) }));
  assert.deepEqual(readBits(made, Buffer.from(truth.bytes, 'hex')), written, source);
}
