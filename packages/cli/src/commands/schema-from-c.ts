/** `isthmus schema from-c`: a schema file from a C header. */
import { readFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { IsthmusError } from '@isthmus/schema';
import { type Command, InvalidArgumentError } from 'commander';
import { exitCodes, type SetExitCode, UsageError } from '../exit-codes.ts';
import { readBanner } from '../from-c/banner.ts';
import { describeDrift } from '../from-c/drift.ts';
import { makeSchema } from '../from-c/make-schema.ts';
import { requestOf } from '../from-c/request.ts';
import { writeIfChanged } from '../programs/write-if-changed.ts';

interface FromCOptions {
  readonly struct?: readonly string[];
  readonly include?: readonly string[];
  readonly define?: readonly string[];
  readonly compiler?: string;
  readonly output?: string;
  readonly check?: string;
}

export function addSchemaFromC(schema: Command, setExitCode: SetExitCode): void {
  schema
    .command('from-c')
    .summary('make a schema file from a C header')
    .description(
      'Writes a schema file with the structs of a C header, laid out as the C compiler lays them out. HEADER is a path, or the name of a header that the compiler knows, such as sys/stat.h.',
    )
    .argument('[header]', 'C header; left out with --check')
    .option('--struct <name>', 'tag or typedef of a struct; may be repeated', repeated(structName))
    .option('--include <folder>', 'folder to look for headers in, as -I of the compiler; may be repeated', repeated())
    .option('--define <macro>', 'NAME or NAME=VALUE, as -D of the compiler; may be repeated', repeated(macro))
    .option('--compiler <command>', 'gcc or clang, possibly with arguments (default: $CC, else cc)')
    .option('-o, --output <file>', 'file to write (default: stdout)')
    .option(
      '--check <file>',
      'write nothing; say what differs between the file and its header, and exit with 1 if anything does',
    )
    .addHelpText(
      'after',
      `
Examples:
  isthmus schema from-c sys/stat.h --struct stat
  isthmus schema from-c engine.h --struct engine_state --include include --output engine.structs.ts
  isthmus schema from-c --check engine.structs.ts     for CI

Exit codes:
  0  the file is written, or --check found no difference
  1  --check found a difference, or the header has no such struct or does not compile
  2  wrong usage`,
    )
    .action(async (header: string | undefined, options: FromCOptions) => {
      const different = options.check === undefined ? await make(header, options) : await check(header, options);
      setExitCode(different ? exitCodes.failed : exitCodes.done);
    });
}

async function make(header: string | undefined, options: FromCOptions): Promise<boolean> {
  const { struct: structs, include = [], define = [], output, compiler } = options;
  if (header === undefined || structs === undefined) throw new UsageError('name a header, and a struct with --struct');
  const folder = output === undefined ? resolve() : dirname(resolve(output));
  const request = await requestOf({ header, structs, include, define }, folder);
  const text = await makeSchema(request, folder, compiler);
  if (output === undefined) process.stdout.write(text);
  else if (await writeIfChanged(output, text)) process.stdout.write(`wrote ${relative('', output)}\n`);
  return false;
}

/** Whether anything differs. */
async function check(header: string | undefined, options: FromCOptions): Promise<boolean> {
  const { check: file = '', compiler, ...others } = options;
  if (header !== undefined || Object.keys(others).length > 0) {
    throw new UsageError('--check takes no header and no other option but --compiler: the file says the rest');
  }
  const before = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new IsthmusError('INVALID_ARGUMENT', { detail: `${file} cannot be read`, cause });
  });
  const request = readBanner(before, file);
  const after = await makeSchema(request, dirname(resolve(file)), compiler);
  const lines = describeDrift(before, after);
  if (lines.length === 0) return false;
  process.stderr.write(`${file} is not what ${request.header} says:\n${lines.map((line) => `  ${line}\n`).join('')}`);
  return true;
}

/** A parser of an option that may be there many times. */
function repeated(parse = (value: string) => value): (value: string, before?: readonly string[]) => readonly string[] {
  return (value, before = []) => [...before, parse(value)];
}

function structName(value: string): string {
  if (/^(struct\s+)?[\p{ID_Start}_]\p{ID_Continue}*$/u.test(value)) return value;
  throw new InvalidArgumentError('It must be the name of a struct.');
}

function macro(value: string): string {
  if (/^[A-Za-z_]\w*(=.*)?$/.test(value)) return value;
  throw new InvalidArgumentError('It must be NAME or NAME=VALUE.');
}
