import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { tagOf, versionOfTag } from '../../src/index.ts';

const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

test('a tag names its version, and only one', () => {
  fc.assert(
    fc.property(u64, u64, (epoch, version) => {
      assert.deepEqual(versionOfTag(tagOf({ epoch, version })), { epoch, version });
    }),
  );
  assert.equal(tagOf({ epoch: 0x1f00dn, version: 42n }), '1f00d-42');
});

test('what is no tag', () => {
  const texts = [
    '',
    '-',
    '1',
    '1-',
    '-1',
    '01-1',
    '1-01',
    'G-1',
    'A-1',
    '1-a',
    '1-1 ',
    '1-1-1',
    `1${'0'.repeat(16)}-1`,
  ];
  for (const text of [...texts, '1-18446744073709551616']) assert.equal(versionOfTag(text), undefined, text);
});
