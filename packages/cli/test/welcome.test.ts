import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { validateBridge } from '@isthmus/gateway';
import { call, f64, service, struct, text } from '@isthmus/schema';
import { curlOf, describeBridge } from '../src/welcome.ts';

const Name = struct('Name', { name: text(40), weight: f64({ min: 2, max: 5 }) });
const schema = service('zoo', { count: call({ output: Name }), feed: call({ input: Name, output: Name }) });

function settings(example?: object) {
  const zoo = { schema, command: ['./zoo'], ...(example === undefined ? {} : { example }) };
  const [service_] = validateBridge({ services: { zoo } }, '/project/isthmus.config.ts').services;
  return service_ ?? assert.fail();
}

test('names every route and one call to try', () => {
  const text_ = describeBridge('http://127.0.0.1:8080', [{ service: settings(), instances: 2 }]);
  assert.match(text_, /serves http:\/\/127\.0\.0\.1:8080\n {2}zoo \(2 instances\)/);
  assert.match(text_, /POST http:\/\/127\.0\.0\.1:8080\/v1\/call\/zoo\/count\n/);
  assert.match(text_, /POST http:\/\/127\.0\.0\.1:8080\/v1\/call\/zoo\/feed\n/);
  assert.match(text_, /Try it:\n {2}curl -s http/);
});

test('the call is made of the configured example, whatever a shell thinks of its characters', () => {
  const name = `it's $HOME "\`\\ !`;
  const line = curlOf('http://localhost:1', settings({ feed: { name, weight: 3 } }));
  const words = execFileSync('sh', ['-c', `printf '%s\\0' ${line}`], { encoding: 'utf8' }).split('\0');
  assert.equal(words[2], 'http://localhost:1/v1/call/zoo/feed');
  assert.deepEqual(JSON.parse(words[6] ?? ''), { name, weight: 3 });
});

test('without an example, the first method is called with values that its schema allows', () => {
  assert.match(curlOf('http://localhost:1', settings()), /\/count -H 'content-type: application\/json' -d '\{\}'$/);
});
