/**
 * The peers between native programs: server and client keep to the benchmarks' protocol, and leave nothing behind. Those in Rust and
 * Java take minutes to build the first time: they run with ISTHMUS_BENCH_PEERS=1.
 */
import { test } from 'node:test';
import { native } from '../../benchmarks/hop/contestants/native.ts';
import { assertLeavesNothing, assertMeasures } from './support/contestants.ts';

const inC = new Set(['Unix socket, C to C']);
const withAll = process.env.ISTHMUS_BENCH_PEERS === '1';

for (const contestant of native) {
  const { name } = contestant;
  const why =
    contestant.missing() ?? (withAll || inC.has(name) ? undefined : 'it takes long to build: ISTHMUS_BENCH_PEERS=1');
  const options = why === undefined ? {} : { skip: why };
  test(`${name} echoes, one at a time and more`, options, async () => {
    contestant.build?.();
    for (const bytes of [64, 1024, 65_536, 2 ** 20, 2 ** 24]) {
      await assertMeasures(contestant, { bytes, inFlight: 1 });
      await assertMeasures(contestant, { bytes, inFlight: bytes > 65_536 ? 2 : 64 });
    }
    await assertMeasures(contestant, { bytes: 64, inFlight: 1024 });
  });
  test(`${name} ends with a server that is killed`, options, async () => {
    contestant.build?.();
    await assertLeavesNothing(contestant);
  });
}
