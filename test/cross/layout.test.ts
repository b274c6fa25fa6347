/**
 * The layout engine and the codecs against C compilers: random schemas, and random values that one side writes and the
 * other reads. ISTHMUS_LAYOUT_SCHEMAS sets how many schemas (150 unless set), ISTHMUS_LAYOUT_SEED which.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codecOf, type Service, type Struct } from '@isthmus/schema';
import fc from 'fast-check';
import { valuesOf } from '../../packages/schema/test/support/arbitrary.ts';
import { has, Workspace } from '../../packages/schema/test/support/c.ts';
import { flatOf } from './layout/flat.ts';
import { expectedLayout, rootOf } from './layout/program.ts';
import { type Answers, buildProgram, type Command, encoded, memoryOf, run, what, writeProgram } from './layout/run.ts';

const count = Number(process.env.ISTHMUS_LAYOUT_SCHEMAS ?? 150);
/** Named by each test; set ISTHMUS_LAYOUT_SEED to it to see the same schemas again. */
const seed = Number(process.env.ISTHMUS_LAYOUT_SEED ?? Date.now() % 2 ** 31);
/** Of one C file: compilers read the library's headers once for all of them. */
const BATCH = 50;
const VALUES = 6;
const CHANGED = 5;

const compilers = ['gcc', 'clang'].filter(has);

for (let first = 0; first < count; first += BATCH) {
  const schemas = Math.min(BATCH, count - first);
  test(`schemas ${first} to ${first + schemas - 1} of seed ${seed}`, () => {
    using workspace = new Workspace();
    const services = writeProgram(workspace, schemas, seed + first);
    // The headers assert every offset, size and alignment.
    const header = workspace.write('all.h', services.map(({ name }) => `#include "${name}.h"\n`).join(''));
    const main = workspace.write('all.c', `#include "${header}"\nint unused;\n`);
    for (const compiler of compilers) workspace.compile(compiler, ['-std=c11', '-fsyntax-only', main]);
    for (const compiler of ['g++', 'clang++'].filter(has)) {
      workspace.compile(compiler, ['-std=c++17', '-fsyntax-only', '-x', 'c++', main]);
    }
    // Code takes longer to compile than declarations do, so that compilers take turns with it.
    const compiler = compilers[(first / BATCH) % compilers.length];
    assert.ok(compiler !== undefined, 'neither gcc nor clang is here');
    compare(buildProgram(workspace, compiler), services, first);
  });
}

/** Holds a program against the codecs. */
function compare(program: string, services: readonly Service[], first: number): void {
  const cases = services.flatMap((schema, index) => casesOf(rootOf(schema), index, first));
  const layout = { schema: 0, what: what.layout, bytes: new Uint8Array() };
  const answers = run(program, [layout, ...cases.map(({ command }) => command)], `seed ${seed}`);
  assert.equal(answers.next().toString(), expectedLayout(services));
  for (const { command, expect } of cases) expect(answers, `seed ${seed}, schema ${first + command.schema}`);
  assert.ok(answers.isEmpty);
}

interface Case {
  readonly command: Command;
  readonly expect: (answers: Answers, place: string) => void;
}

function casesOf(type: Struct, schema: number, first: number): Case[] {
  const values = fc.sample(valuesOf(type), { numRuns: VALUES, seed: seed + first + schema });
  return values.flatMap((value, index) => {
    const bytes = encoded(type, value);
    const changed = fc.sample(changesOf(bytes), { numRuns: CHANGED, seed: seed + first + schema + index });
    return [
      readByC(type, schema, value, bytes),
      writtenByC(type, schema, value, bytes),
      ...changed.map((message) => judgedByBoth(type, schema, message)),
    ];
  });
}

function readByC(type: Struct, schema: number, value: unknown, bytes: Uint8Array): Case {
  return {
    command: { schema, what: what.check, bytes },
    expect: (answers, place) => {
      assert.deepEqual(answers.numbers(), [0, 0], place);
      assert.deepEqual(answers.next(), flatOf(type, value), `${place}: C read another value`);
    },
  };
}

function writtenByC(type: Struct, schema: number, value: unknown, bytes: Uint8Array): Case {
  return {
    command: { schema, what: what.write, bytes: flatOf(type, value) },
    expect: (answers, place) => {
      const written = answers.next();
      assert.deepEqual(codecOf(type).decode(memoryOf(written), 0, written.length), value, place);
      // In the order of the fields, C writes the very same message.
      assert.deepEqual(written, Buffer.from(bytes), place);
    },
  };
}

/** A message that may be bad: both sides think the same of it. */
function judgedByBoth(type: Struct, schema: number, message: Uint8Array): Case {
  return {
    command: { schema, what: what.check, bytes: message },
    expect: (answers, given) => {
      const place = `${given}, message ${Buffer.from(message).toString('hex')}`;
      const [asInput, asReply] = answers.numbers();
      const flat = answers.next();
      const value = orUndefined(() => codecOf(type).decode(memoryOf(message), 0, message.length));
      assert.equal(asReply === 0, value !== undefined, `as a reply, C says ${asReply}: ${place}`);
      const again = value === undefined ? undefined : orUndefined(() => encoded(type, value));
      assert.equal(asInput === 0, again !== undefined, `as an input, C says ${asInput}: ${place}`);
      // Decoding leaves out what TypeScript has no value for, such as unknown bits of open flags.
      const saysAll = again !== undefined && Buffer.compare(again, message) === 0;
      if (saysAll) assert.deepEqual(flat, flatOf(type, value), place);
    },
  };
}

/** A message with a few bytes changed, and now and then cut. */
function changesOf(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  const change = fc.tuple(fc.nat(bytes.length - 1), fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 2, 8, 0x7f, 0xff)));
  const length = fc.oneof(
    { weight: 9, arbitrary: fc.constant(bytes.length) },
    { weight: 1, arbitrary: fc.nat(bytes.length) },
  );
  return fc.tuple(fc.array(change, { minLength: 1, maxLength: 3 }), length).map(([changes, kept]) => {
    const result = new Uint8Array(bytes);
    for (const [at, byte] of changes) result[at] = byte;
    return result.subarray(0, kept);
  });
}

function orUndefined<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
