/** The live page of the pricing example in a real browser: values move, and the connection survives a restart of the feed. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { launchChromium, withoutChromium } from '../support/chromium.ts';
import { eventually } from '../support/eventually.ts';
import { type Bridge, copyExample, endBridge, makeWorkspace, startBridge, type Workspace } from './support/bridge.ts';
import { eventually as found } from './support/commands.ts';

const options = { skip: withoutChromium, timeout: 120_000 };

let workspace: Workspace;
let bridge: Bridge;
before(async () => {
  if (withoutChromium !== false) return;
  workspace = await makeWorkspace();
  await copyExample(workspace);
  bridge = await startBridge({ cwd: workspace.folder, env: workspace.env });
});
after(async () => {
  if (withoutChromium !== false) return;
  await endBridge(bridge);
  await workspace[Symbol.asyncDispose]();
});

/** The text of a cell, by symbol and field. */
function cell(page: Page, symbol: string, field: string): Promise<string | null> {
  return page.textContent(`tr[data-symbol="${symbol}"] [data-field="${field}"]`);
}

/** What tells the feed that wrote a row from the one before it; undefined while nobody says. */
async function ownerOf(symbol: string): Promise<string | undefined> {
  const response = await fetch(`${bridge.url}/v1/regions/feed.market/${symbol}`);
  await response.text();
  return response.headers.get('etag')?.split('-')[0];
}

/** Resolves once the cell shows something else than now. */
async function moves(page: Page, symbol: string, field: string): Promise<void> {
  const now = await cell(page, symbol, field);
  await eventually(`${symbol} ${field} moves`, async () => (await cell(page, symbol, field)) !== now);
}

test(
  'values move, and go on moving after the feed was killed and came back, over the same connection',
  options,
  async () => {
    await using browser = await launchChromium();
    const page = await browser.newPage();
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    const watches: string[] = [];
    page.on('request', (request) => {
      if (request.url().includes('/watch')) watches.push(request.url());
    });

    const response = await page.goto(`${bridge.url}/examples/market`);
    assert.equal(response?.status(), 200);
    assert.match(response?.headers()['content-security-policy'] ?? '', /default-src 'self'/);
    await page.waitForSelector('#state[data-state="live"]');
    const symbols = await found(async () => {
      const all = await page.$$eval('tbody tr', (rows) => rows.map((row) => row.getAttribute('data-symbol') ?? ''));
      return all.length >= 4 ? all : undefined;
    });
    assert.deepEqual(symbols, symbols.toSorted());
    const [symbol = ''] = symbols;
    await moves(page, symbol, 'last');
    // Both at one moment: prices move.
    const [bid = 0, ask = 0] = await page.$eval(`tr[data-symbol="${symbol}"]`, (row) =>
      ['bid', 'ask'].map((field) => Number(row.querySelector(`[data-field="${field}"]`)?.textContent)),
    );
    assert.ok(bid > 0 && bid <= ask, `${bid} and ${ask}`);
    // A second in which the machine was held up says little.
    await eventually('the feed writes more than 100 times a second', async () => {
      return Number((await page.textContent('#written'))?.replaceAll(',', '')) > 100;
    });

    for (const width of [1000, 400, 320]) {
      await page.setViewportSize({ width, height: 700 });
      assert.equal(await page.evaluate('document.documentElement.scrollWidth'), width, `it is cut off at ${width}`);
    }

    const [feed] = bridge.instances('feed');
    assert.ok(feed !== undefined);
    const owner = await ownerOf(symbol);
    process.kill(feed.pid, 'SIGKILL');
    // A new one may be there before the page is told that the old one has gone.
    await eventually('another feed', async () => ![undefined, owner].includes(await ownerOf(symbol)));
    await page.waitForSelector('#state[data-state="live"]');
    await moves(page, symbol, 'last');

    assert.equal(watches.length, 1, 'one request all the time');
    assert.deepEqual(problems, []);
  },
);
