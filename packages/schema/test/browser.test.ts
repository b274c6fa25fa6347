/** The package in a browser: bundled as a page's tools do it, and run in a real one. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { build } from 'esbuild';
import type { Browser } from 'playwright-core';
import { launchChromium, withoutChromium } from '../../../test/support/chromium.ts';
import { program } from './support/browser-program.ts';

const programFile = path.join(import.meta.dirname, 'support/browser-program.ts');
interface Bundle {
  readonly code: string;
  /** What it was made of: paths. */
  readonly files: readonly string[];
}

/** Anything that a browser does not have, such as `node:fs`, is an error. */
async function bundle(): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    entryPoints: [programFile],
    bundle: true,
    minify: true,
    platform: 'browser',
    format: 'iife',
    globalName: 'page',
    target: 'es2022',
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  return { code: outputFiles[0]?.text ?? '', files: Object.keys(metafile.inputs) };
}

/** Runs the program on a page with a Content-Security-Policy. */
async function runOn(browser: Browser, code: string, policy: string): Promise<unknown> {
  const page = await browser.newPage();
  const meta = `<meta http-equiv="Content-Security-Policy" content="${policy}">`;
  await page.setContent(`<!doctype html>${meta}<script>${code.replaceAll('</script', '<\\/script')}</script>`);
  // What evaluate() itself compiles is not the page's: only what the page does is under its policy.
  return page.evaluate(
    'new Promise((resolve) => setTimeout(() => { try { resolve(page.program()) } catch (e) { resolve(String(e)) } }))',
  );
}

test('a bundle for browsers is only this package and one for SHA-256', async () => {
  const { files } = await bundle();
  const foreign = files.map((file) => file.split('node_modules/')[1]).filter((file) => file !== undefined);
  assert.ok(foreign.length > 0 && foreign.every((file) => file.startsWith('@noble/hashes/')), foreign.join());
});

test('in Chromium it does what it does in Node', { skip: withoutChromium, timeout: 120_000 }, async () => {
  const { code } = await bundle();
  const expected = JSON.parse(JSON.stringify(program()));
  assert.equal(expected.hash.length, 32);
  const browser = await launchChromium();
  try {
    assert.deepEqual(await runOn(browser, code, "script-src 'unsafe-inline' 'unsafe-eval'"), expected);
    // Codecs are compiled, as the documentation says.
    assert.match(String(await runOn(browser, code, "script-src 'unsafe-inline'")), /^EvalError/);
  } finally {
    await browser.close();
  }
});
