import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FigureBook } from '../../benchmarks/harness/figures.ts';
import { ringBytesOf } from '../../benchmarks/hop/contestants/isthmus.ts';
import { measuredOf } from '../../benchmarks/hop/measure.ts';
import { outcomeText, placeText, renderHop } from '../../benchmarks/hop/render.ts';

const small = { bytes: 64, inFlight: 1 };
const large = { bytes: 2 ** 20, inFlight: 1 };

test('the tables have every contestant in its place, and why one has no figure', () => {
  const book = new FigureBook(1);
  const cpu = { clientCpuNs: 500, serverCpuNs: 1500 };
  book.add('L', small, 0, { ns: 200, ...cpu });
  book.add('fast', small, 0, { ns: 400, p50Ns: 390, p99Ns: 1000, p999Ns: 2000, ...cpu });
  book.add('fast', large, 0, { ns: 2 ** 20, ...cpu });
  book.add('adaptive', { channels: 64 }, 0, { clientCpuShare: 0.001, serverCpuShare: 0, channelBytes: 2048 });
  book.add('idle gateway', { instances: 2 }, 0, { cpuShare: 0.004 });
  const contestants = [
    { name: 'L', kind: 'limit', what: '' },
    { name: 'fast', kind: 'isthmus', what: '' },
    { name: 'narrow', kind: 'peer', what: '' },
  ];
  const gaps = [
    { contestant: 'L', at: large, why: 'one line' },
    { contestant: 'narrow', at: large, why: 'it takes 1 KiB' },
  ];
  const failures = [{ contestant: 'narrow', at: small, why: 'it broke' }];
  const stolen = { again: 0, kept: 0 };
  const { markdown, plots } = renderHop({ contestants, rounds: 1, ms: 1, figures: book.all, gaps, failures, stolen });
  assert.deepEqual(Object.keys(plots), ['hop-latency.svg']);
  const [, one = '', mib = '', idle = ''] = markdown.split('### ');
  assert.match(one, /^64 B, one at a time\n/);
  assert.match(one, /\| fast +\| 400 ns .*\| 2,500,000 \| 2 +\| 390 ns +\| 1 us +\| 2 us +\| 0.5 +\| 1.5 +\|/);
  assert.match(one, /\| narrow \[1\] +\| - /);
  assert.match(one, /\n1\. it broke\n/);
  assert.match(mib, /\| fast +\| 1.05 ms .*\| 954 +\| 2 +\| - /);
  assert.match(mib, /\n1\. it takes 1 KiB\n/);
  assert.doesNotMatch(mib, /\| L /);
  assert.match(idle, /\| adaptive +\| 0.1 % +\| 0 % +\| 2 KiB +\|/);
  assert.match(idle, /two instances: 0.4 % of a core/);
});

test('places and outcomes in words', () => {
  assert.equal(placeText({ bytes: 1024, inFlight: 1024 }), '1 KiB, 1,024 in flight');
  assert.equal(placeText({ channels: 64 }), '64 channels');
  assert.equal(outcomeText({ ns: 1234 }), '1.23 us a call');
  assert.equal(outcomeText({ cpuShare: 0.5 }), 'cpuShare 0.5');
});

test('a client that prints something else is an error', () => {
  assert.deepEqual(measuredOf('{"calls":2,"ns":10}'), {
    calls: 2,
    ns: 10,
    p50: undefined,
    p99: undefined,
    p999: undefined,
  });
  for (const line of ['{"calls":2}', '{"calls":"2","ns":1}', '{"calls":2,"ns":-1}', '{"calls":2,"ns":1,"p50":"x"}']) {
    assert.throws(() => measuredOf(line), /not what a client prints/);
  }
  assert.throws(() => measuredOf('{"calls":0,"ns":1}'), /no call was made/);
  assert.throws(() => measuredOf('nothing'), SyntaxError);
});

test('a ring holds all that is in flight, and a record is at most half of it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 24 }), fc.integer({ min: 1, max: 8 }), (bytes, inFlight) => {
      const ring = ringBytesOf({ bytes, inFlight });
      const record = Math.ceil((bytes + 64) / 64) * 64;
      return Math.log2(ring) % 1 === 0 && ring >= 2 * record && ring >= (inFlight + 1) * record && ring <= 2 ** 30;
    }),
  );
});
