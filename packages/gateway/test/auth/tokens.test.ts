/** Tokens are good only as their issuer made them, for this gateway, for a while. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Tokens } from '../../src/auth/tokens.ts';
import { authSettings } from '../../src/config/auth.ts';
import type { JwtOptions } from '../../src/index.ts';
import { startIssuer, type TestIssuer } from '../support/auth.ts';

let folder = '';
let issuer: TestIssuer;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tokens-'));
  issuer = await startIssuer(folder);
});
after(async () => {
  await issuer[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function tokens(options: JwtOptions): Promise<Tokens> {
  const { jwt } = authSettings({ jwt: options });
  assert.ok(jwt !== undefined);
  return await Tokens.open(jwt);
}

const refused = { code: 'UNAUTHENTICATED' };
const nowS = () => Math.floor(Date.now() / 1000);

test('a good token gives its identity; scopes for others are passed over', async () => {
  const verifier = await tokens(issuer.options({ tenantClaim: 'org' }));
  const exp = nowS() + 60;
  const token = await issuer.sign({ scope: 'openid call:pricing.* email read:boiler', org: 'plant', exp });
  assert.equal(verifier.remembered(token), undefined);
  const identity = await verifier.verify(token);
  const scopes = ['call:pricing.*', 'read:boiler'];
  assert.deepEqual(identity.caller, { subject: 'ada', tenant: 'plant', scopes, method: 'jwt' });
  assert.equal(identity.expiresMs, (exp + 5) * 1000);
  assert.equal(verifier.remembered(token), identity);
});

test('scopes may be a list, under another name', async () => {
  const verifier = await tokens(issuer.options({ scopesClaim: 'permissions' }));
  const token = await issuer.sign({ permissions: ['docs', 5, 'x'], scope: 'call:*' });
  assert.deepEqual((await verifier.verify(token)).scopes.names, ['docs']);
  assert.deepEqual((await verifier.verify(await issuer.sign({ scope: undefined }))).scopes.names, []);
});

test('what a token is refused for, in words without the token', async (t) => {
  const verifier = await tokens(issuer.options());
  const good = await issuer.sign();
  const [head = '', body = '', signature = ''] = good.split('.');
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const jwks = await readFile(issuer.file);
  const withSecret = `${encoded({ alg: 'HS256', kid: 'one' })}.${body}`;
  await using other = await startIssuer(await mkdtemp(join(folder, 'other-')));
  const cases: Record<string, [string, RegExp]> = {
    expired: [await issuer.sign({ exp: nowS() - 60 }), /it has expired/],
    'of the future': [await issuer.sign({ nbf: nowS() + 600 }), /its nbf/],
    'of another issuer': [await issuer.sign({ iss: 'https://other.example' }), /its iss/],
    'for somebody else': [await issuer.sign({ aud: 'https://other.example' }), /its aud/],
    'without audience': [await issuer.sign({ aud: undefined }), /its aud/],
    'without an end': [await issuer.sign({ exp: undefined }), /its exp/],
    'without a subject': [await issuer.sign({ sub: undefined }), /its sub/],
    'with an empty subject': [await issuer.sign({ sub: '' }), /its sub/],
    'with a NUL': [await issuer.sign({ sub: 'a\0b' }), /its sub/],
    'with very many scopes': [await issuer.sign({ scope: 'call:a.b '.repeat(400) }), /too long/],
    'that is very long': [await issuer.sign({ filler: 'x'.repeat(9000) }), /too long/],
    'of an unknown key': [await issuer.sign({}, { kid: 'two' }), /no such key/],
    'signed by another key of the same name': [await other.sign(), /signature/],
    'without a signature': [`${head}.${body}.`, /signature|not one/],
    changed: [`${head}.${encoded({ sub: 'root' })}.${signature}`, /signature/],
    'with alg none': [`${encoded({ alg: 'none' })}.${body}.`, /algorithm|not one/],
    'signed with the public key as a secret': [
      `${withSecret}.${createHmac('sha256', jwks).update(withSecret).digest('base64url')}`,
      /algorithm/,
    ],
    'of nothing': ['..', /not one/],
    'of noise': ['abc', /not one/],
    // Decoders overlook it: each spelling would be verified and remembered once more.
    'in another spelling': [`${good}==`, /not one/],
  };
  for (const [name, [token, expected]] of Object.entries(cases)) {
    await t.test(name, async () => {
      const error: unknown = await verifier.verify(token).then(
        () => assert.fail('it was accepted'),
        (caught: unknown) => caught,
      );
      assert.ok(error instanceof Error && 'code' in error && error.code === 'UNAUTHENTICATED', String(error));
      assert.match(error.message, expected);
      assert.equal(error.cause, undefined);
      for (const part of token.split('.')) if (part.length > 8) assert.ok(!error.message.includes(part));
      assert.equal(verifier.remembered(token), undefined);
    });
  }
});

test('only the algorithms that are asked for', async () => {
  const verifier = await tokens(issuer.options({ algorithms: ['RS256'] }));
  await assert.rejects(verifier.verify(await issuer.sign()), { ...refused, detail: /algorithm/ });
});

test('clocks may be apart as far as is said', async () => {
  const late = await issuer.sign({ exp: nowS() - 30 });
  await assert.rejects((await tokens(issuer.options({ clockToleranceSeconds: 0 }))).verify(late), refused);
  assert.equal(
    (await (await tokens(issuer.options({ clockToleranceSeconds: 300 }))).verify(late)).caller?.subject,
    'ada',
  );
});

test('a token that is remembered ends all the same', async (t) => {
  const verifier = await tokens(issuer.options({ clockToleranceSeconds: 0 }));
  const token = await issuer.sign({ exp: nowS() + 100 });
  await verifier.verify(token);
  assert.ok(verifier.remembered(token) !== undefined);
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 101_000 });
  assert.equal(verifier.remembered(token), undefined);
});

test('keys from a URL are fetched once, whatever tokens come', async () => {
  const before = issuer.fetches();
  const verifier = await tokens(issuer.options({ jwks: issuer.url }));
  for (let index = 0; index < 20; index++) await verifier.verify(await issuer.sign({ jti: String(index) }));
  for (let index = 0; index < 20; index++) {
    await assert.rejects(verifier.verify(await issuer.sign({}, { kid: `k${index}` })), refused);
  }
  assert.equal(issuer.fetches() - before, 1);
});

test('an issuer that is down is not the fault of who shows a token, and is not asked by each request', async () => {
  const before = issuer.fetches();
  issuer.fail(500);
  const verifier = await tokens(issuer.options({ jwks: issuer.url }));
  const token = await issuer.sign();
  for (let index = 0; index < 20; index++) await assert.rejects(verifier.verify(token), { code: 'SYSTEM' });
  // More than once only where this took as long as it rests.
  assert.ok(issuer.fetches() - before < 20, `${issuer.fetches() - before}`);
  issuer.fail(undefined);
});

test('a file without keys', async () => {
  await assert.rejects(tokens(issuer.options({ jwks: join(folder, 'none.json') })), {
    code: 'SYSTEM',
    detail: /none\.json/,
  });
  const file = join(folder, 'bad.json');
  await writeFile(file, '{"keys": 5}');
  await assert.rejects(tokens(issuer.options({ jwks: file })), { code: 'SYSTEM', detail: /bad\.json/ });
});
