import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  bytes,
  enumeration,
  f64,
  IsthmusError,
  i16,
  i64,
  optional,
  struct,
  type Type,
  text,
  u8,
  u32,
  u64,
} from '@isthmus/schema';
import fc from 'fast-check';
import { RowForms } from '../../src/index.ts';
import { Boiler, goodBoiler, goodLimits, Limits, Slot } from '../support/regions.ts';

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof IsthmusError, String(error));
    return error.code;
  }
  return 'none';
}

describe('keys', () => {
  const State = enumeration('State', ['open', 'done']);
  const Level = enumeration('Level', ['low', 'high'], { open: true });
  const keys: [Type, [string, unknown][], string[]][] = [
    [
      text(4),
      [
        ['a b', 'a b'],
        ['', ''],
        ['é', 'é'],
      ],
      ['12345', 'a\0'],
    ],
    [bytes(2), [['AQI=', 'AQI=']], ['AQI', 'AQID', '']],
    [
      u32({ max: 1000 }),
      [
        ['0', 0],
        ['1000', 1000],
      ],
      ['1001', '-1', '01', '1.0', '1e2', '', ' 1', '0x1'],
    ],
    [i16({ endian: 'big' }), [['-5', -5]], ['-32769', '-0', '--1']],
    [
      u64(),
      [
        ['18446744073709551615', '18446744073709551615'],
        ['7', '7'],
      ],
      ['18446744073709551616', '-1', '01'],
    ],
    [i64({ endian: 'big' }), [['-9', '-9']], ['x']],
    [State, [['done', 'done']], ['other', '1']],
    [
      Level,
      [
        ['high', 'high'],
        ['7', 7],
      ],
      ['other', '-1'],
    ],
  ];
  for (const [type, good, bad] of keys) {
    test(type.kind, () => {
      const forms = new RowForms(struct('Row', { before: u8(), key: type, value: f64() }), 'key');
      for (const [written, key] of good) {
        assert.equal(forms.keyFromText(written), key);
        assert.equal(forms.keyFromJson(key), key);
        const row = forms.fromJson({ before: 255, key, value: 1 });
        assert.equal(forms.keyOf(row), key);
        forms.requireKey(row, key);
      }
      for (const written of bad)
        assert.equal(
          codeOf(() => forms.keyFromText(written)),
          'INVALID_ARGUMENT',
          written,
        );
    });
  }

  test('where there is none', () => {
    const forms = new RowForms(Boiler, undefined);
    assert.equal(forms.keyOf(forms.fromJson(goodBoiler)), undefined);
    assert.equal(
      codeOf(() => forms.keyFromText('x')),
      'INVALID_ARGUMENT',
    );
    assert.equal(
      codeOf(() => new RowForms(Boiler, 'nope')),
      'INVALID_ARGUMENT',
    );
  });
});

describe('patching', () => {
  test('bytes of what is not named stay, whatever they are', () => {
    const Legacy = struct('Legacy', { flag: u8(), level: u32(), name: text(7), end: u8() });
    const forms = new RowForms(Legacy, undefined);
    const before = forms.fromJson({ flag: 1, level: 2, name: 'ab', end: 3 });
    // Padding, and what an old program left behind the end of a text.
    before.set([0xaa, 0xbb, 0xcc], 1);
    before.set([0xdd, 0xee], 13);
    const after = forms.patched(before, { level: 9 });
    const changed = [...after.keys()].filter((index) => after[index] !== before[index]);
    assert.deepEqual(changed, [4]);
    assert.equal(before[4], 2, 'the old bytes are not touched');
  });

  test('an optional field comes and goes, alone', () => {
    const Some = struct('Some', { a: optional(u32()), b: optional(u32()), c: u8() });
    const forms = new RowForms(Some, undefined);
    const first = forms.fromJson({ b: 5, c: 1 });
    const second = forms.patched(first, { a: 7 });
    assert.deepEqual(forms.json(second), { a: 7, b: 5, c: 1 });
    assert.deepEqual(forms.json(forms.patched(second, { a: null })), { b: 5, c: 1 });
  });

  test('the key may be named, not changed', () => {
    const forms = new RowForms(Slot, 'id');
    const row = forms.fromJson({ id: 3, isTaken: false });
    assert.deepEqual(forms.json(forms.patched(row, { id: 3, isTaken: true })), { id: 3, isTaken: true });
    assert.equal(
      codeOf(() => forms.patched(row, { id: 4 })),
      'INVALID_INPUT',
    );
  });

  test('as if the whole were written anew, for any fields', () => {
    const forms = new RowForms(Limits, undefined);
    const number = fc.double({ min: 0, max: 1e6, noNaN: true });
    const some = fc.record(
      {
        low: number,
        high: number,
        unit: fc.constantFrom('bar', 'psi', null),
        note: fc.option(fc.nat()),
        owner: fc.string({ unit: 'grapheme-ascii', maxLength: 16 }),
        at: fc.record({ x: number, y: number }, { requiredKeys: [] }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(some, some, (one, two) => {
        const base = forms.patched(forms.fromJson(goodLimits), one);
        const json = forms.json(forms.patched(base, two));
        assert.deepEqual(json, JSON.parse(forms.text(forms.patched(base, two))));
        assert.deepEqual(forms.fromJson(json), forms.patched(base, two));
      }),
    );
  });
});

test("a caller's bytes are held to the schema", () => {
  const forms = new RowForms(Slot, 'id');
  const good = forms.fromJson({ id: 1000, isTaken: true });
  const dirty = good.slice();
  dirty[5] = 0xff;
  assert.deepEqual(forms.fromBytes(dirty), good, 'what lies between the fields becomes zero');
  assert.equal(
    codeOf(() => forms.fromBytes(good.subarray(1))),
    'MALFORMED_BODY',
  );
  assert.equal(
    codeOf(() => forms.fromBytes(Uint8Array.of(0xe9, 3, 0, 0, 1, 0, 0, 0))),
    'INVALID_INPUT',
  );
  assert.equal(
    codeOf(() => forms.fromBytes(Uint8Array.of(1, 0, 0, 0, 2, 0, 0, 0))),
    'INVALID_INPUT',
  );
});
