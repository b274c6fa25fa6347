/** Client certificates, over TLS with certificates made by the openssl command. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { json } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { eventually } from '../../../../test/support/eventually.ts';
import { TemporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { alternativeNames } from '../../src/auth/certificates.ts';
import { type CertificateEntry, createGateway, type TlsOptions } from '../../src/index.ts';
import { Authority, apiKey, hasOpenssl, type TestCertificate } from '../support/auth.ts';
import { plainHandlers, startGateway, type TestGateway } from '../support/gateway.ts';
import { goodLimits, startRegions } from '../support/regions.ts';

test('alternative names, one by one; what could be taken for more is in quotes', () => {
  assert.deepEqual(alternativeNames('DNS:a.example, URI:spiffe://plant/panel, IP Address:127.0.0.1'), [
    'DNS:a.example',
    'URI:spiffe://plant/panel',
    'IP Address:127.0.0.1',
  ]);
  assert.deepEqual(alternativeNames('DNS:"a, DNS:b", email:x@y'), ['DNS:"a, DNS:b"', 'email:x@y']);
  assert.deepEqual(alternativeNames('DNS:"a\\", DNS:b", DNS:c'), ['DNS:"a\\", DNS:b"', 'DNS:c']);
  assert.deepEqual(alternativeNames('DNS:a"b, DNS:c'), []);
  assert.deepEqual(alternativeNames(''), []);
});

const skip = hasOpenssl() ? false : 'there is no openssl command, which makes the certificates';

describe('over TLS', { skip }, () => {
  let folder: TemporaryFolder;
  let plant: Authority;
  let server: TestCertificate;
  let panel: TestCertificate;
  let robot: TestCertificate;
  let stranger: TestCertificate;
  let forged: TestCertificate;
  before(() => {
    folder = new TemporaryFolder();
    plant = new Authority(folder.path, 'plant');
    const elsewhere = new Authority(folder.path, 'elsewhere');
    server = plant.issue('/CN=localhost', 'DNS:localhost,IP:127.0.0.1');
    panel = plant.issue('/O=Plant/CN=panel');
    robot = plant.issue('/CN=robot', 'URI:spiffe://plant/robot,DNS:robot.example');
    stranger = plant.issue('/CN=stranger');
    forged = elsewhere.issue('/O=Plant/CN=panel');
  });
  after(() => folder[Symbol.dispose]());

  const tls = (clientCertificates: 'none' | 'optional' | 'required'): TlsOptions => ({
    cert: server.cert,
    key: server.key,
    ca: plant.ca.cert,
    clientCertificates,
  });

  const filesOf = (client: TestCertificate | undefined) =>
    client === undefined ? {} : { cert: readFileSync(client.cert), key: readFileSync(client.key) };

  async function call(
    { url }: TestGateway,
    client?: TestCertificate,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = request(
        `${url}/v1/call/pricing/ping`,
        {
          method: 'POST',
          agent: false,
          ca: readFileSync(plant.ca.cert),
          ...filesOf(client),
          headers: { 'content-type': 'application/json', ...headers },
        },
        resolve,
      );
      outgoing.on('error', reject);
      outgoing.end('{}');
    });
    const body: unknown = await json(response);
    return { status: response.statusCode ?? 0, body: Object.fromEntries(Object.entries(Object(body))) };
  }

  test('a certificate is told by its subject, a name or its fingerprint', async () => {
    const { X509Certificate } = await import('node:crypto');
    const { fingerprint256 } = new X509Certificate(readFileSync(stranger.cert));
    const grant = { scopes: ['call:*'] };
    const mtls: CertificateEntry[] = [
      { subject: 'O=Plant, CN=panel', tenant: 'plant', ...grant },
      { san: 'URI:spiffe://plant/robot', ...grant },
      { fingerprint256, scopes: ['docs'] },
    ];
    await using served = await startGateway(plainHandlers, { tls: tls('optional'), auth: { mtls } });
    assert.match(served.url, /^https:/);
    assert.equal((await call(served, panel)).status, 200);
    assert.equal((await call(served, robot)).status, 200);
    assert.deepEqual((await call(served, stranger)).body.detail, 'it takes the scope call:pricing.ping');
    const scopes = ['call:*'];
    assert.deepEqual(
      served.client.calls.map(({ caller }) => caller),
      [
        { subject: 'O=Plant, CN=panel', tenant: 'plant', scopes, method: 'mtls' },
        { subject: 'CN=robot', scopes, method: 'mtls' },
      ],
    );
  });

  test('one that is not signed by whom it has to be, or is nobody here, is not taken for none', async () => {
    const mtls = [{ subject: 'O=Plant, CN=panel', scopes: ['*'] }];
    const auth = { mtls, anonymous: { scopes: ['*'] } };
    await using served = await startGateway(plainHandlers, { tls: tls('optional'), auth });
    assert.equal((await call(served)).status, 200);
    assert.match(String((await call(served, forged)).body.detail), /does not verify/);
    assert.match(String((await call(served, stranger)).body.detail), /nobody here/);
    assert.equal(served.client.calls.length, 1);
  });

  test('where they are required there is no connection without, and the log says so', async () => {
    const mtls = [{ subject: 'O=Plant, CN=panel', scopes: ['*'] }];
    await using served = await startGateway(plainHandlers, { tls: tls('required'), auth: { mtls } });
    for (const client of [undefined, forged]) await assert.rejects(call(served, client));
    assert.equal((await call(served, panel)).status, 200);
    await eventually('log lines', () => served.log.filter(({ msg }) => msg === 'TLS handshake failed').length === 2);
  });

  test('a header counts before the certificate, and must be right', async () => {
    const key = apiKey('ada', ['call:*']);
    const auth = { apiKeys: [key.entry], mtls: [{ subject: 'O=Plant, CN=panel', scopes: ['call:*'] }] };
    await using served = await startGateway(plainHandlers, { tls: tls('optional'), auth });
    assert.equal((await call(served, panel, key.headers)).status, 200);
    assert.equal((await call(served, stranger, key.headers)).status, 200);
    assert.equal((await call(served, panel, { 'x-api-key': 'x' })).status, 401);
    assert.deepEqual(
      served.client.calls.map(({ caller }) => caller?.subject),
      ['ada', 'ada'],
    );
  });

  test('a WebSocket too', async () => {
    const auth = { mtls: [{ subject: 'O=Plant, CN=panel', scopes: ['read:*'] }] };
    await using served = await startRegions({ tls: tls('required'), auth });
    served.limits.set(goodLimits);
    const options = { ca: readFileSync(plant.ca.cert), ...filesOf(panel) };
    const socket = new WebSocket(`${served.url.replace('https', 'wss')}/v1/watch`, options);
    socket.on('open', () => socket.send('{"watch":"feed.limits"}'));
    const message = await new Promise((resolve, reject) => {
      socket.on('message', resolve);
      socket.on('error', reject);
    });
    assert.deepEqual(JSON.parse(String(message)).value, goodLimits);
    socket.terminate();
  });

  test('old versions of TLS are refused', async () => {
    await using served = await startGateway(plainHandlers, { tls: tls('none') });
    const old = request(`${served.url}/healthz`, {
      ca: readFileSync(plant.ca.cert),
      agent: false,
      maxVersion: 'TLSv1.1',
      minVersion: 'TLSv1',
      ciphers: 'ALL:@SECLEVEL=0',
    });
    old.end();
    await assert.rejects(new Promise((resolve, reject) => old.on('response', resolve).on('error', reject)));
  });

  test('files that cannot be used', async () => {
    const bad: readonly [Partial<TlsOptions>, RegExp][] = [
      [{ cert: folder.join('none.crt') }, /tls\.cert: .*none\.crt/],
      [{ key: panel.key }, /tls: certificate or key cannot be used/],
      [{ cert: server.key }, /tls: certificate or key cannot be used/],
      [{ ca: undefined }, /tls\.ca: is needed/],
    ];
    for (const [change, detail] of bad) {
      const options = { services: {}, tls: { ...tls('optional'), ...change } };
      await assert.rejects(createGateway(options), { code: 'INVALID_ARGUMENT', detail });
    }
  });
});
