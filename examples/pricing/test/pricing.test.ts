import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Client, connect, IsthmusError } from '@isthmus/core';
import fc from 'fast-check';
import { pricing } from '../pricing.schema.ts';
import { anyOption, anyVolatility, ordinaryOption, ordinaryVolatility } from './arbitraries.ts';
import { Mathematics } from './math.ts';

const folder = fileURLToPath(new URL('..', import.meta.url));
const cleanups: (() => Promise<unknown>)[] = [];
let mathematics: Mathematics;
let client: Client<typeof pricing>;

before(async () => {
  await promisify(execFile)('make', ['-s'], { cwd: folder });
  const temporary = await mkdtemp(join(tmpdir(), 'isthmus-pricing-'));
  cleanups.push(() => rm(temporary, { recursive: true }));
  const path = join(temporary, '1.sock');
  const service = spawn(join(folder, 'build/pricing'), { env: { ISTHMUS_SOCKET: path }, stdio: 'inherit' });
  cleanups.push(async () => {
    const exit = once(service, 'exit');
    service.kill('SIGTERM');
    assert.deepEqual(await exit, [0, null], 'the service ends well');
  });
  client = await connect(pricing, { path, connectTimeoutMs: 60_000 });
  cleanups.push(() => client.$close());
  mathematics = await Mathematics.start();
  cleanups.push(() => mathematics[Symbol.asyncDispose]());
});
after(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

const hull = { spot: 42, strike: 40, rate: 0.1, expiry: 0.5, kind: 'call' } as const;

describe('the pricing service', () => {
  it('prices the example of its README', async () => {
    const call = await client.quote({ ...hull, volatility: 0.2 });
    assert.match(String(call.price), /^4\.759422/);
    const put = client.quote.sync({ ...hull, kind: 'put', volatility: 0.2 }, { timeoutMs: 60_000 });
    assert.match(String(put.price), /^0\.808599/);
    const implied = await client.impliedVolatility({ ...hull, price: call.price });
    assert(Math.abs(implied.volatility - 0.2) < 1e-14, `${implied.volatility}`);
  });

  it('answers exactly what the mathematics does: every field arrives where it belongs', async () => {
    await fc.assert(
      fc.asyncProperty(ordinaryOption, ordinaryVolatility, async (option, volatility) => {
        const quote = await client.quote({ ...option, volatility });
        assert.deepEqual(quote, await mathematics.quote(option, volatility));
        const { price } = quote;
        assert.deepEqual(
          await client.impliedVolatility({ ...option, price }),
          await mathematics.implied(option, price),
        );
      }),
    );
  });

  it('answers every row of the option chain', async () => {
    const rows = (await readFile(join(folder, 'chain.ndjson'), 'utf8')).trimEnd().split('\n');
    const batch = 1000;
    for (let first = 0; first < rows.length; first += batch) {
      const replies = rows.slice(first, first + batch).map((row) => client.quote.json(JSON.parse(row)));
      await Promise.all(replies);
    }
  });
});

/** What one option gives by itself: a quote, or why not, in the form of an outcome. */
async function outcomeOf(option: Parameters<typeof client.quote>[0]): Promise<object> {
  try {
    return { kind: 'quote', ...(await client.quote(option)) };
  } catch (error) {
    assert(error instanceof IsthmusError && error.code === 'HANDLER_REFUSED', String(error));
    return { kind: 'refusal', reason: error.detail, code: error.handlerCode };
  }
}

describe('many options in one call', () => {
  it('answers each as it would be answered alone', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(anyOption, anyVolatility), { maxLength: 20 }), async (given) => {
        const options = given.map(([option, volatility]) => ({ ...option, volatility }));
        const { outcomes } = await client.quoteMany({ options });
        assert.deepEqual(outcomes, await Promise.all(options.map(outcomeOf)));
      }),
    );
  });

  it('takes as many as the schema allows, and no more', async () => {
    const options = Array.from({ length: 5000 }, () => ({ ...hull, volatility: 0.2 }));
    const { outcomes } = await client.quoteMany({ options });
    assert.equal(outcomes.length, 5000);
    await assert.rejects(client.quoteMany({ options: [...options, ...options] }), {
      code: 'INVALID_INPUT',
      message: /\/options/,
    });
  });
});

