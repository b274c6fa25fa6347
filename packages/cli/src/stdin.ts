import { addAbortSignal, type Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

/** All of stdin, as text. @param signal Ends the waiting for it: whatever was read is given up. */
export function readIn(signal: AbortSignal, input: Readable = process.stdin): Promise<string> {
  return text(addAbortSignal(signal, input));
}
