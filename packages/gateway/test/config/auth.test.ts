/** `auth` of a configuration: what is wrong is said with its place, and no secret is shown. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { IsthmusError } from '@isthmus/schema';
import { TemporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { asymmetricAlgorithms } from '../../src/auth/options.ts';
import { authSettings } from '../../src/config/auth.ts';
import { validateBridge } from '../../src/config/index.ts';
import { apiKey } from '../support/auth.ts';
import { tank } from './fixtures.ts';

const services = { tank: { schema: tank, command: ['./build/tank'] } };
const { key, entry } = apiKey('panel', ['call:tank.*']);
const jwt = { issuer: 'https://issuer.example', audience: 'bridge', jwks: 'https://issuer.example/jwks' };

function settingsOf(auth: unknown, more: object = {}, folder = '/project') {
  return validateBridge({ services, auth, ...more }, `${folder}/isthmus.config.ts`);
}

function refusalOf(auth: unknown, more: object = {}): string {
  try {
    settingsOf(auth, more);
  } catch (error) {
    assert.ok(error instanceof IsthmusError && error.code === 'CONFIG_INVALID', String(error));
    return error.detail;
  }
  assert.fail('it was accepted');
}

test('left out, empty, and whole, with every default', () => {
  assert.equal(settingsOf(undefined).auth, undefined);
  const nothing = { apiKeys: [], apiKeysFile: undefined, jwt: undefined, mtls: [], anonymous: { scopes: [] } };
  assert.deepEqual(settingsOf({}).auth, nothing);
  const tls = { cert: 'a.crt', key: '/etc/a.key', ca: 'ca.crt', clientCertificates: 'optional' };
  const fingerprint256 = 'AB:'.repeat(31).concat('CD');
  const auth = {
    apiKeys: [{ ...entry, rateLimit: { max: 5 } }],
    jwt: { ...jwt, jwks: 'keys.json' },
    mtls: [{ fingerprint256, scopes: ['docs'] }],
    anonymous: { scopes: ['docs'] },
  };
  const settings = settingsOf(auth, { http: { tls } });
  assert.deepEqual(settings.http.tls, { ...tls, cert: '/project/a.crt', ca: '/project/ca.crt' });
  const rateLimit = { max: 5, windowMs: 60_000 };
  const none = { subject: undefined, san: undefined, tenant: undefined, rateLimit: undefined };
  assert.deepEqual(settings.auth, {
    apiKeys: [{ ...entry, tenant: undefined, expires: undefined, rateLimit }],
    apiKeysFile: undefined,
    jwt: {
      issuer: jwt.issuer,
      audience: ['bridge'],
      jwks: '/project/keys.json',
      algorithms: asymmetricAlgorithms,
      clockToleranceSeconds: 5,
      scopesClaim: 'scope',
      tenantClaim: undefined,
    },
    mtls: [{ ...none, fingerprint256: `${'ab'.repeat(31)}cd`, scopes: ['docs'] }],
    anonymous: { scopes: ['docs'] },
  });
  // What was checked once stays as it is.
  assert.deepEqual(authSettings(settings.auth ?? assert.fail()), settings.auth);
});

test('keys from a file, beside the others', () => {
  using folder = new TemporaryFolder();
  writeFileSync(folder.join('keys.json'), JSON.stringify([apiKey('a', []).entry, apiKey('b', ['docs']).entry]));
  const { auth } = settingsOf({ apiKeys: [entry], apiKeysFile: 'keys.json' }, {}, folder.path);
  assert.deepEqual(
    auth?.apiKeys.map(({ id }) => id),
    ['panel', 'a', 'b'],
  );
  const problems: readonly [string, RegExp][] = [
    ['{', /apiKeysFile \(keys\.json\): cannot be read/],
    ['{}', /apiKeysFile \(keys\.json\): must be a list/],
    [JSON.stringify([entry]), /auth\.apiKeys: has two keys with the id panel/],
    [JSON.stringify([{ ...entry, id: 'x', hash: key }]), /apiKeysFile \(keys\.json\)\[0\]\.hash: must be sha256:/],
  ];
  for (const [content, detail] of problems) {
    writeFileSync(folder.join('keys.json'), content);
    assert.throws(() => settingsOf({ apiKeys: [entry], apiKeysFile: 'keys.json' }, {}, folder.path), { detail });
  }
  assert.throws(() => settingsOf({ apiKeysFile: 'none.json' }, {}, folder.path), { detail: /cannot be read: ENOENT/ });
});

test('every problem names its place', async (t) => {
  const one = (change: object) => ({ apiKeys: [{ ...entry, ...change }] });
  const token = (change: object) => ({ jwt: { ...jwt, ...change } });
  const certificate = (change: object) => ({ mtls: [{ scopes: ['*'], ...change }] });
  const cases: readonly (readonly [unknown, string])[] = [
    [5, 'auth: must be an object, not 5'],
    [{ apikeys: [] }, 'auth.apikeys: is spelt apiKeys'],
    [{ apiKeys: {} }, 'auth.apiKeys: must be a list, not {}'],
    [{ apiKeys: [entry, entry] }, 'auth.apiKeys: has two keys with the id panel'],
    [one({ id: 'a_b' }), 'auth.apiKeys[0].id: must be 1 to 64 letters, digits, . and -, not "a_b"'],
    [one({ hash: undefined }), 'auth.apiKeys[0].hash: is missing'],
    [one({ hash: 'md5:1' }), 'auth.apiKeys[0].hash: must be sha256: and 64 hex digits'],
    [one({ scopes: undefined }), 'auth.apiKeys[0].scopes: is missing'],
    [one({ scopes: 'docs' }), 'auth.apiKeys[0].scopes: must be a list'],
    [one({ scopes: ['docs', 'call:tank'] }), 'auth.apiKeys[0].scopes[1]: must be a scope such as call:SERVICE.METHOD'],
    [one({ tenant: '' }), 'auth.apiKeys[0].tenant: must be a text that is not empty'],
    [one({ expires: 'soon' }), 'auth.apiKeys[0].expires: must be a date or a time such as 2027-01-31'],
    [one({ expires: '2027-13-01' }), 'auth.apiKeys[0].expires: must be a date or a time'],
    [one({ rateLimit: {} }), 'auth.apiKeys[0].rateLimit.max: is missing'],
    [one({ rateLimit: { max: 1, windowMs: 0 } }), 'auth.apiKeys[0].rateLimit.windowMs: must be a whole number'],
    [
      one({ scopes: Array(500).fill('call:a.b') }),
      'auth.apiKeys[0]: its names and scopes are longer than the 3072 bytes',
    ],
    [token({ issuer: undefined }), 'auth.jwt.issuer: is missing'],
    [token({ audience: [] }), 'auth.jwt.audience: must be a list of at least one text'],
    [token({ jwks: 'http://issuer.example/jwks' }), 'auth.jwt.jwks: must be an https: URL or a file'],
    [token({ jwks: 'ftp://issuer.example/jwks' }), 'auth.jwt.jwks: must be an https: URL or a file'],
    [token({ algorithms: ['ES256', 'HS256'] }), 'auth.jwt.algorithms[1]: must be one of RS256'],
    [token({ algorithms: ['none'] }), 'auth.jwt.algorithms[0]: must be one of RS256'],
    [token({ clockToleranceSeconds: 301 }), 'auth.jwt.clockToleranceSeconds: must be a whole number from 0 to 300'],
    [token({ tenantClaim: 'scope' }), 'auth.jwt.tenantClaim: is the claim with the scopes'],
    [certificate({}), 'auth.mtls[0]: needs exactly one of subject, san and fingerprint256'],
    [certificate({ subject: 'CN=a', san: 'DNS:a' }), 'auth.mtls[0]: needs exactly one of'],
    [certificate({ fingerprint256: 'ab' }), 'auth.mtls[0].fingerprint256: must be 32 bytes in hex'],
    [certificate({ subject: 'CN=a' }), 'auth.mtls: needs http.tls with clientCertificates'],
    [{ anonymous: { scopes: ['all'] } }, 'auth.anonymous.scopes[0]: must be a scope'],
    [{ anonymous: {} }, 'auth.anonymous.scopes: is missing'],
  ];
  for (const [auth, expected] of cases) {
    await t.test(expected, () => {
      const detail = refusalOf(auth);
      assert.ok(detail.includes(expected), detail);
    });
  }
});

test('a key in the place of its hash is not shown', () => {
  assert.ok(!refusalOf({ apiKeys: [{ ...entry, hash: key }] }).includes(key));
  assert.throws(
    () => authSettings({ apiKeys: [{ ...entry, hash: key }] }),
    (error) => {
      assert.ok(error instanceof IsthmusError && error.code === 'INVALID_ARGUMENT');
      return !error.message.includes(key) && error.detail.startsWith('auth.apiKeys[0].hash: ');
    },
  );
});

test('keys of an issuer on this machine may come without TLS', () => {
  for (const jwks of ['http://localhost:1/k', 'http://127.0.0.1/k', 'http://[::1]:8/k']) {
    assert.equal(settingsOf({ jwt: { ...jwt, jwks } }).auth?.jwt?.jwks, jwks);
  }
});

test('what of http goes with it', async (t) => {
  const cases: readonly (readonly [object, string])[] = [
    [{ tls: {} }, 'http.tls.cert: must be a text'],
    [
      { tls: { cert: 'a', key: 'b', clientCertificates: 'yes' } },
      'http.tls.clientCertificates: must be one of none, optional',
    ],
    [
      { tls: { cert: 'a', key: 'b', clientCertificates: 'required' } },
      'http.tls.ca: is needed with clientCertificates',
    ],
    [{ hosts: ['a', 'b:80'] }, 'http.hosts[1]: must be a name or an address without a port'],
    [{ hosts: [] }, 'http.hosts: must be a list of at least one text'],
    [{ trustProxy: true }, 'http.trustProxy: must be a list'],
    [{ trustProxy: ['10.0.0.0/8', '0.0.0.0/0'] }, 'http.trustProxy[1]: must be an address or a network'],
    [{ trustProxy: ['proxy.example'] }, 'http.trustProxy[0]: must be an address or a network'],
    [{ trustProxy: ['10.0.0.0/33'] }, 'http.trustProxy[0]: must be an address or a network'],
    [{ rateLimit: { max: 0 } }, 'http.rateLimit.max: must be a whole number'],
    [{ maxHeaderBytes: 10 }, 'http.maxHeaderBytes: must be a whole number from 1,024'],
    [{ maxConnections: 0 }, 'http.maxConnections: must be a whole number from 1'],
  ];
  for (const [http, expected] of cases) {
    await t.test(expected, () => {
      const detail = refusalOf(undefined, { http });
      assert.ok(detail.includes(expected), detail);
    });
  }
});
