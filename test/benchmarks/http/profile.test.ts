import assert from 'node:assert/strict';
import { test } from 'node:test';
import { categoryTable, functionTable, type Recorded } from '../../../benchmarks/http/profile-tables.ts';

function node(id: number, functionName: string, url = '') {
  return { id, callFrame: { functionName, url, lineNumber: 30 } };
}

const nodes = [
  node(1, '(program)'),
  node(2, 'handleCall', 'file:///a/packages/gateway/src/http/call-handler.ts'),
  node(3, 'onParserExecute', 'node:_http_server'),
  node(4, 'handleRequest', 'file:///a/node_modules/fastify/lib/handle-request.js'),
  node(5, 'encode', 'file:///a/packages/schema/src/codec/compile.ts'),
  node(6, 'writev'),
  // The same function, called from elsewhere.
  node(7, 'handleCall', 'file:///a/packages/gateway/src/http/call-handler.ts'),
];

/** Each sample stands for the time until the next one, the last for none. */
function recorded(samples: readonly number[], usOfEach: number, of: Pick<Recorded, 'requests' | 'ms'>): Recorded {
  const profile = { nodes, samples, timeDeltas: samples.map(() => usOfEach) };
  return { name: 'gateway', profile, ownNs: 900_000, startedNs: 100_000, ...of };
}

const whole = recorded([1, 1, 2, 7, 2, 3, 4, 5, 6, 1], 100, { requests: 10, ms: 1 });

test('self time is told by category, a request, beside the CPU time', () => {
  const text = categoryTable([whole, { ...whole, name: 'another', requests: 20 }]);
  assert.match(text, /^\| us a request +\| gateway \| another \|$/m);
  assert.match(text, /^\| gateway +\| 30 +\| 15 +\|$/m);
  assert.match(text, /^\| native code below the event loop +\| 20 +\| 10 +\|$/m);
  for (const name of [
    'Node: HTTP, streams, events',
    'Fastify and its parts',
    'native functions called from JavaScript',
  ]) {
    assert.ok(new RegExp(`^\\| ${name} +\\| 10 +\\| 5 +\\|$`, 'm').test(text), name);
  }
  assert.match(text, /^\| client of the service \(core, codecs, schema\) +\| 10 +\| 5 +\|$/m);
  assert.match(text, /^\| CPU time of the Node process +\| 90 +\| 45 +\|$/m);
  assert.match(text, /^\| CPU time of what it has started +\| 10 +\| 5 +\|$/m);
});

test('and by function, wherever it was called from', () => {
  const text = functionTable(whole);
  assert.match(text, /^\| `handleCall` \(call-handler\.ts:31\) +\| 30 +\| 33\.3 % +\|$/m);
  assert.match(text, /^\| `onParserExecute` \(node:_http_server:31\) +\| 10 +\| 11\.1 % +\|$/m);
});

test('only the last part of the profile counts', () => {
  const text = functionTable(recorded([2, 2, 2, 3, 3, 3], 1000, { requests: 1, ms: 2 }));
  assert.doesNotMatch(text, /handleCall/);
  assert.match(text, /^\| `onParserExecute` \(node:_http_server:31\) +\| 2,000 +\| 100 % +\|$/m);
});
