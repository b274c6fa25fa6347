import { call, service, struct, u32 } from '@isthmus/schema';

const Job = struct('Job', { microseconds: u32(), number: u32() });
const Done = struct('Done', { number: u32() });

/** A service that takes a known time for each call, and so can serve a known number of them. */
export const work = service('work', { run: call({ input: Job, output: Done, idempotent: true }) });
