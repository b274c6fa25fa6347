/** The mathematics of black_scholes.c, called from tests without the bridge between: through the filter math.c. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** An option; `dividendYield` is 0 where it is left out. */
export interface Option {
  readonly kind: 'call' | 'put';
  readonly spot: number;
  readonly strike: number;
  readonly rate: number;
  readonly dividendYield?: number;
  readonly expiry: number;
}

export interface Quote {
  readonly price: number;
  readonly delta: number;
  readonly gamma: number;
  readonly vega: number;
  readonly theta: number;
  readonly rho: number;
}

export interface Implied {
  readonly volatility: number;
  readonly iterations: number;
}

/** What the mathematics declines to answer, with its reason. */
export class Refusal extends Error {}

const sources = ['math.c', '../black_scholes.c'].map((file) => fileURLToPath(new URL(file, import.meta.url)));

/** Compiles the filter, starts it, and answers questions until it is disposed of. */
export class Mathematics implements AsyncDisposable {
  readonly #folder;
  readonly #process;
  readonly #answers;

  private constructor(folder: string, program: string) {
    this.#folder = folder;
    this.#process = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#answers = createInterface(this.#process.stdout)[Symbol.asyncIterator]();
  }

  /** Each caller has a program of its own: test files run at the same time. */
  static async start(): Promise<Mathematics> {
    const folder = await mkdtemp(join(tmpdir(), 'isthmus-math-'));
    const program = join(folder, 'math');
    const flags = ['-std=c11', '-O2', '-Wall', '-Wextra', '-Wpedantic', '-Werror'];
    await promisify(execFile)(process.env.CC ?? 'cc', [...flags, '-o', program, ...sources, '-lm']);
    return new Mathematics(folder, program);
  }

  /** Price and greeks. Throws Refusal with the name of the result that has no finite value. */
  async quote(option: Option, volatility: number): Promise<Quote> {
    return this.#ask('quote', option, volatility, ['price', 'delta', 'gamma', 'vega', 'theta', 'rho']);
  }

  /** The implied volatility. Throws Refusal with the outcome's name. */
  async implied(option: Option, price: number): Promise<Implied> {
    return this.#ask('implied', option, price, ['volatility', 'iterations']);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exit = once(this.#process, 'exit');
    this.#process.stdin.end();
    await rm(this.#folder, { recursive: true });
    assert.deepEqual(await exit, [0, null], 'the filter ends well');
  }

  /** One line out, one line in; never two at a time. `names` are those of the numbers in the answer. */
  async #ask<Name extends string>(
    question: 'quote' | 'implied',
    option: Option,
    last: number,
    names: readonly Name[],
  ): Promise<Record<Name, number>> {
    const { kind, spot, strike, rate, dividendYield = 0, expiry } = option;
    const numbersIn = [spot, strike, rate, dividendYield, expiry, last].map(exactly).join(' ');
    this.#process.stdin.write(`${question} ${kind} ${numbersIn}\n`);
    const answer = await this.#answers.next();
    if (answer.done === true) throw new Error('the filter ended early');
    if (answer.value.startsWith('! ')) throw new Refusal(answer.value.slice(2));
    const numbers = answer.value.split(' ').map(Number);
    assert.equal(numbers.length, names.length, answer.value);
    for (const number of numbers) assert(Number.isFinite(number), `finite numbers, not ${answer.value}`);
    return Object.fromEntries(names.map((name, index) => [name, numbers[index]])) as Record<Name, number>;
  }
}

/** A number in full: String() loses the sign of -0, which then shows in a result that is 0. */
function exactly(number: number): string {
  return Object.is(number, -0) ? '-0' : String(number);
}
