/** Contestants that need nothing but a C compiler: both programs keep to the protocol, and leave nothing behind. */
import { test } from 'node:test';
import type { Point } from '../../benchmarks/hop/contestant.ts';
import { inProcess } from '../../benchmarks/hop/contestants/in-process.ts';
import { isthmus } from '../../benchmarks/hop/contestants/isthmus.ts';
import { limits } from '../../benchmarks/hop/contestants/limits.ts';
import { sockets } from '../../benchmarks/hop/contestants/sockets.ts';
import { assertLeavesNothing, assertMeasures } from './support/contestants.ts';

const points: readonly Point[] = [
  { bytes: 64, inFlight: 1 },
  { bytes: 64, inFlight: 32 },
  { bytes: 2 ** 20, inFlight: 1 },
  { bytes: 2 ** 20, inFlight: 3 },
];

for (const contestant of [...limits, ...isthmus, ...sockets, ...inProcess]) {
  const why = contestant.missing();
  const options = why === undefined ? {} : { skip: why };
  test(`${contestant.name} measures at each point that it carries`, options, async () => {
    for (const point of points) {
      if (contestant.cannot?.(point) === undefined) await assertMeasures(contestant, point, 5);
    }
  });
  if (contestant.server === undefined) continue;
  test(`${contestant.name} ends with a server that is killed`, options, () => assertLeavesNothing(contestant));
}
