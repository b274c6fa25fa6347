/** The addon that answers quotes in this process: native/addon.c, which section.ts builds. */
import { createRequire } from 'node:module';
import { addonFile } from '../build.ts';

/** Of quote_request and quote_reply in native/quote.h. */
export const requestBytes = 56;
export const replyBytes = 48;

interface Addon {
  bind(request: ArrayBuffer, reply: ArrayBuffer): () => string | undefined;
}

/**
 * Gives the addon the memory of both structs.
 *
 * @returns What answers the request that lies there; the text is why it is refused.
 */
export function bindAddon(request: ArrayBuffer, reply: ArrayBuffer): () => string | undefined {
  const addon: unknown = createRequire(import.meta.url)(addonFile);
  if (!isAddon(addon)) throw new Error(`${addonFile} is not the addon`);
  return addon.bind(request, reply);
}

function isAddon(value: unknown): value is Addon {
  return typeof value === 'object' && value !== null && 'bind' in value && typeof value.bind === 'function';
}
