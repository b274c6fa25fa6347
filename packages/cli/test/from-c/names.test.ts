import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldNameProblems, struct, u8 } from '@isthmus/schema';
import fc from 'fast-check';
import { fieldNameOf, isNameOf, typeNameOf, UniqueNames } from '../../src/from-c/names.ts';

test('names of fields', () => {
  for (const [cName, name, told] of [
    ['st_dev', 'stDev', false],
    ['tcpi_rtt', 'tcpiRtt', false],
    ['x', 'x', false],
    ['sin6_addr', 'sin6Addr', false],
    ['__pad0', 'pad0', true],
    ['_flags2', 'flags2', true],
    ['next_', 'next', true],
    ['nextIn', 'nextIn', true],
    ['HTTPPort', 'httpPort', true],
    ['MAX_SIZE', 'maxSize', true],
    ['rx_BYTES', 'rxBytes', true],
    ['a_1', 'a1', true],
    ['a_b_c', 'aBC', true],
    ['_3d', 'field3d', true],
    ['__', 'field', true],
    ['größe', 'grE', true],
    ['class', 'classField', true],
    ['long_', 'longField', true],
    ['then', 'thenField', true],
    ['to_string', 'toStringField', true],
  ] as const) {
    assert.equal(fieldNameOf(cName), name);
    assert.equal(isNameOf(cName, name), !told, `${cName} is told: ${told}`);
  }
});

test('names of structs', () => {
  for (const [cName, name] of [
    ['stat', 'Stat'],
    ['tcp_info', 'TcpInfo'],
    ['SSL_CTX', 'SslCtx'],
    ['_IO_FILE', 'IoFile'],
    ['XKeyEvent', 'XKeyEvent'],
    ['__sigset_t', 'SigsetT'],
    ['_3d', 'Struct3d'],
    ['_', 'Struct'],
  ] as const) {
    assert.equal(typeNameOf(cName), name);
  }
});

const identifiers = fc.stringMatching(/^[A-Za-z_$é][A-Za-z0-9_$é]{0,20}$/);

test('whatever C calls its fields and structs, the schema language takes the names', () => {
  fc.assert(
    fc.property(identifiers, (cName) => {
      assert.deepEqual(fieldNameProblems(fieldNameOf(cName)), []);
      assert.deepEqual(struct(typeNameOf(cName), { x: u8() }).problems, []);
    }),
  );
});

test('names that are taken get a number, and are told apart in C too', () => {
  const names = new UniqueNames();
  assert.deepEqual(
    ['fooBar', 'fooBAR', 'fooBar', 'fooBar2', 'other'].map((name) => names.take(name)),
    ['fooBar', 'fooBAR2', 'fooBar3', 'fooBar22', 'other'],
  );
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', 'A', 'a2', 'a22', 'b')), (wanted) => {
      const unique = new UniqueNames();
      const taken = wanted.map((name) => unique.take(name).toLowerCase());
      assert.equal(new Set(taken).size, wanted.length);
    }),
  );
});
