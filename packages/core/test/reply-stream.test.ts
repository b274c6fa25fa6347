import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { IsthmusError } from '@isthmus/schema';
import { ReplyQueue } from '../src/reply-queue.ts';
import { ReplyStream } from '../src/reply-stream.ts';

/** A stream of a call that begins by giving `values`. */
function makeStream(values: readonly unknown[], ended = false) {
  const events: string[] = [];
  const queue = new ReplyQueue(1024, { credit: () => {}, countIdle: () => {} });
  const stream = new ReplyStream(queue, {
    start: () => {
      events.push('start');
      for (const value of values) queue.push(value, 64);
      if (ended) queue.end();
    },
    cancel: () => {
      events.push('cancel');
      queue.cut();
    },
  });
  return { stream, queue, events };
}

const end = { value: undefined, done: true };

describe('a stream of replies', () => {
  it('makes its call when the first reply is asked for, and once', async () => {
    const { stream, events } = makeStream([1, 2], true);
    assert.deepEqual(events, []);
    const taken: unknown[] = [];
    for await (const value of stream) taken.push(value);
    assert.deepEqual(taken, [1, 2]);
    assert.deepEqual(await stream.next(), end);
    assert.deepEqual(events, ['start']);
  });

  it('ends its call when a loop is left early', async () => {
    const { stream, events } = makeStream([1, 2, 3]);
    for await (const value of stream) if (value === 2) break;
    assert.deepEqual(events, ['start', 'cancel']);
    assert.deepEqual(await stream.next(), end);
  });

  it('ends its call when a loop throws', async () => {
    const { stream, events } = makeStream([1]);
    const mine = new Error('mine');
    const loop = async (): Promise<void> => {
      for await (const _ of stream) throw mine;
    };
    await assert.rejects(loop(), mine);
    assert.deepEqual(events, ['start', 'cancel']);
  });

  it('ends its call by return, throw and disposal, also while somebody waits', async () => {
    const mine = new Error('mine');
    const ways: readonly ((stream: ReplyStream) => Promise<unknown>)[] = [
      (stream) => stream.return(),
      (stream) => assert.rejects(stream.throw(mine), mine),
      (stream) => stream[Symbol.asyncDispose](),
    ];
    for (const way of ways) {
      const { stream, events } = makeStream([]);
      const waiting = [stream.next(), stream.next()];
      await way(stream);
      assert.deepEqual(await Promise.all(waiting), [end, end]);
      assert.deepEqual(events, ['start', 'cancel']);
    }
  });

  it('returns what it is told to return', async () => {
    const { stream } = makeStream([]);
    assert.deepEqual(await stream.return(Promise.resolve(undefined)), end);
  });

  it('makes no call once it was ended before', async () => {
    const { stream, events } = makeStream([1]);
    await stream.return();
    assert.deepEqual(await stream.next(), end);
    assert.deepEqual(events, ['cancel']);
  });

  it('gives a call that could not be made as the error of the first reply', async () => {
    const queue = new ReplyQueue(1024, { credit: () => {}, countIdle: () => {} });
    const stream = new ReplyStream(queue, {
      start: () => {
        throw new IsthmusError('INVALID_ARGUMENT', { detail: 'timeoutMs' });
      },
      cancel: () => queue.cut(),
    });
    await assert.rejects(stream.next(), { code: 'INVALID_ARGUMENT', detail: 'timeoutMs' });
    assert.deepEqual(await stream.next(), end);
  });
});
