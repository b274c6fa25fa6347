/** Reads newline-delimited JSON (NDJSON): https://github.com/ndjson/ndjson-spec. */
import { isUtf8 } from 'node:buffer';
import { type Line, LineSplitter } from '@isthmus/gateway';
import { IsthmusError } from '@isthmus/schema';

/** The longest row, in bytes: more than any struct's JSON form takes. */
export const maxRowBytes = 1024 * 1024;

export interface Row {
  /** From 1. */
  readonly line: number;
  /** The JSON value, or why there is none. */
  readonly value: unknown;
  readonly error: IsthmusError | undefined;
}

/** The rows of a stream, in batches as they arrive. Every line is a row, an empty one too: line N out answers line N in. */
export async function* readRows(stream: AsyncIterable<Buffer>): AsyncGenerator<readonly Row[]> {
  const splitter = new LineSplitter(maxRowBytes);
  let count = 0;
  const rowOf = (line: Line): Row => {
    count += 1;
    return parseRow(line, count);
  };
  for await (const chunk of stream) {
    const lines = splitter.push(chunk);
    if (lines.length > 0) yield lines.map(rowOf);
  }
  const rest = splitter.end();
  if (rest.length > 0) yield rest.map(rowOf);
}

function parseRow({ bytes, truncated }: Line, line: number): Row {
  try {
    if (truncated) throw malformed(`the line is longer than ${maxRowBytes} bytes`);
    if (!isUtf8(bytes)) throw malformed('the line is not UTF-8');
    const text = bytes.toString('utf8');
    // Some programs begin a file with a byte order mark, which JSON does not allow.
    return { line, value: JSON.parse(line === 1 ? text.replace(/^\uFEFF/, '') : text), error: undefined };
  } catch (error) {
    if (error instanceof IsthmusError) return { line, value: undefined, error };
    return { line, value: undefined, error: malformed(error instanceof Error ? error.message : String(error)) };
  }
}

function malformed(detail: string): IsthmusError {
  return new IsthmusError('MALFORMED_BODY', { detail });
}
