/** The caller's way: from credentials over HTTP, through the record's metadata, to a C handler that answers who it is. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Client, connect } from '@isthmus/core';
import { createGateway, type Gateway } from '@isthmus/gateway';
import { apiKey, startIssuer, type TestIssuer } from '../../packages/gateway/test/support/auth.ts';
import type { Instance } from '../support/instance.ts';
import { probe } from '../support/probe.schema.ts';
import { startProbe } from '../support/probe.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const folder = new TemporaryFolder();
const panel = apiKey('panel', ['call:probe.*', 'docs'], { tenant: 'Wörks 7' });
let instance: Instance;
let client: Client<typeof probe>;
let gateway: Gateway;
let issuer: TestIssuer;
let url = '';
before(async () => {
  instance = await startProbe(folder.join('a.sock'));
  client = await connect(probe, { path: instance.socket });
  issuer = await startIssuer(folder.path);
  const auth = { apiKeys: [panel.entry], jwt: issuer.options(), anonymous: { scopes: ['call:probe.caller'] } };
  gateway = await createGateway({ services: { probe: { schema: probe, client } }, port: 0, auth });
  url = await gateway.listen();
});
after(async () => {
  await gateway.close();
  await client.$close();
  await issuer[Symbol.asyncDispose]();
  await instance[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

interface Told {
  readonly subject?: string;
  readonly tenant?: string;
  readonly scopes?: string;
  readonly method?: string;
}

async function ask(method: string, headers: Record<string, string>): Promise<Told[]> {
  const response = await fetch(`${url}/v1/call/probe/${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: '{}',
  });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const { subject, tenant, scopes, method: how } = JSON.parse(line);
      return { subject, tenant, scopes, method: how };
    });
}

const byKey = { subject: 'panel', tenant: 'Wörks 7', scopes: 'call:probe.* docs', method: 'api-key' };

test('calls of every kind', async () => {
  assert.deepEqual(await ask('caller', panel.headers), [byKey]);
  assert.deepEqual(await ask('callers', panel.headers), [byKey, byKey]);
  assert.deepEqual(await ask('callerLater', { 'x-api-key': panel.key }), [byKey]);
});

test('by token', async () => {
  const authorization = `Bearer ${await issuer.sign({ sub: 'ada@plant.example', scope: 'openid call:*' })}`;
  const byToken = { subject: 'ada@plant.example', tenant: undefined, scopes: 'call:*', method: 'jwt' };
  assert.deepEqual(await ask('caller', { authorization }), [byToken]);
});

test('who showed nothing is nobody, also right after somebody', async () => {
  const nobody = { subject: undefined, tenant: undefined, scopes: undefined, method: undefined };
  await ask('caller', panel.headers);
  assert.deepEqual(await ask('caller', {}), [nobody]);
});

test('callers at the same time are not taken for each other', async () => {
  const answers = await Promise.all(
    Array.from({ length: 200 }, async (_, index) => {
      const sub = `caller-${index % 7}`;
      const headers = index % 2 === 0 ? panel.headers : { authorization: `Bearer ${await issuer.sign({ sub })}` };
      return { expected: index % 2 === 0 ? 'panel' : sub, told: await ask('callerLater', headers) };
    }),
  );
  for (const { expected, told } of answers)
    assert.deepEqual(
      told.map(({ subject }) => subject),
      [expected],
    );
});
