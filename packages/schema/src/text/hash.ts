import { createHash } from 'node:crypto';

/** SHA-256 of a text in UTF-8: 32 bytes. */
export function hashOf(text: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(text, 'utf8').digest());
}
