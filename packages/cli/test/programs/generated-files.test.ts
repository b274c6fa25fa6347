import assert from 'node:assert/strict';
import { test } from 'node:test';
import { protoOf } from '@isthmus/codecs';
import { type CodecName, call, generateHeader, service, struct, u8 } from '@isthmus/schema';
import { generatedFiles } from '../../src/programs/generated-files.ts';

function serviceWith(codec: CodecName) {
  return service('tank', { level: call({ input: struct('Level', { percent: u8() }), codec }), empty: call() });
}

test('a service gets its header, and a .proto file beside it if a method of it speaks protobuf', () => {
  for (const codec of ['struct', 'msgpack', 'json'] as const) {
    const tank = serviceWith(codec);
    assert.deepEqual(generatedFiles(tank, '/a/b.h'), [{ path: '/a/b.h', text: generateHeader(tank) }]);
  }
  const tank = serviceWith('protobuf');
  assert.deepEqual(generatedFiles(tank, '/a/b.h'), [
    { path: '/a/b.h', text: generateHeader(tank) },
    { path: '/a/tank.proto', text: protoOf(tank) },
  ]);
});
