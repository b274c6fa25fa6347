import assert from 'node:assert/strict';
import { test } from 'node:test';
import { further, Source, start, word, zeroSource } from '../../src/codec/source.ts';

test('constants go in by reference, each once', () => {
  const source = new Source();
  const value = { text: '"; throw 1; "' };
  const name = source.constant(value);
  assert.equal(source.constant(value), name);
  assert.notEqual(source.constant('other'), name);
  source.add(`return ${name}.text + more;`);
  const compiled = source.compile('more');
  assert.ok(typeof compiled === 'function');
  assert.equal(compiled('!'), `${value.text}!`);
});

test('0 and -0 are two constants', () => {
  const source = new Source();
  source.add(`return [${source.constant(0)}, ${source.constant(-0)}, ${source.constant(0)}];`);
  const compiled = source.compile();
  assert.ok(typeof compiled === 'function');
  assert.deepEqual(compiled(), [0, -0, 0]);
});

test('variables are different', () => {
  const source = new Source();
  assert.equal(new Set(['a', 'a', 'b'].map((letter) => source.variable(letter))).size, 3);
});

test('nothing but a name can be a word of the source', () => {
  for (const good of ['a', 'aB9', 'Kind', 'in_stock']) assert.equal(word(good), good);
  for (const bad of ['', '9a', 'a b', 'a"', 'a;b', 'a.b', 'é', '__proto__', 'a\n']) {
    assert.throws(() => word(bad), { code: 'INTERNAL' }, bad);
  }
});

test('zeros: just as many as asked for', () => {
  for (let size = 0; size <= 70; size++) {
    const source = new Source();
    source.add(...zeroSource(further(start, 3), size));
    const zero = source.compile('view', 'bytes', 'at');
    const bytes = new Uint8Array(80).fill(0xaa);
    assert.ok(typeof zero === 'function');
    zero(new DataView(bytes.buffer), bytes, 2);
    assert.deepEqual(
      [...bytes],
      Array.from({ length: 80 }, (_, at) => (at >= 5 && at < 5 + size ? 0 : 0xaa)),
    );
  }
});
