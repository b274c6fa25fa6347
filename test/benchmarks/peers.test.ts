/**
 * The peers that Node reaches: server and client keep to the benchmarks' protocol, and leave nothing behind. Those in Go take minutes
 * to build the first time: they run with ISTHMUS_BENCH_PEERS=1.
 */
import { test } from 'node:test';
import { brokers } from '../../benchmarks/hop/contestants/brokers.ts';
import { grpc } from '../../benchmarks/hop/contestants/grpc.ts';
import { zeromq } from '../../benchmarks/hop/contestants/zeromq.ts';
import { assertLeavesNothing, assertMeasures } from './support/contestants.ts';

const inGo = new Set(['grpc-js', 'NATS', 'Redis lists']);
const withGo = process.env.ISTHMUS_BENCH_PEERS === '1';

for (const contestant of [...grpc, ...zeromq, ...brokers]) {
  const { name } = contestant;
  const why =
    contestant.missing() ?? (inGo.has(name) && !withGo ? 'it is in Go: set ISTHMUS_BENCH_PEERS=1' : undefined);
  const options = why === undefined ? {} : { skip: why };
  test(`${name} echoes, one at a time and more`, options, async () => {
    contestant.build?.();
    await assertMeasures(contestant, { bytes: 64, inFlight: 1 });
    await assertMeasures(contestant, { bytes: 64, inFlight: 32 });
    await assertMeasures(contestant, { bytes: 65_536, inFlight: 8 });
  });
  test(`${name} ends with a server that is killed`, options, async () => {
    contestant.build?.();
    await assertLeavesNothing(contestant);
  });
}
