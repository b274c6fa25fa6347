import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { validateBridge } from '@isthmus/gateway';
import { bytes, call, f64, region, type Service, service, struct, text } from '@isthmus/schema';
import { curlOf, describeBridge } from '../src/welcome.ts';

const Name = struct('Name', { name: text(40), weight: f64({ min: 2, max: 5 }) });
const schema = service('zoo', { count: call({ output: Name }), feed: call({ input: Name, output: Name }) });

const animals = region(Name, { key: 'name', rows: 4 });

function settingsOf(schema: Service, example: object = {}) {
  const settings = { schema, command: ['./program'], example };
  const bridge = validateBridge({ services: { [schema.name]: settings } }, '/project/isthmus.config.ts');
  return bridge.services[0] ?? assert.fail();
}

test('names every route and one call to try', () => {
  const services = [{ service: settingsOf(schema), instances: 2 }];
  const served = { services, regions: [], pages: [], workers: 0, isGuarded: false };
  const text_ = describeBridge('http://127.0.0.1:8080', served);
  assert.match(text_, /serves http:\/\/127\.0\.0\.1:8080\n {2}zoo \(2 instances\)/);
  assert.match(text_, /POST http:\/\/127\.0\.0\.1:8080\/v1\/call\/zoo\/count\n/);
  assert.match(text_, /POST http:\/\/127\.0\.0\.1:8080\/v1\/call\/zoo\/feed\n/);
  assert.match(text_, /Try it:\n {2}curl -s http/);
  assert.doesNotMatch(text_, /authorization/);
  const guarded = describeBridge('http://h:1', { ...served, isGuarded: true });
  assert.match(guarded, /\n {2}curl -s http.* -H "authorization: Bearer \$ISTHMUS_KEY"\n/);
});

test('names every region, of services and attached, and every page', () => {
  const both = service('zoo', { count: call({ output: Name }), animals });
  const served = {
    services: [{ service: settingsOf(both), instances: 1 }],
    regions: [{ name: 'boiler' }],
    pages: ['/panel'],
    workers: 0,
    isGuarded: false,
  };
  const lines = describeBridge('http://h:1', served).split('\n');
  assert.deepEqual(lines.slice(2, 9), [
    '  zoo (1 instance)',
    '    POST http://h:1/v1/call/zoo/count',
    '    GET  http://h:1/v1/regions/zoo.animals',
    '  boiler (shared memory)',
    '    GET  http://h:1/v1/regions/boiler',
    '  page http://h:1/panel',
    '  documentation http://h:1/docs',
  ]);
});

test('the call is made of the configured example, whatever a shell thinks of its characters', () => {
  const name = `it's $HOME "\`\\ !`;
  const line = curlOf('http://localhost:1', [settingsOf(schema, { feed: { name, weight: 3 } })], []);
  const words = execFileSync('sh', ['-c', `printf '%s\\0' ${line}`], { encoding: 'utf8' }).split('\0');
  assert.equal(words[2], 'http://localhost:1/v1/call/zoo/feed');
  assert.deepEqual(JSON.parse(words[6] ?? ''), { name, weight: 3 });
});

test('without an example, the first method is called with values that its schema allows', () => {
  const line = curlOf('http://localhost:1', [settingsOf(schema)], []);
  assert.match(line, /\/count -H 'content-type: application\/json' -d '\{\}'$/);
});

test('where there is nothing to call, a region is read: of a service, else one that is attached', () => {
  const regions = [{ name: 'boiler' }];
  const state = settingsOf(service('zoo', { animals }));
  assert.equal(curlOf('http://h:1', [state], regions), 'curl -s http://h:1/v1/regions/zoo.animals');
  assert.equal(curlOf('http://h:1', [], regions), 'curl -s http://h:1/v1/regions/boiler');
  const plain = settingsOf(service('files', { put: call({ input: bytes() }) }));
  assert.equal(curlOf('http://h:1', [plain], []), 'curl -s http://h:1/openapi.json');
});
