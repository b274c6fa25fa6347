import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { countOf, isBytes, readBytes, writeBytes } from '../../src/codec/bytes.ts';

test('what counts as bytes: any Uint8Array, and no other array', () => {
  for (const good of [new Uint8Array(2), Buffer.from('ab'), runInNewContext('new Uint8Array(2)')]) {
    assert.ok(isBytes(good));
    assert.equal(countOf(good), 2);
  }
  const fakes = [
    new Uint8ClampedArray(2),
    new Int8Array(2),
    new Uint16Array(2),
    new ArrayBuffer(2),
    new DataView(new ArrayBuffer(2)),
    [1, 2],
    { length: 2, [Symbol.toStringTag]: 'Uint8Array' },
    Object.create(Uint8Array.prototype),
    new Proxy(new Uint8Array(2), {}),
    'ab',
    null,
    undefined,
  ];
  for (const bad of fakes) assert.equal(isBytes(bad), false);
});

test('what a subclass says of its length does not count', () => {
  class Liar extends Uint8Array {
    override get length(): number {
      return 3;
    }
  }
  const target = new Uint8Array(8).fill(0xaa);
  assert.equal(writeBytes(target, 0, 3, new Liar(60)), false);
  assert.equal(writeBytes(target, 0, 4, new Liar(4)), true);
  assert.deepEqual([...target], [0, 0, 0, 0, 0xaa, 0xaa, 0xaa, 0xaa]);
});

test('copies of any length', () => {
  for (const length of [0, 1, 24, 25, 200]) {
    const value = Uint8Array.from({ length }, (_, index) => index);
    const memory = new Uint8Array(length + 2).fill(0xaa);
    assert.ok(writeBytes(memory, 1, length, value));
    const copy = readBytes(Buffer.from(memory.buffer), 1, 1 + length);
    assert.deepEqual(copy, value);
    memory.fill(0);
    assert.deepEqual(copy, value);
  }
});
