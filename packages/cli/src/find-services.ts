/** Reads schema files. */
import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { IsthmusError, isService, type Service } from '@isthmus/schema';

/**
 * The services that a schema file exports, each once.
 *
 * @throws IsthmusError SCHEMA_INVALID when the file is missing, cannot be imported, or exports no service.
 */
export async function findServices(file: string): Promise<readonly Service[]> {
  const path = resolve(file);
  await access(path).catch((cause: unknown) => {
    throw new IsthmusError('SCHEMA_INVALID', { detail: `there is no ${path}`, cause });
  });
  const module: unknown = await import(pathToFileURL(path).href).catch((cause: unknown) => {
    if (cause instanceof IsthmusError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new IsthmusError('SCHEMA_INVALID', { detail: `${path} cannot be imported: ${reason}`, cause });
  });
  const values = typeof module === 'object' && module !== null ? Object.values(module) : [];
  const services = [...new Set(values.filter(isService))];
  if (services.length > 0) return services;
  throw new IsthmusError('SCHEMA_INVALID', { detail: `${path} exports no service: export what service(...) returns` });
}
