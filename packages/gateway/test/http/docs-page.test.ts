/** The page must work without any other server: air-gapped plants are among those who read it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startGateway } from '../support/gateway.ts';

test('GET /docs and all it refers to come from this server', async () => {
  await using served = await startGateway();
  const response = await fetch(`${served.url}/docs`);
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type') ?? '', /^text\/html/);
  assert.match(response.headers.get('content-security-policy') ?? '', /default-src 'self'/);
  const html = await response.text();
  const references = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
  assert.ok(references.length >= 4, html);
  for (const reference of references) {
    const url = new URL(reference, `${served.url}/docs`);
    assert.equal(url.origin, served.url);
    const part = await fetch(url);
    assert.equal(part.status, 200, url.href);
    await part.arrayBuffer();
  }
  const document = await (await fetch(`${served.url}/docs/json`)).json();
  assert.deepEqual(document, await (await fetch(`${served.url}/openapi.json`)).json());
});
