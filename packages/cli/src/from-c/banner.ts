/** The first lines of a file that from-c made, which say how, so that it can be made again. */
import { IsthmusError } from '@isthmus/schema';
import type { Request } from './request.ts';

const prefix = '// isthmus schema from-c: ';

export function bannerOf({ header, structs, include, define }: Request): string {
  const request = JSON.stringify({
    header,
    structs,
    ...(include.length > 0 ? { include } : {}),
    ...(define.length > 0 ? { define } : {}),
  });
  // Two characters that JSON leaves as they are, and that end a comment.
  const line = request.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
  return `// Made from a C header: do not edit. It is made again, or with --check compared, by what the next line says.\n${prefix}${line}\n`;
}

/**
 * The request that `text` was made for; `file` is named in errors.
 *
 * @throws IsthmusError INVALID_ARGUMENT when it has no banner, or one that from-c did not write.
 */
export function readBanner(text: string, file: string): Request {
  const line = text.split('\n').find((candidate) => candidate.startsWith(prefix));
  if (line === undefined)
    throw refused(`${file} has no line that begins with "${prefix.trim()}": from-c did not make it`);
  const { header, structs, include = [], define = [], ...others } = parse(line.slice(prefix.length), file);
  if (
    typeof header !== 'string' ||
    !isTexts(structs) ||
    structs.length === 0 ||
    !isTexts(include) ||
    !isTexts(define)
  ) {
    throw refused(`${file} does not say from which header and structs it was made`);
  }
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw refused(`${file} was made with ${unknown}, which this version does not know`);
  return { header, structs, include, define };
}

function parse(json: string, file: string): { readonly [key: string]: unknown } {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === 'object' && value !== null) return { ...value };
  } catch (cause) {
    throw refused(`${file} does not say how it was made: its line "${prefix.trim()}" is no JSON`, cause);
  }
  throw refused(`${file} does not say how it was made: its line "${prefix.trim()}" has no object`);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((element) => typeof element === 'string');
}

function refused(detail: string, cause?: unknown): IsthmusError {
  return new IsthmusError('INVALID_ARGUMENT', { detail, cause });
}
