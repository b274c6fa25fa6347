/** Building a layout program for random schemas, and talking to it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { call, codecOf, generateHeader, type Memory, type Service, type Struct, service } from '@isthmus/schema';
import fc from 'fast-check';
import { anyStruct } from '../../../packages/schema/test/support/arbitrary.ts';
import { librarySources, type Workspace } from '../../../packages/schema/test/support/c.ts';
import { layoutProgram } from './program.ts';

/** What a program does with the bytes of a command; see harness.h. */
export const what = { check: 0, write: 1, fuzz: 2, layout: 3 } as const;

export interface Command {
  /** Which of the program's schemas. */
  readonly schema: number;
  readonly what: number;
  readonly bytes: Uint8Array;
  /** How often; only fuzzing looks at it. */
  readonly times?: number;
}

/** Services of random structs; their headers and the program's source are written into the workspace. */
export function writeProgram(workspace: Workspace, schemas: number, seed: number): readonly Service[] {
  const services = fc.sample(anyStruct(), { numRuns: schemas, seed }).map((type, index) => {
    return service(`s${index}`, { echo: call({ input: type, output: type }) });
  });
  for (const schema of services) workspace.write(`${schema.name}.h`, generateHeader(schema));
  workspace.write('harness.h', readFileSync(join(import.meta.dirname, 'harness.h'), 'utf8'));
  workspace.write('program.c', layoutProgram(services));
  return services;
}

/** Returns the program's path. */
export function buildProgram(workspace: Workspace, compiler: string, flags: readonly string[] = []): string {
  const all = ['-std=gnu11', '-Wno-unused-function', ...flags, '-o', 'program', 'program.c', ...librarySources];
  workspace.compile(compiler, all);
  return join(workspace.folder, 'program');
}

export function run(program: string, commands: readonly Command[], place: string): Answers {
  const input = commands.flatMap((command) => [
    Buffer.from(Uint32Array.of(command.schema, command.what, command.bytes.length, command.times ?? 0).buffer),
    command.bytes,
  ]);
  const { status, signal, stdout, stderr } = spawnSync(program, {
    input: Buffer.concat(input),
    maxBuffer: 2 ** 30,
    timeout: 120_000,
  });
  assert.equal(status, 0, `${place}: ${signal ?? ''} ${stderr}`);
  return new Answers(stdout);
}

/** What a program answered, piece by piece. */
export class Answers {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isEmpty(): boolean {
    return this.#at === this.#bytes.length;
  }

  next(): Buffer {
    const begin = this.#at + 4;
    this.#at = begin + this.#bytes.readUInt32LE(this.#at);
    return this.#bytes.subarray(begin, this.#at);
  }

  /** An answer that is numbers of 32 bits. */
  numbers(): readonly number[] {
    const bytes = this.next();
    return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readUInt32LE(4 * index));
  }
}

export function memoryOf(bytes: Uint8Array): Memory {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}

/** @param value One that `valuesOf(type)` or decoding gave. */
export function encoded(type: Struct, value: unknown): Uint8Array {
  const codec = codecOf(type);
  const bytes = new Uint8Array(codec.encode(value as never, memoryOf(new Uint8Array()), 0));
  codec.encode(value as never, memoryOf(bytes), 0);
  return bytes;
}
