import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatTraceparent, traceContextOf } from '../../src/http/trace-context.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const parentId = '00f067aa0ba902b7';

test('takes over a valid trace, of this version or a later one', () => {
  for (const header of [
    `00-${traceId}-${parentId}-01`,
    `cc-${traceId}-${parentId}-01`,
    `01-${traceId}-${parentId}-01-more`,
  ]) {
    const trace = traceContextOf(header);
    assert.equal(trace.traceId, traceId);
    assert.equal(trace.parentId, parentId);
    assert.equal(trace.sampled, true);
    assert.match(trace.spanId, /^[0-9a-f]{16}$/);
    assert.equal(formatTraceparent(trace), `00-${traceId}-${trace.spanId}-01`);
  }
});

test('only the sampled flag is passed on', () => {
  assert.equal(traceContextOf(`00-${traceId}-${parentId}-00`).sampled, false);
  assert.equal(traceContextOf(`00-${traceId}-${parentId}-02`).sampled, false);
  assert.equal(traceContextOf(`00-${traceId}-${parentId}-ff`).sampled, true);
});

test('begins a new trace where there is none that is valid', () => {
  const invalid = [
    undefined,
    '',
    'nonsense',
    `00-${traceId}-${parentId}`,
    `00-${traceId}-${parentId}-1`,
    `00-${traceId}-${parentId}-01-more`,
    `00-${traceId}-${parentId}-01, 00-${traceId}-${parentId}-01`,
    `ff-${traceId}-${parentId}-01`,
    `00-${traceId.toUpperCase()}-${parentId}-01`,
    `00-${'0'.repeat(32)}-${parentId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId.slice(1)}-${parentId}-01`,
    `01-${traceId}-${parentId}-01more`,
  ];
  for (const header of invalid) {
    const trace = traceContextOf(header);
    assert.match(trace.traceId, /^[0-9a-f]{32}$/, header);
    assert.notEqual(trace.traceId, traceId, header);
    assert.equal(trace.parentId, undefined, header);
    assert.equal(trace.sampled, false, header);
  }
});

test('ids do not repeat', () => {
  const ids = new Set<string>();
  for (let i = 0; i < 5000; i++) {
    const trace = traceContextOf(undefined);
    ids.add(trace.traceId).add(trace.spanId);
  }
  assert.equal(ids.size, 10_000);
});