describe('a ladder', () => {
  const option = { ...hull, volatility: 0.2 };

  it('has a quote for each spot', async () => {
    const rungs = await Array.fromAsync(client.ladder({ option, highest: 52, rungs: 6 }));
    assert.deepEqual(
      rungs.map(({ spot }) => spot),
      [42, 44, 46, 48, 50, 52],
    );
    for (const { spot, quote } of rungs) assert.deepEqual(quote, await client.quote({ ...option, spot }));
  });

  it('can be left early, and other calls go on', async () => {
    const spots: number[] = [];
    for await (const { spot } of client.ladder({ option, highest: 1e6, rungs: 1_000_000 })) {
      spots.push(spot);
      if (spots.length === 3) break;
    }
    assert.equal(spots.length, 3);
    assert.match(String((await client.quote(option)).price), /^4\.759422/);
  });

  it('ends with a refusal where a rung has none', async () => {
    const seen: number[] = [];
    await assert.rejects(
      async () => {
        for await (const { spot } of client.ladder({ option, highest: -42, rungs: 5 })) seen.push(spot);
      },
      { code: 'HANDLER_REFUSED', handlerError: 'spotNotPositive' },
    );
    assert.deepEqual(seen, [42, 21]);
  });
});

describe('refusals', () => {
  /** For each error of the schema, a call that gets it, and the message. */
  const refusals: Record<string, { call: () => Promise<unknown>; message: RegExp }> = {
    spotNotPositive: {
      call: () => client.quote({ ...hull, volatility: 0.2, spot: 0 }),
      message: /^spot is 0: it must be above 0$/,
    },
    strikeNotPositive: {
      call: () => client.impliedVolatility({ ...hull, price: 2, strike: -40 }),
      message: /^strike is -40: it must be above 0$/,
    },
    volatilityNegative: {
      call: () => client.quote({ ...hull, volatility: -0.1 }),
      message: /^volatility is -0.1: it must be 0 or more$/,
    },
    expiryNegative: {
      call: () => client.quote({ ...hull, volatility: 0.2, expiry: -1 }),
      message: /^expiry is -1 years: it must be 0 or more$/,
    },
    resultNotFinite: {
      call: () => client.quote({ ...hull, volatility: 0.2, spot: 40, expiry: 0 }),
      message: /^gamma has no finite value here \(the price is 0\)/,
    },
    optionExpired: {
      call: () => client.impliedVolatility({ ...hull, price: 2, expiry: 0 }),
      message: /^expiry is 0: the price no longer depends on the volatility$/,
    },
    priceBelowBound: {
      call: () => client.impliedVolatility({ ...hull, price: 3.95 }),
      message: /^price is 3.95, below 3.950823/,
    },
    priceAboveBound: {
      call: () => client.impliedVolatility({ ...hull, price: 42 }),
      message: /^price is 42, which is not below 42: no volatility gives that much$/,
    },
  };

  for (const [index, name] of pricing.errors.entries()) {
    it(`${name} reaches the caller with the C side's own message`, async () => {
      const refusal = refusals[name];
      assert(refusal, 'a case of its own');
      await assert.rejects(refusal.call(), (error) => {
        assert(error instanceof IsthmusError);
        const { code, handlerError, handlerCode, detail } = error;
        assert.deepEqual(
          { code, handlerError, handlerCode },
          { code: 'HANDLER_REFUSED', handlerError: name, handlerCode: index + 1 },
        );
        assert.match(detail, refusal.message);
        return true;
      });
    });
  }

  it('are those that the README lists', async () => {
    const readme = await readFile(join(folder, 'README.md'), 'utf8');
    const section = readme.slice(readme.indexOf('## Refusals'), readme.indexOf('## Sources'));
    const listed = [...section.matchAll(/^\| `(\w+)` \| (?!when)/gm)].map((match) => match[1]);
    assert.deepEqual(listed, pricing.errors);
  });
});
