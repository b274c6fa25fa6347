/** `isthmus gen`: C headers from schemas, and .proto files. */
import { dirname, join, relative, resolve } from 'node:path';
import { defaultConfigFile, loadConfig } from '@isthmus/gateway';
import { IsthmusError } from '@isthmus/schema';
import type { Command } from 'commander';
import { exitCodes, type SetExitCode, UsageError } from '../exit-codes.ts';
import { findServices } from '../find-services.ts';
import { type GeneratedFile, generatedFiles } from '../programs/generated-files.ts';
import { hasText, writeIfChanged } from '../programs/write-if-changed.ts';

interface GenOptions {
  readonly out?: string;
  readonly config?: string;
  readonly check?: true;
}

export function addGen(program: Command, setExitCode: SetExitCode): void {
  program
    .command('gen')
    .summary('write the C headers and .proto files of schemas')
    .description(
      'Writes <service>.h for each service of the schema files, beside its file or into --out, and <service>.proto where a method has the codec protobuf. Without files it writes those of the configuration, where their `header` keys say.',
    )
    .argument('[schemas...]', 'schema files (.ts)')
    .option('-o, --out <folder>', 'folder for the files')
    .option(
      '-c, --config <file>',
      'configuration, when no schema file is given (default: isthmus.config.ts in this folder)',
    )
    .option('--check', 'write nothing; name the files that are not up to date, and exit with 1 if there are any')
    .addHelpText(
      'after',
      `
Examples:
  isthmus gen                              what isthmus.config.ts describes
  isthmus gen tank.schema.ts               tank.h beside it
  isthmus gen tank.schema.ts --out include
  isthmus gen --check                      for CI

Exit codes:
  0  every file is up to date now
  1  --check found a file that is not, or a schema cannot be read
  2  wrong usage`,
    )
    .action(async (schemas: readonly string[], options: GenOptions) => {
      if (schemas.length > 0 && options.config !== undefined) {
        throw new UsageError('give either schema files or --config, not both');
      }
      const files = schemas.length > 0 ? await filesOfSchemas(schemas, options) : await configuredFiles(options);
      const stale = options.check === true ? await reportStale(files) : await write(files);
      setExitCode(options.check === true && stale > 0 ? exitCodes.failed : exitCodes.done);
    });
}

async function filesOfSchemas(schemas: readonly string[], { out }: GenOptions): Promise<readonly GeneratedFile[]> {
  const files: GeneratedFile[] = [];
  const problems: string[] = [];
  for (const file of schemas) {
    const services = await findServices(file).catch((error: unknown) => {
      if (!(error instanceof IsthmusError && error.code === 'SCHEMA_INVALID')) throw error;
      problems.push(error.detail);
      return [];
    });
    for (const service of services) {
      files.push(...generatedFiles(service, resolve(out ?? dirname(file), `${service.name}.h`)));
    }
  }
  // All that is wrong, before anything is written.
  if (problems.length > 0) throw new IsthmusError('SCHEMA_INVALID', { detail: problems.join('\n') });
  return files;
}

async function configuredFiles({
  config = defaultConfigFile,
  out,
  check,
}: GenOptions): Promise<readonly GeneratedFile[]> {
  const { folder, services } = await loadConfig(config);
  return services.flatMap(({ schema, header, origin }) => {
    const file = `${schema.name}.h`;
    const paths = out !== undefined ? [resolve(out, file)] : header !== undefined ? [header] : [];
    // For services compiled from sources: an editor finds it here. It is never committed, so a check of it says nothing.
    if (out === undefined && origin.kind === 'sources' && check !== true)
      paths.push(join(folder, '.isthmus/include', file));
    return paths.flatMap((path) => generatedFiles(schema, path));
  });
}

async function write(files: readonly GeneratedFile[]): Promise<number> {
  let written = 0;
  for (const { path, text } of files) {
    if (!(await writeIfChanged(path, text))) continue;
    written += 1;
    process.stdout.write(`wrote ${relative('', path)}\n`);
  }
  return written;
}

async function reportStale(files: readonly GeneratedFile[]): Promise<number> {
  let stale = 0;
  for (const { path, text } of files) {
    if (await hasText(path, text)) continue;
    stale += 1;
    process.stderr.write(`stale: ${relative('', path)} (run isthmus gen)\n`);
  }
  return stale;
}
