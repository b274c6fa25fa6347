/** The whole way in small: compiles a C program, starts it, and calls it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@isthmus/core';
import { validateBridge } from '@isthmus/gateway';
import { call, IsthmusError, i32, service, struct } from '@isthmus/schema';
import { startServices } from '../instances.ts';

const calls = 100;

const Whole = struct('Whole', { value: i32() });
const selftest = service('selftest', { successor: call({ input: Whole, output: Whole, idempotent: true }) });

const source = `#include <selftest.h>

int selftest_on_successor(isth_call *call, const selftest_whole *in, selftest_whole *out)
{
  (void)call;
  out->value = in->value + 1;
  return 0;
}

int main(int argc, char **argv)
{
  return selftest_main(argc, argv);
}
`;

/**
 * Returns the shortest of a few round trips, in microseconds. Leaves nothing behind.
 *
 * @throws IsthmusError that says which step failed.
 */
export async function selfTest(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'isthmus-doctor-'));
  try {
    const file = join(folder, 'selftest.c');
    await writeFile(file, source);
    const settings = validateBridge(
      { services: { selftest: { schema: selftest, sources: [file] } } },
      join(folder, 'doctor'),
    );
    const silent = { info: () => {}, warn: () => {}, error: () => {} };
    await using instances = await startServices(settings, { log: silent });
    await using client = await connect(selftest, { path: instances.pathOf('selftest'), connectTimeoutMs: 5000 });
    let best = Number.POSITIVE_INFINITY;
    for (let value = 0; value < calls; value += 1) {
      const begun = performance.now();
      const reply = await client.successor({ value });
      best = Math.min(best, (performance.now() - begun) * 1000);
      if (reply.value !== value + 1) {
        throw new IsthmusError('INTERNAL', { detail: `the successor of ${value} came back as ${reply.value}` });
      }
    }
    return best;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
