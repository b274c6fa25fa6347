/** What the document says of who may call. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errors } from '@isthmus/schema';
import { authSettings } from '../../src/config/auth.ts';
import { type AuthOptions, openApiOf } from '../../src/index.ts';
import { apiKey, ISSUER } from '../support/auth.ts';
import { fakeClient } from '../support/fake-client.ts';
import { plainHandlers } from '../support/gateway.ts';
import { fakeRegions } from '../support/regions.ts';
import { pricing } from '../support/schema.ts';

interface Operation {
  readonly security?: readonly object[];
  readonly responses: Readonly<Record<string, { readonly description?: string }>>;
}
interface Document {
  readonly security?: readonly object[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly securitySchemes?: Readonly<Record<string, object>> };
}

function documentOf(auth: AuthOptions | undefined, isLimited = false): Document {
  const { services, regions } = fakeRegions().options;
  const all = { pricing: { schema: pricing, client: fakeClient(pricing, plainHandlers) }, ...services };
  const settings = auth === undefined ? undefined : authSettings(auth);
  return JSON.parse(
    JSON.stringify(openApiOf(all, { prefix: '/b', maxTimeoutMs: 1, regions, auth: settings, isLimited })),
  );
}

function operationsOf({ paths }: Document): [string, Operation][] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([method]) => method !== 'parameters')
      .map(([, operation]): [string, Operation] => [path, operation]),
  );
}

test('without authentication nothing of it is in the document', () => {
  const text = JSON.stringify(documentOf(undefined));
  for (const word of ['UNAUTHENTICATED`', 'FORBIDDEN`', 'RATE_LIMITED`', 'securitySchemes']) {
    assert.ok(!text.includes(word), word);
  }
});

test('with it every operation says how it may be refused, but for the probes, which are for everybody', () => {
  const { key: _, entry } = apiKey('panel', []);
  const document = documentOf({ apiKeys: [entry] });
  let probes = 0;
  for (const [path, { responses, security }] of operationsOf(document)) {
    if (/^\/b\/(healthz|readyz)$/.test(path)) {
      probes++;
      assert.deepEqual(security, []);
      assert.equal(responses['401'], undefined);
      continue;
    }
    assert.equal(security, undefined);
    for (const code of ['UNAUTHENTICATED', 'FORBIDDEN', 'RATE_LIMITED'] as const) {
      const { description = '' } = responses[errors[code].http] ?? {};
      assert.ok(description.includes(`\`${code}\``), `${path}: ${description}`);
    }
  }
  assert.equal(probes, 2);
  // What there was is still there.
  assert.match(
    document.paths['/b/v1/call/pricing/quote']?.post?.responses['429']?.description ?? '',
    /RING_FULL.*RATE_LIM/,
  );
  assert.match(document.paths['/b/v1/watch']?.get?.responses['403']?.description ?? '', /ORIGIN_REFUSED.*FORBIDDEN/);
});

test('the ways to authenticate are those that there are', () => {
  const { entry } = apiKey('panel', []);
  const jwt = { issuer: ISSUER, audience: 'x', jwks: 'https://issuer.example/k' };
  const mtls = [{ subject: 'CN=a', scopes: [] }];
  const waysOf = (auth: AuthOptions) => {
    const { security, components } = documentOf(auth);
    return [Object.keys(components.securitySchemes ?? {}), security];
  };
  assert.deepEqual(waysOf({ apiKeys: [entry] }), [
    ['bearer', 'apiKey'],
    [{ bearer: [] }, { apiKey: [] }],
  ]);
  assert.deepEqual(waysOf({ jwt }), [['bearer'], [{ bearer: [] }]]);
  assert.deepEqual(waysOf({ jwt, mtls }), [
    ['bearer', 'certificate'],
    [{ bearer: [] }, { certificate: [] }],
  ]);
  const anonymous = { scopes: ['docs'] };
  assert.deepEqual(waysOf({ jwt, anonymous }), [['bearer'], [{ bearer: [] }, {}]]);
});

test('a bound alone adds its own refusal', () => {
  for (const [path, { responses }] of operationsOf(documentOf(undefined, true))) {
    const isProbe = /^\/b\/(healthz|readyz)$/.test(path);
    assert.equal(JSON.stringify(responses).includes('`RATE_LIMITED`'), !isProbe, path);
    assert.equal(responses['401'], undefined);
  }
});
