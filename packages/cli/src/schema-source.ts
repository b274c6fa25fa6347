/** Where `isthmus schema diff` and `text` take schemas from: files, and instances that run. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { loadNative } from '@isthmus/native';
import { errorCodeOf, IsthmusError, parseSchema, type SchemaShape } from '@isthmus/schema';
import { UsageError } from './exit-codes.ts';
import { findServices } from './find-services.ts';
import { unknownService } from './instances.ts';

/** The most that a schema's text can have, in bytes. */
const maxTextBytes = 2 ** 20;
/** How long an instance may take to say its schema, in ms. */
const describeTimeoutMs = 2000;

/**
 * Reads the schema that `source` names: a schema file, a file with a schema's canonical text, the socket of an instance, or a folder
 * of sockets.
 *
 * @param service Which one of a schema file that exports several.
 * @throws IsthmusError SCHEMA_INVALID, UNKNOWN_SERVICE, NO_INSTANCE; UsageError where it is not said which service.
 */
export async function readSchema(source: string, service?: string): Promise<SchemaShape> {
  const status = await stat(source).catch((cause: unknown) => {
    throw new IsthmusError('SCHEMA_INVALID', { detail: `there is no ${source}`, cause });
  });
  if (status.isSocket()) return schemaOfText(source, await describe(source));
  if (status.isDirectory()) return ofFolder(source);
  // A larger file can still be a schema file.
  const text = status.size <= maxTextBytes ? await readFile(source, 'utf8') : '';
  if (text.startsWith('isthmus schema ')) return schemaOfText(source, text);
  if (!/^\.[cm]?[jt]s$/.test(extname(source))) {
    const detail = `${source} is neither a schema file, such as tank.schema.ts, nor a schema's text`;
    throw new IsthmusError('SCHEMA_INVALID', { detail });
  }
  return ofFile(source, service);
}

function schemaOfText(source: string, text: string): SchemaShape {
  const { schema, problem } = parseSchema(text);
  if (schema !== undefined) return schema;
  throw new IsthmusError('SCHEMA_INVALID', { detail: `the schema's text of ${source} cannot be read: ${problem}` });
}

async function ofFile(file: string, name: string | undefined): Promise<SchemaShape> {
  const services = await findServices(file);
  const [first, ...others] = services;
  if (name === undefined && first !== undefined && others.length === 0) return first;
  const found = services.find((candidate) => candidate.name === name);
  if (found !== undefined) return found;
  if (name !== undefined) throw unknownService(name, services);
  const names = services.map((candidate) => candidate.name).join(', ');
  throw new UsageError(`${file} exports several services (${names}): say with --service which one`);
}

/** The one version of those instances in it that answer. */
async function ofFolder(folder: string): Promise<SchemaShape> {
  const sockets = (await readdir(folder)).filter((name) => name.endsWith('.sock')).map((name) => join(folder, name));
  const found = new Map<string, string>();
  const errors: unknown[] = [];
  for (const socket of sockets) {
    try {
      found.set(await describe(socket), socket);
    } catch (error) {
      errors.push(error);
    }
  }
  const [first, ...others] = found;
  if (first === undefined) {
    throw errors[0] ?? new IsthmusError('NO_INSTANCE', { detail: `there is no socket in ${folder}` });
  }
  const [text, socket] = first;
  if (others.length > 0) {
    throw new UsageError(`${folder} has instances of several versions: say which, such as ${socket}`);
  }
  return schemaOfText(socket, text);
}

async function describe(socket: string): Promise<string> {
  // Connecting alone does not keep a process alive.
  const alive = setInterval(() => {}, describeTimeoutMs);
  try {
    return await loadNative().describe(socket, describeTimeoutMs);
  } catch (cause) {
    const status = cause instanceof Error && 'status' in cause ? Number(cause.status) : Number.NaN;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new IsthmusError(errorCodeOf(status), { detail: `${socket}: ${reason}`, cause });
  } finally {
    clearInterval(alive);
  }
}
