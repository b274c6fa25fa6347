/**
 * The load of load.c from Node: a client of siege.schema.ts that checks whatever it gets, in rounds. Each round calls in every way
 * there is, and reads and writes regions; every third ends its connection.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, connect, type ErrorCode, IsthmusError, type Stamp } from '@isthmus/core';
import { eventually } from '../support/eventually.ts';
import { type Ledger, numbersPerClient } from './ledger.ts';
import { siege } from './siege.schema.ts';

const works = 16;
const laters = 4;
const agains = 2;
const notes = 3;
const parts = 24;
const partBytes = 700;
/** So that padding is needed now and then. */
const longBytes = 6000;
const ringBytes = 16_384;
const roundsPerConnection = 3;
/** After its deadline, on a machine that does other things. */
const marginMs = 30_000;
/** Rows of the board: the first ones are the instance's. Each client has some to itself. */
const firstKey = 16;
const keys = 3;
const clientsWithKeys = 1000;

/** Of a call that was surely never executed. */
const refusals: readonly ErrorCode[] = ['NO_INSTANCE', 'INSTANCE_DRAINING', 'RING_FULL', 'TOO_MANY_CALLS'];
const lateness: readonly ErrorCode[] = ['DEADLINE_EXCEEDED', 'HANDSHAKE_TIMEOUT', 'RING_FULL', 'TOO_MANY_CALLS'];

export interface LoadOptions {
  readonly path: string;
  readonly ledger: Ledger;
  /** Of the calls; the first of `numbersPerClient`. */
  readonly firstNumber: number;
  readonly timeoutMs: number;
  /** A call that reaches its deadline, or a handshake that does, is a failure. */
  readonly patient: boolean;
}

