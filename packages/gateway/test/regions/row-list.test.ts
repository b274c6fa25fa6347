import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Place, RowList } from '../../src/regions/row-list.ts';
import { RowVersion } from '../../src/regions/row-version.ts';
import { type ServedRegion, servedRegions } from '../../src/regions/served-region.ts';
import { FakeRegion } from '../support/fake-region.ts';
import { Boiler } from '../support/regions.ts';

const [served] = servedRegions({}, { boiler: { region: new FakeRegion(Boiler) } });

function versionOf(region: ServedRegion | undefined, version: bigint): RowVersion {
  assert.ok(region !== undefined);
  return new RowVersion(region, { epoch: 1n, version, time: 0n, bytes: new Uint8Array(9) });
}

/** What happens: a row is written, a reader reads on by so many rows, or all that was written before does not count any more. */
const steps = fc.array(
  fc.oneof(
    fc.record({ write: fc.constantFrom('a', 'b', 'c', 'd', 'e'), passedOver: fc.nat(3) }),
    fc.record({ read: fc.nat(6) }),
    fc.constant({ retire: true }),
  ),
  { maxLength: 60 },
);

test('a reader is given each changed row once, oldest change first, however it goes', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const list = new RowList();
      // What the reader still has to see: rows in the order of their last change.
      let pending: string[] = [];
      const tags = new Map<string, string>();
      const counts = new Map<string, number>();
      let place: Place = { row: undefined, change: 0 };
      let version = 0n;
      for (const step of all) {
        if ('write' in step) {
          const next = versionOf(served, ++version);
          list.put(step.write, next, step.passedOver);
          tags.set(step.write, next.tag);
          counts.set(step.write, (counts.get(step.write) ?? 0) + 1 + step.passedOver);
          pending = [...pending.filter((id) => id !== step.write), step.write];
          continue;
        }
        if ('retire' in step) {
          list.retire();
          pending = [];
          continue;
        }
        for (let count = 0; count < step.read; count++) {
          const row = list.after(place);
          const id = pending.shift();
          if (row === undefined || id === undefined) {
            assert.deepEqual([row, id], [undefined, undefined]);
            break;
          }
          assert.equal(row.version.tag, tags.get(id));
          assert.equal(row.versions, counts.get(id));
          assert.equal(list.get(id), row);
          place = { row, change: row.change };
        }
      }
      assert.equal(list.size, tags.size);
      assert.equal(list.changes, all.filter((step) => 'write' in step).length);
    }),
  );
});
