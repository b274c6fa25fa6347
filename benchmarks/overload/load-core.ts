/**
 * Calls the service from Node at a given rate, and prints how the calls ended. Run by overload.ts.
 * Usage: load-core.ts SOCKET SHED(true|false) MICROSECONDS DEADLINE_MS SECONDS PER_SECOND (0: prints the capacity)
 */
import { connect, IsthmusError } from '@isthmus/core';
import { arrive, capacity } from './arrivals.ts';
import { work } from './work.schema.ts';

const [path = '', shed = '', ...numbers] = process.argv.slice(2);
const [microseconds = 0, deadlineMs = 0, seconds = 0, perSecond = 0] = numbers.map(Number);
const policies = shed === 'true' ? { run: { shed: true } } : undefined;
await using client = await connect(work, { path, policies, wait: 'block' });
let number = 0;
const call = async (timeoutMs: number): Promise<boolean> => {
  number += 1;
  try {
    await client.run({ microseconds, number }, { timeoutMs });
    return true;
  } catch (error) {
    if (error instanceof IsthmusError && error.code !== 'DEADLINE_EXCEEDED') return false;
    throw error;
  }
};
const result =
  perSecond === 0
    ? await capacity(8, seconds, () => call(60_000))
    : await arrive({ perSecond, seconds, deadlineMs }, call);
process.stdout.write(`${JSON.stringify(result)}\n`);
