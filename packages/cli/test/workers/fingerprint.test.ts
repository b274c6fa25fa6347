import assert from 'node:assert/strict';
import { test } from 'node:test';
import { validateBridge } from '@isthmus/gateway';
import { call, i64, service, struct } from '@isthmus/schema';
import { fingerprintOf } from '../../src/workers/fingerprint.ts';

const Level = struct('Level', { metres: i64() });
const config = (over: object = {}, http: object = {}, describe = 'says how full it is') => ({
  http,
  services: {
    tank: {
      schema: service('tank', { level: call({ input: Level, description: describe }) }),
      path: 'tank.sock',
      example: { level: { metres: 7n } },
      ...over,
    },
  },
  regions: { boiler: { struct: Level, posix: '/boiler' } },
});
const fingerprint = (value: object): string => fingerprintOf(validateBridge(value, '/project/isthmus.config.ts'));

test('is the same for the same configuration, whatever the words of its descriptions', () => {
  assert.equal(fingerprint(config()), fingerprint(config()));
  assert.equal(fingerprint(config()), fingerprint(config({}, {}, 'other words')));
});

test('is another where anything else is', () => {
  const schema = service('tank', { level: call({ input: Level, idempotent: true }) });
  const all = [
    config(),
    config({ timeoutMs: 1 }),
    config({ path: 'other.sock' }),
    config({ schema }),
    config({ example: { level: { metres: 8n } } }),
    config({ policies: { level: { retry: { attempts: 3 } } } }),
    config({}, { maxInFlight: 7 }),
    { ...config(), auth: {} },
    { ...config(), regions: { boiler: { struct: Level, posix: '/other' } } },
    { ...config(), regions: { boiler: { struct: struct('Level', { feet: i64() }), posix: '/boiler' } } },
  ];
  assert.equal(new Set(all.map(fingerprint)).size, all.length);
});
