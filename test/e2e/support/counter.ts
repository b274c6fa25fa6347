/** A service whose answers say which version and which process gave them. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { call, service, struct, u32 } from '@isthmus/schema';
import { linkPackages } from './bridge.ts';

export const counter = service('counter', {
  // Not idempotent: a call that may have been executed is never tried again.
  count: call({
    input: struct('Count', { number: u32() }),
    output: struct('Counted', { number: u32(), version: u32(), pid: u32() }),
  }),
});

const schemaText = `import { call, service, struct, u32 } from '@isthmus/schema';
export const counter = service('counter', {
  count: call({
    input: struct('Count', { number: u32() }),
    output: struct('Counted', { number: u32(), version: u32(), pid: u32() }),
  }),
});
`;

/** `http`: the keys of that name, as they are written. */
export const configText = (instances: number, http = '{}'): string => `import { defineBridge } from '@isthmus/gateway';
import { counter } from './counter.schema.ts';
export default defineBridge({
  http: ${http},
  services: {
    counter: {
      schema: counter,
      sources: ['counter.c'],
      instances: ${instances},
      timeoutMs: 60_000,
      connectTimeoutMs: 60_000,
      startTimeoutMs: 60_000,
    },
  },
});
`;

/** To be added to a time in ms: a call with that number takes as long. */
export const slowly = 1_000_000_000;

/** Takes a millisecond, so that calls are under way at any moment. */
export const programText = (version: number): string => `#include <time.h>
#include <unistd.h>
#include <counter.h>

int counter_on_count(isth_call *call, const counter_count *in, counter_counted *out) {
  uint32_t ms = in->number < ${slowly}u ? 1 : in->number - ${slowly}u;
  struct timespec time = {ms / 1000, (long)(ms % 1000) * 1000000L};
  (void)call;
  nanosleep(&time, NULL);
  out->number = in->number;
  out->version = ${version};
  out->pid = (uint32_t)getpid();
  return 0;
}

int main(int argc, char **argv) { return counter_main(argc, argv); }
`;

/** Writes a project with version 1 of it into an empty folder. */
export async function writeCounter(folder: string, config: string): Promise<void> {
  await linkPackages(folder);
  const write = (name: string, text: string) => writeFile(join(folder, name), text);
  await write('package.json', '{ "type": "module" }\n');
  await write('counter.schema.ts', schemaText);
  await write('counter.c', programText(1));
  await write('isthmus.config.ts', config);
}
