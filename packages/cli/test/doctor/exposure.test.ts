import assert from 'node:assert/strict';
import { test } from 'node:test';
import { validateBridge } from '@isthmus/gateway';
import { call, service } from '@isthmus/schema';
import { judgeExposure } from '../../src/doctor/exposure.ts';

const tank = service('tank', { ping: call({}) });
const judge = (config: object) =>
  judgeExposure(validateBridge({ services: { tank: { schema: tank, path: 'x' } }, ...config }, '/p/isthmus.config.ts'));

test('for whom the gateway would listen', () => {
  const name = 'gateway';
  assert.deepEqual(judge({}), { name, status: 'ok', found: 'listens on 127.0.0.1, for everybody' });
  const guarded = 'callers with credentials';
  assert.deepEqual(judge({ auth: {} }), { name, status: 'ok', found: `listens on 127.0.0.1, for ${guarded}` });
  const http = { host: '0.0.0.0' };
  const { status, found, advice } = judge({ auth: {}, http });
  assert.deepEqual([status, found], ['warn', `listens on 0.0.0.0, for ${guarded}`]);
  assert.match(advice ?? '', /there is no http\.tls/);
  assert.equal(judge({ insecure: true, http }).status, 'warn');
  assert.throws(() => judge({ http }), { code: 'CONFIG_INVALID' });
});
