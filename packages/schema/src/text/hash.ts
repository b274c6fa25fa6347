import { sha256 } from '@noble/hashes/sha2.js';

/** SHA-256 of a text in UTF-8: 32 bytes. A library's, because browsers have theirs only as a promise. */
export function hashOf(text: string): Uint8Array {
  return sha256(new TextEncoder().encode(text));
}
