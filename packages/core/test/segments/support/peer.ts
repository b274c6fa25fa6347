/** Programs that share memory as programs did before there was Isthmus: see peer.c. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { SegmentGuard, SegmentSource } from '@isthmus/core';
import { f64, i32, struct, text, u16, u32 } from '@isthmus/schema';
import { compileProgram } from '../../../../../test/support/compile.ts';
import { within } from '../../../../../test/support/eventually.ts';

/** What lies at `structAt` of the segment. */
export const Boiler = struct(
  'Boiler',
  {
    tag: text(7),
    alarms: u32(),
    pressure: u16({ endian: 'big' }),
    level: f64(),
    setpoint: i32(),
  },
  { packed: true },
);
export const structAt = 128;
const counterAt = 8;
const mutexAt = 64;
export const magic = 'BOIL';

export type Kind = 'systemV' | 'posix' | 'file';
export const guardNames = ['none', 'seqlock', 'posixSemaphore', 'systemVSemaphore', 'mutex', 'flock', 'fcntl'] as const;
export type GuardName = (typeof guardNames)[number];

/** Where a peer's memory is, and how it is guarded. The names are random, so that tests can run beside each other. */
export interface Place {
  readonly kind: Kind;
  readonly source: SegmentSource;
  readonly guard: SegmentGuard | undefined;
  /** Arguments of the program. */
  readonly args: readonly string[];
}

export function randomName(): string {
  return `isth-test-${randomBytes(6).toString('hex')}`;
}

export function randomKey(): number {
  return randomInt(1, 2 ** 31);
}

export function placeOf(kind: Kind, guard: GuardName): Place {
  const key = randomKey();
  const name = randomName();
  const file = join(tmpdir(), name);
  const sources: Record<Kind, SegmentSource> = {
    systemV: { systemV: { key } },
    posix: { posix: `/${name}` },
    file: { file },
  };
  const guardKey = randomKey();
  const guards: Record<GuardName, readonly [SegmentGuard | undefined, string]> = {
    none: [undefined, ''],
    seqlock: [{ seqlock: { offset: counterAt, bytes: 4 } }, ''],
    posixSemaphore: [{ posixSemaphore: `/${name}` }, `/${name}`],
    systemVSemaphore: [{ systemVSemaphore: { key: guardKey, number: 0 } }, `${guardKey}`],
    mutex: [{ mutex: { offset: mutexAt } }, ''],
    flock: [{ flock: file }, file],
    fcntl: [{ fcntl: file }, file],
  };
  const [found, guardName] = guards[guard];
  const path = { systemV: `${key}`, posix: `/${name}`, file }[kind];
  return { kind, source: sources[kind], guard: found, args: [kind, path, guard, guardName] };
}

/** One process. What it made is removed when it is disposed, however it ended. */
export class Peer implements AsyncDisposable {
  readonly place: Place;
  readonly #process: ChildProcess;
  readonly #answers: string[] = [];
  readonly #waiting: ((answer: string) => void)[] = [];

  constructor(place: Place) {
    this.place = place;
    const program = compileProgram('peer', readFileSync(join(import.meta.dirname, 'peer.c'), 'utf8'));
    this.#process = spawn(program, place.args, { stdio: ['pipe', 'pipe', 'inherit'] });
    if (this.#process.stdout === null) throw new Error('the peer has no output');
    createInterface({ input: this.#process.stdout }).on('line', (line) => {
      const waiter = this.#waiting.shift();
      if (waiter === undefined) this.#answers.push(line);
      else waiter(line);
    });
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** Its answer. */
  ask(command: string): Promise<string> {
    this.#process.stdin?.write(`${command}\n`);
    const answer = this.#answers.shift();
    if (answer !== undefined) return Promise.resolve(answer);
    return within(60_000, new Promise((resolve) => this.#waiting.push(resolve)));
  }

  /** Fails unless it did it. */
  async tell(command: string): Promise<void> {
    const answer = await this.ask(command);
    if (answer !== 'ok') throw new Error(`the peer answered ${command} with ${answer}`);
  }

  /** As kill -9. */
  async kill(): Promise<void> {
    const exit = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const exit = once(this.#process, 'exit');
      this.#process.stdin?.end();
      await within(60_000, exit);
    } else {
      // Another one removes what it left.
      const cleaner = new Peer(this.place);
      await cleaner[Symbol.asyncDispose]();
    }
  }
}

/** A peer that has made its segment. */
export async function startPeer(kind: Kind, guard: GuardName): Promise<Peer> {
  const peer = new Peer(placeOf(kind, guard));
  await peer.tell('make');
  return peer;
}
