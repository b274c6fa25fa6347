/** Reads schema files. */
import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { schemaProblem } from '@isthmus/gateway';
import { IsthmusError, isService, type Service } from '@isthmus/schema';

/**
 * The services that a schema file exports, each once.
 *
 * @throws IsthmusError SCHEMA_INVALID when the file is missing, cannot be imported, or exports no service; for a schema that is
 *   not valid, with every problem, a line each that begins with the file.
 */
export async function findServices(file: string): Promise<readonly Service[]> {
  const path = resolve(file);
  await access(path).catch((cause: unknown) => {
    throw new IsthmusError('SCHEMA_INVALID', { detail: `there is no ${path}`, cause });
  });
  const module: unknown = await import(pathToFileURL(path).href).catch((cause: unknown) => {
    const problem = schemaProblem(cause, file);
    if (problem !== undefined) throw problem;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new IsthmusError('SCHEMA_INVALID', { detail: `${path} cannot be imported: ${reason}`, cause });
  });
  const values = typeof module === 'object' && module !== null ? Object.values(module) : [];
  const services = [...new Set(values.filter(isService))];
  if (services.length > 0) return services;
  throw new IsthmusError('SCHEMA_INVALID', { detail: `${path} exports no service: export what service(...) returns` });
}
