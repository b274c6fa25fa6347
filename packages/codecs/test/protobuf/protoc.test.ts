/** What is written and read, and the `.proto` file, held against the real protobuf compiler. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, type Method, type Service, type Struct, service } from '@isthmus/schema';
import fc from 'fast-check';
import { anyStruct, valuesOf } from '../../../schema/test/support/arbitrary.ts';
import { payloadCodec } from '../../src/index.ts';
import { decoded, encoded } from '../support/forms.ts';
import { protoText } from '../support/proto-text.ts';
import { Protoc, protocMissing } from '../support/protoc.ts';

/** Each run of protoc takes some milliseconds: few schemas, several values of each. */
const schemas = { numRuns: 25 };

function serviceOf(input: Struct): Service<{ readonly [name: string]: Method }> {
  return service('random', { take: call({ input, codec: 'protobuf' }) });
}

const structsWithValues = anyStruct().chain((type) =>
  fc.tuple(fc.constant(type), fc.array(valuesOf(type), { minLength: 1, maxLength: 3 })),
);

test('protoc takes the file of any schema, and reads and writes the same bytes', { skip: protocMissing }, () => {
  fc.assert(
    fc.property(structsWithValues, ([type, values]) => {
      using protoc = new Protoc(serviceOf(type));
      const codec = payloadCodec('protobuf', type);
      for (const value of values) {
        const ours = encoded(codec, value);
        const text = protoc.decode(type.name, ours);
        assert.doesNotMatch(text, /^\s*\d+[:\s]/m, 'it knows every field');
        assert.deepEqual(protoc.encode(type.name, text), ours);
      }
    }),
    schemas,
  );
});

test('what protoc writes of a value is read as that value', { skip: protocMissing }, () => {
  fc.assert(
    fc.property(structsWithValues, ([type, values]) => {
      using protoc = new Protoc(serviceOf(type));
      const codec = payloadCodec('protobuf', type);
      for (const value of values) {
        const theirs = protoc.encode(type.name, protoText(type, value));
        assert.deepEqual(decoded(codec, theirs).value, value);
        assert.deepEqual(theirs, encoded(codec, value));
      }
    }),
    schemas,
  );
});
