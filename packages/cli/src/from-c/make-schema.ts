/** From a header to a schema file: all steps in order. */
import { resolve } from 'node:path';
import { IsthmusError } from '@isthmus/schema';
import { askAlignments, readAlignments } from './alignments.ts';
import { compileHeader } from './compile-header.ts';
import { findStruct, withoutKeyword } from './find-struct.ts';
import { mapStructs, type Wanted } from './map-structs.ts';
import { TypeReader } from './read-types.ts';
import { headerOf, type Request } from './request.ts';
import { sourceOf } from './source.ts';
import { verifyLayouts } from './verify.ts';

/**
 * The text of the schema file.
 *
 * @param folder The file's own, which the request's paths are relative to.
 * @param compiler `undefined`: `$CC`, else `cc`.
 * @throws IsthmusError BUILD_FAILED when the header does not compile; INVALID_ARGUMENT when it has no such struct;
 *   SCHEMA_INVALID when the schema language cannot say what is in it. The detail names the struct and field.
 */
export async function makeSchema(request: Request, folder: string, compiler: string | undefined): Promise<string> {
  const { include, define } = request;
  const options = {
    header: headerOf(request, folder),
    include: include.map((path) => resolve(folder, path)),
    define,
    compiler,
  };
  const info = await compileHeader(options, '');
  const reader = new TypeReader(info);
  const wanted = request.structs.map((name) => ({
    struct: findStruct(name, info, reader),
    name: withoutKeyword(name),
  }));
  refuseRepeated(wanted);
  const questions = askAlignments(wanted);
  const alignments = readAlignments(questions, await compileHeader(options, questions.source));
  const declarations = mapStructs(wanted, alignments);
  verifyLayouts(declarations);
  return sourceOf(request, declarations);
}

function refuseRepeated(wanted: readonly Wanted[]): void {
  for (const [index, { struct, name }] of wanted.entries()) {
    const other = wanted.findIndex((candidate) => candidate.struct === struct);
    if (other === index) continue;
    const detail = `${wanted[other]?.name} and ${name} are the same struct: ask for it once`;
    throw new IsthmusError('INVALID_ARGUMENT', { detail });
  }
}
