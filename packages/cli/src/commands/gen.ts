/** `isthmus gen`: C headers from schemas. */
import { dirname, join, relative, resolve } from 'node:path';
import { defaultConfigFile, loadConfig } from '@isthmus/gateway';
import { generateHeader } from '@isthmus/schema';
import type { Command } from 'commander';
import { exitCodes, type SetExitCode, UsageError } from '../exit-codes.ts';
import { findServices } from '../find-services.ts';
import { hasText, writeIfChanged } from '../programs/write-if-changed.ts';

interface GenOptions {
  readonly out?: string;
  readonly config?: string;
  readonly check?: true;
}

interface Header {
  /** Absolute. */
  readonly path: string;
  readonly text: string;
}

export function addGen(program: Command, setExitCode: SetExitCode): void {
  program
    .command('gen')
    .summary('write the C headers of schemas')
    .description(
      'Writes <service>.h for each service of the schema files, beside its file or into --out. Without files it writes the headers of the configuration, where their `header` keys say.',
    )
    .argument('[schemas...]', 'schema files (.ts)')
    .option('-o, --out <folder>', 'folder for the headers')
    .option(
      '-c, --config <file>',
      'configuration, when no schema file is given (default: isthmus.config.ts in this folder)',
    )
    .option('--check', 'write nothing; name the headers that are not up to date, and exit with 1 if there are any')
    .addHelpText(
      'after',
      `
Examples:
  isthmus gen                              what isthmus.config.ts describes
  isthmus gen tank.schema.ts               tank.h beside it
  isthmus gen tank.schema.ts --out include
  isthmus gen --check                      for CI

Exit codes:
  0  every header is up to date now
  1  --check found a header that is not, or a schema cannot be read
  2  wrong usage`,
    )
    .action(async (schemas: readonly string[], options: GenOptions) => {
      if (schemas.length > 0 && options.config !== undefined) {
        throw new UsageError('give either schema files or --config, not both');
      }
      const headers = schemas.length > 0 ? await headersOf(schemas, options) : await configuredHeaders(options);
      const stale = options.check === true ? await reportStale(headers) : await write(headers);
      setExitCode(options.check === true && stale > 0 ? exitCodes.failed : exitCodes.done);
    });
}

async function headersOf(schemas: readonly string[], { out }: GenOptions): Promise<readonly Header[]> {
  const headers: Header[] = [];
  for (const file of schemas) {
    for (const service of await findServices(file)) {
      const path = resolve(out ?? dirname(file), `${service.name}.h`);
      headers.push({ path, text: generateHeader(service) });
    }
  }
  return headers;
}

async function configuredHeaders({ config = defaultConfigFile, out, check }: GenOptions): Promise<readonly Header[]> {
  const { folder, services } = await loadConfig(config);
  return services.flatMap(({ schema, header, origin }) => {
    const file = `${schema.name}.h`;
    const paths = out !== undefined ? [resolve(out, file)] : header !== undefined ? [header] : [];
    // For services compiled from sources: an editor finds it here. It is never committed, so a check of it says nothing.
    if (out === undefined && origin.kind === 'sources' && check !== true)
      paths.push(join(folder, '.isthmus/include', file));
    return paths.map((path) => ({ path, text: generateHeader(schema) }));
  });
}

async function write(headers: readonly Header[]): Promise<number> {
  let written = 0;
  for (const { path, text } of headers) {
    if (!(await writeIfChanged(path, text))) continue;
    written += 1;
    process.stdout.write(`wrote ${relative('', path)}\n`);
  }
  return written;
}

async function reportStale(headers: readonly Header[]): Promise<number> {
  let stale = 0;
  for (const { path, text } of headers) {
    if (await hasText(path, text)) continue;
    stale += 1;
    process.stderr.write(`stale: ${relative('', path)} (run isthmus gen)\n`);
  }
  return stale;
}
