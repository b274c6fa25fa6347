import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SectionResult } from '../../../benchmarks/harness/results.ts';
import { closed, open, renderHttp } from '../../../benchmarks/http/render.ts';

const times = { p50Ns: 1e6, p99Ns: 5e6, p999Ns: 9e6 };

function figuresOf(contestant: string, at: SectionResult['figures'][number]['at'], values: Record<string, number>) {
  return Object.entries(values).map(([measure, value]) => ({ contestant, measure, at, rounds: [value, value * 2] }));
}

const result: SectionResult = {
  contestants: [
    { name: 'gateway', kind: 'isthmus', what: 'the gateway' },
    { name: 'Gin cgo', kind: 'in process', what: 'Gin' },
    { name: 'absent', kind: 'peer', what: 'one that failed' },
  ],
  rounds: 2,
  ms: 1000,
  figures: [
    ...figuresOf('gateway', closed, { requestsPerSecond: 10_000, requestsPerCpuSecond: 11_000, ...times }),
    ...figuresOf('Gin cgo', closed, { requestsPerSecond: 40_000, requestsPerCpuSecond: 44_000, ...times }),
    ...[25, 50].flatMap((percent) =>
      figuresOf('gateway', open(percent), { ratePerSecond: percent * 100, unanswered: 0, ...times }),
    ),
  ],
  gaps: [],
  failures: [{ contestant: 'absent', at: closed, why: 'it failed' }],
  stolen: { again: 0, kept: 0 },
};

test('the tables have every figure, and ratios within a round', () => {
  const { markdown } = renderHttp(result);
  assert.match(markdown, /^\| gateway +\| 20,000 \(10,000 to 20,000\) +\| 1 \(1 to 1\) +\| 22,000 /m);
  assert.match(markdown, /^\| Gin cgo +\| 80,000 \(40,000 to 80,000\) +\| 0\.25 \(0\.25 to 0\.25\) /m);
  assert.match(markdown, /^### At 50 % of the gateway's rate: 10,000 requests\/s$/m);
  assert.doesNotMatch(markdown, /absent/);
});

test('the plots have whom the tables have', () => {
  const { plots, markdown } = renderHttp(result);
  assert.deepEqual(Object.keys(plots), ['http-requests.svg', 'http-tail.svg']);
  for (const name of Object.keys(plots)) assert.ok(markdown.includes(`](${name})`));
  assert.match(plots['http-requests.svg'] ?? '', /Gin cgo.*gateway/s);
  assert.match(plots['http-tail.svg'] ?? '', />gateway</);
});

test('of a run in which nothing was measured there is no plot', () => {
  const { plots } = renderHttp({ ...result, figures: [] });
  assert.deepEqual(plots, {});
});