export class Load {
  readonly outcomes: Record<string, number> = {};
  calls = 0;
  readonly #options: LoadOptions;
  readonly #refused: number[] = [];
  #client: Client<typeof siege> | undefined;
  #number: number;
  #round = 0;
  #disturbed = false;
  #descriptors: number | undefined;
  /** The newest gauge that was seen of each owner. */
  readonly #newest = new Map<bigint, bigint>();

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#number = options.firstNumber;
  }

  /** Whether there are numbers left for another round. */
  get hasNumbers(): boolean {
    return this.#number < this.#options.firstNumber + numbersPerClient - 100;
  }

  /** One round: true if nothing went wrong in it. Throws where something was not as promised. */
  async round(): Promise<boolean> {
    this.#disturbed = false;
    this.#round += 1;
    this.#client ??= await this.#connect();
    if (this.#client === undefined) return false;
    const first = this.#number;
    const answered = await this.#makeCalls(this.#client);
    const executions = this.#options.ledger.executions(first, this.#number - first);
    for (const [number, times] of answered) assert.equal(executions[number - first], times, `executions of ${number}`);
    await this.#checkRegions(this.#client);
    if (this.#disturbed || this.#round % roundsPerConnection === 0) await this.#disconnect();
    return !this.#disturbed;
  }

  /** Closes the connection, and checks that nothing is left of it. */
  async end(): Promise<void> {
    await this.#disconnect();
    for (const number of this.#refused) {
      assert.equal(this.#options.ledger.executions(number, 1)[0], 0, `${number} was refused, and executed`);
    }
  }

  async #connect(): Promise<Client<typeof siege> | undefined> {
    const { path, timeoutMs } = this.#options;
    const streamWindowBytes = 4096;
    const rings = { requestRingBytes: ringBytes, replyRingBytes: ringBytes, streamWindowBytes };
    const times = { timeoutMs, patienceMs: timeoutMs, connectTimeoutMs: timeoutMs };
    try {
      return await connect(siege, { path, wait: 'block', ...rings, ...times });
    } catch (error) {
      this.#count(this.#codeOf(error));
      await sleep(2);
      return undefined;
    }
  }

  async #disconnect(): Promise<void> {
    await this.#client?.$close();
    this.#client = undefined;
    await eventually('no segment is mapped', () => countSegments() === 0, marginMs);
    this.#descriptors ??= countDescriptors();
    const descriptors = this.#descriptors;
    await eventually('no descriptor is left open', () => countDescriptors() <= descriptors, marginMs);
  }

  /** Resolves with the calls that were answered, each with how often it must have been executed. */
  async #makeCalls(client: Client<typeof siege>): Promise<(readonly [number, number])[]> {
    const answered: (readonly [number, number])[] = [];
    const one = async (times: number, call: (number: number) => Promise<void>): Promise<void> => {
      const number = this.#number++;
      if (await this.#call(number, () => call(number))) answered.push([number, times]);
    };
    const work = (method: 'work' | 'later' | 'again') => async (number: number) => {
      const size = number % 24 === 0 ? longBytes : (number * 97) % 1500;
      const reply = await client[method]({ number, content: contentOf(number, size) });
      assert.equal(reply.number, number);
      assertContent(reply.content, number, size, true);
    };
    const deliver = (most: number) => async (number: number) => {
      let index = 0;
      for await (const part of client.deliver({ number, parts, bytes: partBytes })) {
        assert.deepEqual([part.number, part.index], [number, index]);
        assertContent(part.content, number + index, partBytes, false);
        index += 1;
        if (index === most) break;
      }
      assert.equal(index, most);
    };
    const notify = async (): Promise<void> => {
      const number = this.#number++;
      await this.#call(number, () => client.note({ number }));
    };
    await Promise.all([
      ...times(works, () => one(1, work('work'))),
      ...times(laters, () => one(1, work('later'))),
      ...times(agains, () => one(0, work('again'))),
      one(1, deliver(parts)),
      one(1, deliver(3)),
      ...times(notes, notify),
    ]);
    return answered;
  }

  /** Makes a call, and counts its outcome: true if it is a good one. */
  async #call(number: number | undefined, make: () => Promise<unknown>): Promise<boolean> {
    const begun = performance.now();
    this.calls += 1;
    let code: ErrorCode | 'OK' = 'OK';
    try {
      await make();
    } catch (error) {
      code = this.#codeOf(error);
      if (number !== undefined && refusals.includes(code)) this.#refused.push(number);
    }
    // Each reply has the whole time to itself.
    const mostMs = this.#options.timeoutMs * parts + marginMs;
    assert.ok(performance.now() - begun < mostMs, `call ${number} ended after ${performance.now() - begun} ms`);
    this.#count(code);
    return code === 'OK';
  }

  async #checkRegions(client: Client<typeof siege>): Promise<void> {
    await this.#checkWatch(client);
    await this.#region(async () => {
      const { epoch, value } = client.gauge.read();
      this.#assertGauge(epoch, value);
    });
    await this.#region(async () => {
      for (const { value } of client.tally.rows()) assertDigits(value);
      for (const { value } of client.board.rows()) assertDigits(value);
    });
    await this.#region(async () => {
      const { firstNumber } = this.#options;
      const mine = Math.floor(firstNumber / numbersPerClient) % clientsWithKeys;
      const number = BigInt(this.#number);
      const key = firstKey + mine * keys + (this.#number % keys);
      const digits = Array.from({ length: 6 }, (_, index) => number * BigInt(index + 1));
      const written = client.board.write({ key, owner: firstNumber, number, digits });
      const read = client.board.read(key);
      // Another instance may have taken its place in between.
      if (read.epoch === written.epoch) assert.equal(read.value.number, number);
    });
  }

  /** What the owner writes is told to who watches. */
  async #checkWatch({ gauge, touch }: Client<typeof siege>): Promise<void> {
    let after: Stamp | undefined;
    await this.#region(async () => {
      after = gauge.read();
    });
    const untouched = new AbortController();
    const signal = AbortSignal.any([untouched.signal, AbortSignal.timeout(this.#options.timeoutMs)]);
    const watch = gauge.watch({ signal, after });
    const touching = this.#call(undefined, () => touch()).then((touched) => {
      if (!touched) untouched.abort();
    });
    try {
      const { value } = await watch.next();
      if (value !== undefined) this.#assertGauge(value.epoch, value.value);
    } catch (error) {
      const cancelled = error instanceof IsthmusError && error.code === 'CANCELLED';
      if (!cancelled || (this.#options.patient && !untouched.signal.aborted)) throw error;
    }
    await touching;
    await watch.return(undefined);
  }

  /** Something with a region: whoever is stopped while he writes the board may keep others from writing it. */
  async #region(use: () => Promise<void>): Promise<void> {
    try {
      await use();
    } catch (error) {
      if (!(error instanceof IsthmusError)) throw error;
      if (error.code === 'LOCK_TIMEOUT') return;
      // The owner has gone, or a new one has written nothing yet.
      const codes: readonly ErrorCode[] = ['NO_INSTANCE', 'REGION_EMPTY', 'UNKNOWN_ROW'];
      if (!codes.includes(error.code)) throw error;
      this.#count(error.code);
    }
  }

  #assertGauge(epoch: bigint, value: { readonly number: bigint; readonly digits: readonly bigint[] }): void {
    assertDigits(value);
    assert.ok(value.number >= (this.#newest.get(epoch) ?? 0n), 'an older value came back');
    this.#newest.set(epoch, value.number);
  }

  #count(code: ErrorCode | 'OK'): void {
    this.outcomes[code] = (this.outcomes[code] ?? 0) + 1;
    if (code !== 'OK') this.#disturbed = true;
  }

  /** What a call may end with while instances are killed and stopped; all else is a failure. */
  #codeOf(error: unknown): ErrorCode {
    if (!(error instanceof IsthmusError)) throw error;
    const { code } = error;
    const fine = code === 'INSTANCE_LOST' || code === 'NO_INSTANCE' || code === 'INSTANCE_DRAINING';
    if (fine || (lateness.includes(code) && !this.#options.patient)) return code;
    throw error;
  }
}

function times(count: number, make: () => Promise<void>): Promise<void>[] {
  return Array.from({ length: count }, make);
}

function contentAt(number: number, index: number): number {
  return (number * 31 + Math.floor(number / 256) + index * 7) & 0xff;
}

function contentOf(number: number, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, index) => contentAt(number, index));
}

function assertContent(content: Uint8Array, number: number, size: number, inverted: boolean): void {
  assert.equal(content.length, size);
  const flip = inverted ? 0xff : 0;
  for (const [index, byte] of content.entries()) {
    if (byte !== (contentAt(number, index) ^ flip)) assert.fail(`call ${number}: byte ${index} is wrong`);
  }
}

function assertDigits({ number, digits }: { readonly number: bigint; readonly digits: readonly bigint[] }): void {
  for (const [index, digit] of digits.entries()) assert.equal(digit, number * BigInt(index + 1), 'a value is torn');
}

function countSegments(): number {
  return readFileSync('/proc/self/maps', 'utf8').split('/memfd:isthmus').length - 1;
}

function countDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}
