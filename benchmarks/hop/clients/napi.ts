/** Calls a C function of an addon, in process: `napi.ts ADDON`. */
import { createRequire } from 'node:module';
import { runClient } from './loop.ts';

await runClient(async ({ bytes, rest: [path = ''] }) => {
  const addon: { echo(request: Uint8Array, reply: Uint8Array): void } = createRequire(import.meta.url)(path);
  const reply = Buffer.alloc(bytes);
  return {
    sync: (request) => {
      addon.echo(request, reply);
      return reply;
    },
    close: () => {},
  };
});
