import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '@isthmus/core';
import { call, IsthmusError, service } from '@isthmus/schema';
import { compileService } from '../../../../test/support/compile.ts';
import { eventually } from '../../../../test/support/eventually.ts';
import { startInstance } from '../../../../test/support/instance.ts';
import { TemporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { type LivenessOptions, type Pingable, watchLiveness } from '../../src/supervisor/liveness.ts';
import { describeThreads } from '../../src/supervisor/stack.ts';

/** Longer than any machine is held up. */
const patientMs = 60_000;
/** Of a ping whose answer does not matter: it comes at once. */
const timeoutMs = 10;

type Answer = readonly (number | undefined)[];

/** Instances that answer as they are told; each answer is one of their lanes' times. */
class FakeClient implements Pingable {
  readonly #instances = new Map<string, { pid: number; draining: boolean; answer: () => Answer | Promise<Answer> }>();
  readonly pinged: string[] = [];
  /** Pings that are under way, by path, and the most there have been. */
  readonly #underWay = new Map<string, number>();
  most = 0;

  put(path: string, pid: number, answer: () => Answer | Promise<Answer>, draining = false): void {
    this.#instances.set(path, { pid, draining, answer });
  }

  remove(path: string): void {
    this.#instances.delete(path);
  }

  get $instances() {
    return [...this.#instances].map(([path, { pid, draining }]) => ({ path, pid, draining }));
  }

  async $ping({ path }: { readonly path: string }) {
    const instance = this.#instances.get(path);
    if (instance === undefined) return [];
    const { pid } = instance;
    this.pinged.push(path);
    const underWay = (this.#underWay.get(path) ?? 0) + 1;
    this.#underWay.set(path, underWay);
    this.most = Math.max(this.most, underWay);
    const answer = await instance.answer();
    this.#underWay.set(path, underWay - 1);
    return [{ path, pid, lanes: answer.map((ms, lane) => ({ lane, ms })) }];
  }
}

/** Watches, and notes what it is told as `PID: LANES`. */
function watch(client: Pingable, options: Partial<LivenessOptions> = {}) {
  const told: string[] = [];
  const watching = watchLiveness({
    client,
    intervalMs: 1,
    timeoutMs,
    onStuck: ({ pid }, lanes) => {
      told.push(`${pid}: ${lanes.join()}`);
    },
    ...options,
  });
  return { told, [Symbol.asyncDispose]: () => watching.stop() };
}

describe('watchLiveness', () => {
  it('asks again and again, and tells of nobody who answers', async () => {
    const client = new FakeClient();
    client.put('a', 1, () => [0.1, 5]);
    client.put('b', 2, () => [0.1]);
    await using watching = watch(client);
    await eventually('many pings', () => ['a', 'b'].every((a) => client.pinged.filter((b) => a === b).length > 20));
    assert.deepEqual(watching.told, []);
    assert.equal(client.most, 1);
  });

  it('tells once of each lane that does not answer, and again if it has answered meanwhile', async () => {
    const client = new FakeClient();
    let answer: Answer = [undefined, 1];
    client.put('a', 1, () => answer);
    await using watching = watch(client);
    const pingMore = async (): Promise<void> => {
      const count = client.pinged.length;
      await eventually('more pings', () => client.pinged.length > count + 10);
    };
    await pingMore();
    assert.deepEqual(watching.told, ['1: 0']);
    answer = [undefined, undefined];
    await pingMore();
    assert.deepEqual(watching.told, ['1: 0', '1: 1']);
    answer = [1, undefined];
    await pingMore();
    answer = [undefined, undefined];
    await pingMore();
    assert.deepEqual(watching.told, ['1: 0', '1: 1', '1: 0']);
  });

  it('asks twice before it tells', async () => {
    const client = new FakeClient();
    let count = 0;
    client.put('a', 1, () => [count++ % 2 === 0 ? undefined : 1]);
    await using watching = watch(client);
    await eventually('many pings', () => client.pinged.length > 40);
    assert.deepEqual(watching.told, []);
  });

  it('believes nothing where it was held up itself', async () => {
    const client = new FakeClient();
    let late = 3;
    client.put('a', 1, async () => {
      // As if this process had been stopped while the time of the ping passed.
      if (late-- > 0) await sleep(1100 + timeoutMs);
      return [undefined];
    });
    await using watching = watch(client);
    await eventually('late answers', () => client.pinged.length === 3 && late === 0);
    assert.deepEqual(watching.told, []);
    await eventually('what then is true', () => watching.told.length === 1);
  });

  it('lets no instance wait for another', async () => {
    const client = new FakeClient();
    client.put('hung', 1, () => new Promise(() => {}));
    client.put('a', 2, () => [undefined]);
    await using watching = watch(client);
    await eventually('the other', () => watching.told.length === 1);
    assert.deepEqual(watching.told, ['2: 0']);
    assert.equal(client.pinged.filter((path) => path === 'hung').length, 1);
  });

  it('asks nothing of an instance while somebody is told of it', async () => {
    const client = new FakeClient();
    client.put('a', 1, () => [undefined]);
    const { promise, resolve } = Promise.withResolvers<void>();
    let told = 0;
    await using _watching = watch(client, {
      onStuck: () => {
        told += 1;
        return promise;
      },
    });
    await eventually('it being told', () => told === 1);
    const count = client.pinged.length;
    await sleep(30);
    assert.equal(client.pinged.length, count);
    resolve();
    await eventually('more pings', () => client.pinged.length > count + 2);
    assert.equal(told, 1);
  });

  it('asks who comes later, not who drains, and knows who takes a path over', async () => {
    const client = new FakeClient();
    await using watching = watch(client);
    client.put('draining', 1, () => [undefined], true);
    client.put('a', 2, () => [undefined]);
    await eventually('the first', () => watching.told.length === 1);
    client.put('a', 3, () => [undefined]);
    await eventually('the next', () => watching.told.length === 2);
    client.remove('a');
    await sleep(20);
    const count = client.pinged.length;
    await sleep(30);
    assert.equal(client.pinged.length, count);
    assert.deepEqual(watching.told, ['2: 0', '3: 0']);
    assert.ok(!client.pinged.includes('draining'));
  });

  it('stops, also where an answer never comes, or the client is closed', async () => {
    const client = new FakeClient();
    client.put('hung', 1, () => new Promise(() => {}));
    client.put('closed', 2, () => Promise.reject(new IsthmusError('CLOSED')));
    client.put('a', 3, () => [1]);
    const watching = watch(client);
    await eventually('pings', () => client.pinged.length > 10);
    await watching[Symbol.asyncDispose]();
    await watching[Symbol.asyncDispose]();
    await sleep(5);
    const count = client.pinged.length;
    await sleep(30);
    assert.equal(client.pinged.length, count);
  });

  it('finds the one thread of a C program that is in an endless loop', async () => {
    const looping = service('looping', { spin: call({}), note: call({}) });
    const source = `
      #include "looping.h"
      static volatile int leave;
      static void loop_for_ever(void) {
        while (leave == 0) {
        }
      }
      int looping_on_spin(isth_call *call) {
        (void)call;
        loop_for_ever();
        return 0;
      }
      int looping_on_note(isth_call *call) {
        (void)call;
        return 0;
      }
      int main(int argc, char **argv) { return looping_main(argc, argv); }
    `;
    using folder = new TemporaryFolder();
    await using instance = await startInstance(
      compileService(looping, source),
      folder.join('a.sock'),
      '--threads',
      '2',
      '--wait',
      'block',
    );
    await using client = await connect(looping, { path: instance.socket, timeoutMs: patientMs });
    const found: { pid: number; path: string; lanes: readonly number[]; threads: string }[] = [];
    const watching = watchLiveness({
      client,
      intervalMs: 10,
      // Its other thread is not held up for as long as that.
      timeoutMs: 6000,
      onStuck: async ({ pid, path }, lanes) => {
        found.push({ pid, path, lanes, threads: await describeThreads(pid) });
      },
    });
    try {
      const spinning = client.spin();
      spinning.catch(() => undefined);
      await eventually('the thread', () => found.length > 0, patientMs);
      const [{ pid, path, lanes, threads } = { pid: 0, path: '', lanes: [], threads: '' }] = found;
      assert.deepEqual({ pid, path }, { pid: instance.pid, path: instance.socket });
      assert.equal(lanes.length, 1);
      assert.match(threads, /loop_for_ever|state R/);
      instance.kill('SIGKILL');
      await assert.rejects(spinning, { code: 'INSTANCE_LOST' });
    } finally {
      await watching.stop();
    }
  });
});
