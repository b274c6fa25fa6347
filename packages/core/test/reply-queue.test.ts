import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { IsthmusError } from '@isthmus/schema';
import fc from 'fast-check';
import { ReplyQueue } from '../src/reply-queue.ts';

const windowBytes = 800;

/** A queue, and what it told the side that the replies come from. */
function makeQueue() {
  const told = { credit: [] as number[], idle: 0 };
  const queue = new ReplyQueue(windowBytes, {
    credit: (bytes) => told.credit.push(bytes),
    countIdle: (change) => {
      told.idle += change;
    },
  });
  return { queue, told };
}

const asker = {};
const reply = (value: unknown) => ({ value, done: false });
const end = { value: undefined, done: true };
const lost = new IsthmusError('INSTANCE_LOST');

describe('a queue of replies', () => {
  it('gives them in order, whether they are asked for before or after they come', async () => {
    const { queue } = makeQueue();
    const early = [queue.next(asker), queue.next(asker)];
    for (const value of [1, 2, 3, 4]) queue.push(value, 64);
    const late = [queue.next(asker), queue.next(asker), queue.next(asker)];
    queue.end();
    assert.deepEqual(await Promise.all([...early, ...late]), [reply(1), reply(2), reply(3), reply(4), end]);
    assert.deepEqual(await queue.next(asker), end);
  });

  it('gives all that came before an error, the error once, and then the end', async () => {
    const { queue } = makeQueue();
    queue.push(1, 64);
    queue.end(lost);
    queue.end(new IsthmusError('CANCELLED'));
    assert.deepEqual(await queue.next(asker), reply(1));
    await assert.rejects(queue.next(asker), lost);
    assert.deepEqual(await queue.next(asker), end);
  });

  it('gives an error to the first who waits, and the end to the others', async () => {
    const { queue } = makeQueue();
    const waiting = [1, 2, 3].map(() => queue.next(asker));
    queue.end(lost);
    const outcomes = await Promise.allSettled(waiting);
    assert.deepEqual(outcomes, [
      { status: 'rejected', reason: lost },
      { status: 'fulfilled', value: end },
      { status: 'fulfilled', value: end },
    ]);
    assert.deepEqual(await queue.next(asker), end);
  });

  it('drops what has come when it is cut', async () => {
    const { queue } = makeQueue();
    queue.push(1, 64);
    queue.cut(lost);
    await assert.rejects(queue.next(asker), lost);
    const { queue: other } = makeQueue();
    other.push(1, 64);
    other.cut();
    assert.deepEqual(await other.next(asker), end);
  });

  it('says whether a reply has come', () => {
    const { queue } = makeQueue();
    assert.equal(queue.answered, false);
    queue.push(1, 64);
    assert.equal(queue.answered, true);
  });

  it('gives credit only for what was taken, in pieces, and keeps back less than an eighth of the window', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ credit: fc.integer({ min: 64, max: 500 }), asked: fc.boolean() }), { maxLength: 60 }),
        async (steps) => {
          const { queue, told } = makeQueue();
          const arrived: number[] = [];
          let taken = 0;
          let waiting = 0;
          for (const { credit, asked } of steps) {
            if (asked) {
              void queue.next(asker);
              const next = arrived.shift();
              if (next === undefined) waiting += 1;
              else taken += next;
            }
            queue.push(0, credit);
            if (waiting > 0) {
              waiting -= 1;
              taken += credit;
            } else {
              arrived.push(credit);
            }
            const given = told.credit.reduce((sum, bytes) => sum + bytes, 0);
            assert.ok(given <= taken && taken - given < windowBytes / 8, `${given} of ${taken}`);
            assert.ok(told.credit.every((bytes) => bytes >= windowBytes / 8));
          }
        },
      ),
    );
  });

  it('is idle while its call goes on and nobody waits, and never after', async () => {
    const { queue, told } = makeQueue();
    const first = queue.next(asker);
    assert.equal(told.idle, 0);
    queue.push(1, 64);
    await first;
    assert.equal(told.idle, 1);
    queue.push(2, 64);
    await queue.next(asker);
    assert.equal(told.idle, 1);
    const third = queue.next(asker);
    assert.equal(told.idle, 0);
    queue.push(3, 64);
    await third;
    assert.equal(told.idle, 1);
    queue.end();
    assert.equal(told.idle, 0);
    await queue.next(asker);
    assert.equal(told.idle, 0);
  });

  it('gives no credit for a call that has ended', async () => {
    const { queue, told } = makeQueue();
    queue.push(1, 700);
    queue.end();
    assert.deepEqual(await queue.next(asker), reply(1));
    assert.deepEqual(told.credit, []);
  });
});
