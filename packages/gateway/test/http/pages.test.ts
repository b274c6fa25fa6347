/** Pages of the user's own: files of a folder, and nothing outside of it. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pagePathProblem } from '../../src/http/pages.ts';
import { createGateway } from '../../src/index.ts';
import { problemIn, startGateway } from '../support/gateway.ts';

let root = '';
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'isthmus-pages-'));
  await mkdir(join(root, 'panel'));
  await writeFile(join(root, 'panel/index.html'), '<!doctype html><title>panel</title>');
  await writeFile(join(root, 'panel/panel.js'), 'export const one = 1;');
  await writeFile(join(root, 'panel/.secret'), 'not for you');
  await writeFile(join(root, 'outside.txt'), 'not for you either');
});
after(() => rm(root, { recursive: true }));

const serving = () => startGateway(undefined, { pages: { '/my/panel': join(root, 'panel') } });

test('a folder is a page, under a policy, with and without the slash', async () => {
  await using served = await serving();
  for (const path of ['/my/panel', '/my/panel/', '/my/panel/index.html']) {
    const response = await fetch(served.url + path);
    assert.equal(response.status, 200, path);
    assert.match(await response.text(), /<title>panel/);
    assert.match(response.headers.get('content-type') ?? '', /^text\/html/);
    assert.match(response.headers.get('content-security-policy') ?? '', /default-src 'self'/);
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
    assert.equal(response.headers.get('cache-control'), 'no-cache');
  }
  assert.match((await fetch(`${served.url}/my/panel`)).url, /\/my\/panel\/$/);
  const script = await fetch(`${served.url}/my/panel/panel.js`);
  assert.match(script.headers.get('content-type') ?? '', /javascript/);
  assert.equal((await fetch(`${served.url}/my/panel/panel.js`, { method: 'HEAD' })).status, 200);
});

test('what is hidden, outside or not there is a problem, and so is another method', async () => {
  await using served = await serving();
  const hidden = [
    '/my/panel/.secret',
    '/my/panel/..%2foutside.txt',
    '/my/panel/%2e%2e/outside.txt',
    '/my/panel/no.txt',
  ];
  for (const path of hidden) {
    const response = await fetch(served.url + path);
    assert.ok([403, 404].includes(response.status), `${path}: ${response.status}`);
    assert.doesNotMatch(await response.text(), /not for you/);
  }
  assert.equal((await problemIn(await fetch(`${served.url}/my/panel/no.txt`))).code, 'NOT_FOUND');
  const response = await fetch(`${served.url}/my/panel/panel.js`, { method: 'DELETE' });
  assert.equal(response.status, 405);
  assert.equal(response.headers.get('allow'), 'GET, HEAD');
});

test('the calls are served as ever', async () => {
  await using served = await serving();
  assert.equal((await fetch(`${served.url}/healthz`)).status, 200);
});

test('paths that cannot be, and folders that are not there, are refused', async () => {
  for (const path of [
    '',
    '/',
    'panel',
    '/panel/',
    '/a//b',
    '/../etc',
    '/.git',
    '/a*',
    '/v1/pages',
    '/docs',
    '/healthz',
  ]) {
    assert.notEqual(pagePathProblem(path), undefined, path);
  }
  for (const path of ['/panel', '/examples/market', '/a.b/c-d_e']) assert.equal(pagePathProblem(path), undefined, path);
  const missing = createGateway({ services: {}, pages: { '/panel': join(root, 'none') } });
  await assert.rejects(missing, { code: 'INVALID_ARGUMENT', message: /there is no folder/ });
});
