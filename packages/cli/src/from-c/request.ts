/** What is asked of from-c: which structs of which header, and how the header is to be compiled. */
import { stat } from 'node:fs/promises';
import { isAbsolute, relative, resolve } from 'node:path';
import { IsthmusError } from '@isthmus/schema';

/**
 * Paths are relative to the folder of the file that is made, so that they mean the same on another machine; one that the user
 * gave as an absolute path stays so.
 */
export interface Request {
  /** A path, which begins with `/`, `./` or `../`, or a name as in `#include <...>`. */
  readonly header: string;
  /** At least one. */
  readonly structs: readonly string[];
  readonly include: readonly string[];
  /** `NAME` or `NAME=VALUE`. */
  readonly define: readonly string[];
}

/**
 * A request as the user states it, on a command line.
 *
 * @param header A path if there is such a file, else the name of a header that the compiler knows.
 * @param folder Of the file that is to be made.
 * @throws IsthmusError INVALID_ARGUMENT when `header` can only be a path and there is no such file.
 */
export async function requestOf(given: Request, folder: string): Promise<Request> {
  const { header, include } = given;
  const isFile = await stat(header).then(
    (found) => found.isFile(),
    () => false,
  );
  if (!isFile && isPath(header)) throw new IsthmusError('INVALID_ARGUMENT', { detail: `there is no header ${header}` });
  return {
    ...given,
    header: isFile ? portable(header, folder) : header,
    include: include.map((path) => portable(path, folder)),
  };
}

/** A path of a request, or the name of one of the compiler's own headers, as the compiler needs it. */
export function headerOf({ header }: Request, folder: string): string {
  return isPath(header) ? resolve(folder, header) : header;
}

function isPath(header: string): boolean {
  return /^(\/|\.\.?\/)/.test(header);
}

function portable(path: string, folder: string): string {
  if (isAbsolute(path)) return path;
  const found = relative(folder, resolve(path));
  return found.startsWith('../') || found === '..' ? found : `./${found}`;
}
