import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { codecOf, optional, struct, u32 } from '@isthmus/schema';
import fc from 'fast-check';
import { FieldCodecs, memberOf } from '../../src/segments/field-codec.ts';
import { Boiler } from './support/peer.ts';

const values = fc.record({
  tag: fc.string({ maxLength: 7, unit: 'grapheme-ascii' }),
  alarms: fc.nat(),
  pressure: fc.nat(65_535),
  level: fc.double({ noNaN: true, noDefaultInfinity: true }),
  setpoint: fc.integer(),
});
const { size, fields } = Boiler.layout;

describe('FieldCodecs', () => {
  it('read and write of each field what the codec of the struct does', () => {
    const codecs = new FieldCodecs(Boiler);
    fc.assert(
      fc.property(values, (value) => {
        const bytes = new Uint8Array(size);
        codecOf(Boiler).encode(value, { view: new DataView(bytes.buffer), bytes }, 0);
        for (const { name, offset, size: length } of fields) {
          const part = bytes.subarray(offset, offset + length);
          const codec = codecs.get(name);
          assert.deepEqual(codec?.decode(part), memberOf(value, name));
          assert.deepEqual(codec?.encode(memberOf(value, name)), part);
        }
      }),
    );
  });

  it('name the field where a value is none of it', () => {
    const tag = new FieldCodecs(Boiler).get('tag');
    assert.throws(() => tag?.encode('too long for it'), {
      code: 'INVALID_INPUT',
      fields: [{ pointer: '/tag', message: 'must be text of at most 7 bytes in UTF-8, without NUL' }],
    });
    assert.throws(() => tag?.decode(new Uint8Array(8).fill(65)), { code: 'HANDLER_FAULT' });
  });

  it('have none of an optional field, and refuse what is no field', () => {
    const codecs = new FieldCodecs(struct('Some', { maybe: optional(u32()) }));
    assert.equal(codecs.get('maybe'), undefined);
    assert.throws(() => codecs.get('level'), { code: 'INVALID_ARGUMENT', detail: 'Some has no field level' });
  });
});
