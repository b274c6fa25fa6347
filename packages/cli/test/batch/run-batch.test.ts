import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { IsthmusError } from '@isthmus/schema';
import fc from 'fast-check';
import type { Row } from '../../src/batch/rows.ts';
import { type BatchOptions, runBatch } from '../../src/batch/run-batch.ts';
import { eventually } from '../fixtures/eventually.ts';

interface Given extends Partial<BatchOptions> {
  readonly values?: readonly unknown[];
  readonly given?: readonly Row[];
}

async function batch({ values = [], given, ...options }: Given) {
  const rows = given ?? values.map((value, index): Row => ({ line: index + 1, value, error: undefined }));
  let written = '';
  const errors: [number, string][] = [];
  async function* source() {
    for (let start = 0; start < rows.length; start += 7) {
      await turn();
      yield rows.slice(start, start + 7);
    }
  }
  const summary = await runBatch({
    rows: source(),
    call: async (value) => JSON.stringify(value),
    write: async (text) => {
      await turn();
      written += text;
    },
    inFlight: 4,
    failFast: false,
    signal: new AbortController().signal,
    onError: (line, error) => errors.push([line, error.code]),
    ...options,
  });
  return { summary, errors, lines: written.split('\n').slice(0, -1), text: written };
}

test('outputs come in the order of the inputs, whatever order the replies come in', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(3), { maxLength: 60 }),
      fc.integer({ min: 1, max: 9 }),
      async (turns, inFlight) => {
        const { lines, summary } = await batch({
          values: turns.map((count, index) => ({ count, index })),
          inFlight,
          call: async (value) => {
            for (let left = turns[Number(Reflect.get(Object(value), 'index'))] ?? 0; left > 0; left -= 1) await turn();
            return JSON.stringify(value);
          },
        });
        assert.deepEqual(
          lines.map((line) => JSON.parse(line).index),
          turns.map((_, index) => index),
        );
        assert.equal(summary.rows, turns.length);
        assert.ok(summary.complete);
      },
    ),
    { numRuns: 50 },
  );
});

test('never more calls in flight than allowed, and as many as allowed', async () => {
  let now = 0;
  let most = 0;
  await batch({
    values: Array.from({ length: 100 }, (_, index) => index),
    inFlight: 8,
    call: async (value) => {
      now += 1;
      most = Math.max(most, now);
      await sleep(5);
      now -= 1;
      return JSON.stringify(value);
    },
  });
  assert.equal(most, 8);
});

test('one slow row holds back the results after it, but only a bounded number of them', async () => {
  const release = Promise.withResolvers<void>();
  let started = 0;
  const running = batch({
    values: Array.from({ length: 1000 }, (_, index) => index),
    inFlight: 4,
    call: async (value) => {
      started += 1;
      if (value === 0) await release.promise;
      return JSON.stringify(value);
    },
  });
  await eventually(() => (started >= 4 * 16 ? true : undefined));
  await sleep(100);
  assert.equal(started, 4 * 16);
  release.resolve();
  assert.equal((await running).lines.length, 1000);
});

test('a row that fails has its error in its place, and the rest goes on', async () => {
  const refusal = new IsthmusError('HANDLER_REFUSED', { detail: 'too low', handlerCode: 1, handlerError: 'low' });
  const invalid = new IsthmusError('INVALID_INPUT', { fields: [{ pointer: '/a', message: 'is missing' }] });
  const bad: Row = { line: 3, value: undefined, error: new IsthmusError('MALFORMED_BODY', { detail: 'no JSON' }) };
  const rows = [1, 2, 3, 4, 5].map((line): Row => (line === 3 ? bad : { line, value: line, error: undefined }));
  const { lines, errors, summary } = await batch({
    given: rows,
    call: async (value) => {
      if (value === 2) throw refusal;
      if (value === 4) throw invalid;
      return JSON.stringify(value);
    },
  });
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)),
    [
      1,
      { error: { code: 'HANDLER_REFUSED', detail: 'too low', line: 2, handlerCode: 1, handlerError: 'low' } },
      { error: { code: 'MALFORMED_BODY', detail: 'no JSON', line: 3 } },
      {
        error: {
          code: 'INVALID_INPUT',
          detail: 'the input does not fit the schema',
          line: 4,
          fields: [{ pointer: '/a', message: 'is missing' }],
        },
      },
      5,
    ],
  );
  assert.deepEqual(
    new Map(errors),
    new Map([
      [2, 'HANDLER_REFUSED'],
      [3, 'MALFORMED_BODY'],
      [4, 'INVALID_INPUT'],
    ]),
  );
  assert.equal(summary.errors, 3);
  assert.equal(summary.latency.count, 4);
});

test('fail-fast stops at the first error, and says the batch is not complete', async () => {
  let calls = 0;
  const { summary, errors } = await batch({
    values: Array.from({ length: 1000 }, (_, index) => index),
    failFast: true,
    call: async (value) => {
      calls += 1;
      if (value === 10) throw new IsthmusError('HANDLER_REFUSED');
      return JSON.stringify(value);
    },
  });
  assert.deepEqual(errors, [[11, 'HANDLER_REFUSED']]);
  assert.ok(calls < 30, `${calls} calls were made`);
  assert.equal(summary.complete, false);
});

test('fail-fast waits for the calls in flight before it ends', async () => {
  let inFlight = 0;
  const { summary } = await batch({
    values: [1, 2, 3, 4, 5, 6],
    failFast: true,
    call: async (value) => {
      inFlight += 1;
      await sleep(value === 1 ? 5 : 30);
      inFlight -= 1;
      if (value === 1) throw new IsthmusError('HANDLER_REFUSED');
      return JSON.stringify(value);
    },
  });
  assert.equal(inFlight, 0);
  assert.equal(summary.complete, false);
});

test('a signal ends it, even while every call hangs', async () => {
  const controller = new AbortController();
  const running = batch({
    values: [1, 2, 3, 4, 5, 6, 7, 8],
    call: () => new Promise(() => {}),
    signal: controller.signal,
  });
  await sleep(20);
  controller.abort();
  assert.equal((await running).summary.complete, false);
});

test('nothing in is nothing out', async () => {
  const { text, summary } = await batch({ values: [] });
  assert.equal(text, '');
  assert.equal(summary.rows, 0);
});

test('an error of write ends the batch with it', async () => {
  const write = async () => {
    throw new Error('disk full');
  };
  await assert.rejects(batch({ values: [1, 2, 3], write }), /disk full/);
});
