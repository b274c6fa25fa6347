/** Calls a C function of a shared library through koffi, in process: `koffi.ts LIBRARY`. */
import koffi from 'koffi';
import { runClient } from './loop.ts';

await runClient(async ({ bytes, rest: [path = ''] }) => {
  const echo = koffi.load(path).func('void echo(const void *request, void *reply, size_t bytes)');
  const reply = Buffer.alloc(bytes);
  return {
    sync: (request) => {
      echo(request, reply, bytes);
      return reply;
    },
    close: () => {},
  };
});
