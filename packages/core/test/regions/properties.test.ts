/** Random structs: what is written is what is read, whole, field by field, and as bytes. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { connect, ownRegions } from '@isthmus/core';
import { codecOf, region, type Service, service } from '@isthmus/schema';
import fc from 'fast-check';
import { TemporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { anyStruct, valuesOf } from '../../../schema/test/support/arbitrary.ts';

/** A region of whatever struct, as far as the compiler knows. */
interface AnyRegion {
  read(): { readonly version: bigint; readonly value: Record<string, unknown> };
  readInto(target: Uint8Array): unknown;
  get(field: string): unknown;
  write(value: unknown): unknown;
  set(field: string, value: unknown): unknown;
}

function anyRegion(of: object): AnyRegion {
  // `as`: the schema, which nobody knows, has this region.
  return Reflect.get(of, 'state') as AnyRegion;
}

const written = anyStruct({ tails: false }).chain((type) =>
  fc.tuple(fc.constant(type), fc.array(valuesOf(type), { minLength: 2, maxLength: 4 })),
);

it('reads what was written, by the owner and by a client', async () => {
  using folder = new TemporaryFolder();
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(written, fc.constantFrom('one', 'many'), async ([type, values], writers) => {
      const schema: Service = service('any', { state: region(type, { writers }) });
      const path = folder.join(`${runs++}.sock`);
      await using owner = await ownRegions(schema, { path });
      await using client = await connect(schema, { path });
      const codec = codecOf(type);
      for (const value of values) {
        anyRegion(writers === 'one' ? owner : client).write(value);
        const expected = Buffer.alloc(codec.size);
        // `as`: any value of the type.
        codec.encode(value as never, { bytes: expected, view: new DataView(expected.buffer, expected.byteOffset) }, 0);
        for (const reader of [anyRegion(owner), anyRegion(client)]) {
          assert.deepEqual(reader.read().value, value);
          const bytes = Buffer.alloc(codec.size);
          reader.readInto(bytes);
          assert.deepEqual(bytes, expected);
          for (const { name } of type.layout.fields) {
            assert.deepEqual(reader.get(name), Reflect.get(Object(value), name), name);
          }
        }
      }
    }),
    { numRuns: 60 },
  );
});

it('sets one field after the other, which makes the same value', async () => {
  using folder = new TemporaryFolder();
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(written, async ([type, [first, second]]) => {
      const schema: Service = service('any', { state: region(type) });
      await using owner = await ownRegions(schema, { path: folder.join(`${runs++}.sock`) });
      const state = anyRegion(owner);
      state.write(first);
      const value = { ...Object(first) };
      for (const { name } of type.layout.fields) {
        value[name] = Reflect.get(Object(second), name);
        state.set(name, value[name]);
        assert.deepEqual(state.read().value, value);
      }
      assert.deepEqual(value, second);
      assert.equal(state.read().version, BigInt(1 + type.layout.fields.length));
    }),
    { numRuns: 60 },
  );
});
