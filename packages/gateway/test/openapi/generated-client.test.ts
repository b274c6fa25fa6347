/** The document is good enough for a client: one is generated with a public generator, type-checked, and calls the gateway. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { createClient } from '@hey-api/openapi-ts';
import { build } from 'esbuild';
import { fakeClient } from '../support/fake-client.ts';
import { plainHandlers, startGateway } from '../support/gateway.ts';
import { fakeRegions, goodBoiler, goodLimits, quote } from '../support/regions.ts';
import { pricing } from '../support/schema.ts';

/** What a user of the service writes: every kind of call, and an error by its code. */
const program = `
import { client } from './client/client.gen.ts';
import { pricingEcho, pricingFills, pricingNote, pricingOrder, pricingQuote, pricingRender } from './client/index.ts';
import { boilerGet, feedLimitsPatch, feedMarketGetRow, feedMarketList, feedSlotsPutRow, regions } from './client/index.ts';

export async function run(baseUrl: string) {
  client.setConfig({ baseUrl });
  const quote = await pricingQuote({ body: { spot: 42, volatility: 0.2, kind: 'call' } });
  const price: number | undefined = quote.data?.price;
  const order = await pricingOrder({
    body: {
      id: '18446744073709551615',
      terms: { kind: 'limit', price: '101.25' },
      rights: ['amend'],
      fills: [{ at: '2026-01-02T03:04:05.000000006Z', price: '1.50', venue: 'X' }],
      key: 'AP8=',
      state: 'done',
    },
  });
  const note: string | undefined = order.data?.fills[0]?.note;
  const echo = await pricingEcho({
    body: { flag: true, count: 5, big: '1', shift: '-1', name: 'é', inner: { level: 1, ratio: 0.5 } },
  });
  // @ts-expect-error a field of another type does not compile
  const bad = await pricingQuote({ body: { spot: 'x', volatility: 0.2, kind: 'call' } });
  const code: string | undefined = bad.error?.code;
  const sent = await pricingNote({ body: { count: 1 } });
  const rendered = await pricingRender({ body: { count: 3 }, parseAs: 'blob' });
  const fills = await pricingFills({ body: { count: 2 }, parseAs: 'text' });
  const row = await feedMarketGetRow({ path: { key: 'AAPL' } });
  const bid: number | undefined = row.data?.bid;
  const list = await feedMarketList();
  // @ts-expect-error 64-bit integers are texts
  const volume: number | undefined = row.data?.volume;
  const put = await feedSlotsPutRow({ path: { key: 7 }, body: { id: 7, isTaken: true } });
  const taken: boolean | undefined = put.data?.isTaken;
  const patched = await feedLimitsPatch({ body: { low: 0.5, note: null }, headers: { 'if-match': '*' } });
  const low: number | undefined = patched.data?.low;
  const lost = await feedLimitsPatch({ body: { low: 9 }, headers: { 'if-match': '"0-0"' } });
  const unchanged = await feedMarketGetRow({ path: { key: 'AAPL' }, headers: { 'if-none-match': row.response?.headers.get('etag') ?? '' } });
  const known = await regions();
  const level: number | undefined = (await boilerGet()).data?.level;
  const state = { bid, volume, taken, created: put.response?.status, low, lost: lost.error?.code, unchanged: unchanged.response?.status, rows: Array.isArray(list.data) ? list.data.length : -1, names: known.data?.regions.length, level };
  return { state, price, order: order.data, note, echo: echo.data, code, sent: sent.response?.status, size: rendered.data instanceof Blob ? rendered.data.size : -1, fills: String(fills.data).trimEnd().split('\\n').length };
}
`;

const root = fileURLToPath(new URL('../../../..', import.meta.url));

test('a generated client calls the gateway', async () => {
  const { market, limits, boiler, options } = fakeRegions();
  market.set(quote('AAPL', 187.25, '3100'));
  limits.set(goodLimits);
  boiler.set(goodBoiler);
  const calls = { pricing: { schema: pricing, client: fakeClient(pricing, plainHandlers) } };
  await using served = await startGateway({}, { ...options, services: { ...calls, ...options.services } });
  // Inside of the repository, so that the compiler finds its types.
  const folder = await mkdtemp(join(root, 'packages/gateway/test/.generated-'));
  try {
    const document = join(folder, 'openapi.json');
    await writeFile(document, await (await fetch(`${served.url}/openapi.json`)).text());
    await createClient({
      input: document,
      output: { path: join(folder, 'client'), module: { extension: '.ts' } },
      plugins: ['@hey-api/client-fetch', '@hey-api/typescript', '@hey-api/sdk'],
      logs: { level: 'silent' },
    });
    const main = join(folder, 'main.ts');
    await writeFile(main, program);
    const flags = [
      '--ignoreConfig',
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--target',
      'es2024',
      '--module',
      'nodenext',
    ];
    flags.push('--lib', 'es2024,dom,dom.iterable', '--allowImportingTsExtensions', '--types', 'node');
    await promisify(execFile)(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), ...flags, main]).catch(
      (error: { stdout?: string }) => assert.fail(error.stdout ?? String(error)),
    );
    const bundle = join(folder, 'main.mjs');
    await build({ entryPoints: [main], outfile: bundle, bundle: true, format: 'esm', platform: 'node' });
    const { run } = await import(pathToFileURL(bundle).href);
    assert.deepEqual(await run(served.url), {
      state: {
        bid: 187.25,
        volume: '3100',
        taken: true,
        created: 201,
        low: 0.5,
        lost: 'REGION_CONFLICT',
        unchanged: 304,
        rows: 1,
        names: 5,
        level: -5,
      },
      price: 42,
      order: {
        id: '18446744073709551615',
        terms: { kind: 'limit', price: '101.25' },
        rights: ['amend'],
        fills: [{ at: '2026-01-02T03:04:05.000000006Z', price: '1.50', venue: 'X' }],
        key: 'AP8=',
        state: 'done',
      },
      note: undefined,
      echo: { flag: true, count: 5, big: '1', shift: '-1', name: 'é', inner: { level: 1, ratio: 0.5 } },
      code: 'INVALID_INPUT',
      sent: 202,
      size: 3,
      fills: 2,
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});
