import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exposureWarnings, validateBridge } from '../../src/config/index.ts';
import { tank } from './fixtures.ts';

const services = { tank: { schema: tank, path: 'tank.sock' } };
const tls = { cert: 'a.crt', key: 'a.key' };
const warningsOf = (config: object) =>
  exposureWarnings(validateBridge({ services, ...config }, '/p/isthmus.config.ts'));

test('only this machine: nothing to say, with or without auth', () => {
  for (const host of ['127.0.0.1', 'localhost', '::1', '127.9.9.9']) {
    assert.deepEqual(warningsOf({ http: { host } }), []);
    assert.deepEqual(warningsOf({ http: { host }, auth: {} }), []);
  }
});

test('other machines, without auth: refused, unless somebody says that it is meant so', () => {
  for (const host of ['0.0.0.0', '::', '10.1.2.3', 'bridge.example']) {
    const http = { host };
    assert.throws(() => warningsOf({ http }), { code: 'CONFIG_INVALID', detail: /there is no auth.*insecure: true/ });
    assert.throws(() => warningsOf({ http: { host, tls }, insecure: false }), { code: 'CONFIG_INVALID' });
    const [warning, ...more] = warningsOf({ http, insecure: true });
    assert.match(warning ?? '', new RegExp(`whoever reaches ${host} may call and write everything`));
    assert.deepEqual(more, []);
  }
});

test('other machines, with auth: warned of what undoes it', () => {
  const host = '0.0.0.0';
  assert.deepEqual(warningsOf({ http: { host, tls }, auth: {} }), []);
  assert.match(warningsOf({ http: { host }, auth: {} }).join(), /^there is no http\.tls/);
  const everybody = { anonymous: { scopes: ['*'] } };
  assert.match(warningsOf({ http: { host, tls }, auth: everybody }).join(), /^auth\.anonymous has the scope \*/);
});
