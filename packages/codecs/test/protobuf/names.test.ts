import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, enumeration, service, struct, u8, union } from '@isthmus/schema';
import fc from 'fast-check';
import { enumeratorNames, fieldNames, jsonName } from '../../src/protobuf/names.ts';
import { Protoc, protocMissing } from '../support/protoc.ts';

const fields = (...names: string[]) => fieldNames(names.map((name) => ({ name })));

test('names are in snake case, and in JSON what they were', () => {
  assert.deepEqual(fields('takenAt', 'x', 'x1', 'aBC'), ['taken_at', 'x', 'x1', 'a_bc']);
  assert.deepEqual(['taken_at', 'x1', 'a_bc'].map(jsonName), ['takenAt', 'x1', 'aBc']);
  assert.deepEqual(enumeratorNames(enumeration('OrderSide', ['buy', 'sellShort', 'N_A'])), [
    'ORDER_SIDE_BUY',
    'ORDER_SIDE_SELL_SHORT',
    'ORDER_SIDE_N_A',
  ]);
});

test('what protoc would not tell apart gets a number', () => {
  assert.deepEqual(fields('aB1', 'ab1', 'ab12', 'x'), ['a_b1', 'ab1_2', 'ab12_2', 'x']);
  assert.deepEqual(enumeratorNames(enumeration('K', ['a1', 'a_1', 'aB', 'ab'])), ['K_A1', 'K_A_1_2', 'K_A_B', 'K_AB']);
});

/** Few letters, so that names nearly clash. */
const names = (pattern: RegExp) =>
  fc.uniqueArray(fc.stringMatching(pattern), { minLength: 1, maxLength: 12, selector: (name) => name.toLowerCase() });

/** `optional string json_name = 10` of google.protobuf.FieldDescriptorProto. */
const JSON_NAME_TAG = (10 << 3) | 2;

test('protoc takes all names that C takes', { skip: protocMissing }, () => {
  let taken = 0;
  fc.assert(
    fc.property(names(/^[ab][abAB1]{0,3}$/), names(/^[aB][abAB1_]{0,3}$/), (members, values) => {
      const members8 = Object.fromEntries(members.map((name) => [name, u8()]));
      const type = struct('S', {
        e: enumeration('Ab', values),
        ...members8,
        u: union('U', Object.fromEntries(members.map((name) => [name, struct(`V${name}`, { x: u8() })]))),
      });
      let schema: ReturnType<typeof service>;
      try {
        schema = service('names', { take: call({ input: type }) });
      } catch {
        // In C, too, some names cannot be told apart.
        return;
      }
      taken++;
      using protoc = new Protoc(schema);
      for (const name of members) {
        const jsonName = Buffer.from([JSON_NAME_TAG, name.length, ...Buffer.from(name)]);
        assert.ok(protoc.descriptor.includes(jsonName), `${name} is called so in JSON`);
      }
    }),
    { numRuns: 60 },
  );
  assert.ok(taken > 5);
});
