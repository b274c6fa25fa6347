import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SegmentInfo } from '@isthmus/core';
import { IsthmusError } from '@isthmus/schema';
import { cleanSegments, describeRemoval, removalObject, type SegmentStore } from '../../src/segments/clean-segments.ts';
import { machine, segmentInfo } from '../fixtures/segment-info.ts';

const { signal } = new AbortController();

function clean(orphans: readonly SegmentInfo[], store: SegmentStore) {
  return Array.fromAsync(cleanSegments(orphans, store, signal));
}

test('removes what is listed, and nothing else', async () => {
  const orphan = segmentInfo();
  const other = segmentInfo({ id: 8, source: { systemV: { id: 8 } } });
  const store = machine(other, orphan);
  const removals = await clean([orphan], store);
  assert.deepEqual(removals.map(describeRemoval), ['removed key 0x00001234 (id 7)']);
  assert.deepEqual(store.removed, [orphan]);
});

test('what is in use again, has gone, or is another one by now, is kept', async () => {
  const listed = segmentInfo();
  const since: readonly (readonly [SegmentInfo | undefined, RegExp])[] = [
    [segmentInfo({ orphan: false, attached: 1 }), /^kept key .*: it is no longer an orphan$/],
    [undefined, /^kept key .*: it is no longer there$/],
    [segmentInfo({ creatorPid: 982 }), /^kept key .*: it is no longer there$/],
    [segmentInfo({ bytes: 4096 }), /^kept key .*: it is no longer there$/],
    [segmentInfo({ owner: { uid: 1, name: undefined } }), /^kept key .*: it is no longer there$/],
  ];
  for (const [segment, message] of since) {
    const store = machine(...(segment === undefined ? [] : [segment]));
    const [removal] = await clean([listed], store);
    assert.match(describeRemoval(removal ?? assert.fail()), message);
    assert.deepEqual(store.removed, []);
  }
});

test('each is looked at right before it is removed', async () => {
  const orphans = [1, 2, 3].map((id) => segmentInfo({ id, source: { systemV: { id } } }));
  const store = machine(...orphans);
  const events: string[] = [];
  const told: SegmentStore = {
    list: () => {
      events.push('list');
      return store.list();
    },
    remove: (segment) => {
      events.push(`remove ${segment.id}`);
      return store.remove(segment);
    },
  };
  await clean(orphans, told);
  assert.deepEqual(events, ['list', 'remove 1', 'list', 'remove 2', 'list', 'remove 3']);
});

test('a failure is told and does not keep the others', async () => {
  const orphans = [1, 2].map((id) => segmentInfo({ id, source: { systemV: { id } } }));
  const store = machine(...orphans);
  const removals = await clean(orphans, {
    list: store.list,
    remove: async (segment) => {
      if (segment.id === 1) throw new IsthmusError('PERMISSION_DENIED', { detail: 'it is not yours' });
      await store.remove(segment);
    },
  });
  assert.match(
    describeRemoval(removals[0] ?? assert.fail()),
    /^could not remove key 0x00001234 \(id 1\): PERMISSION_DENIED: .*it is not yours/,
  );
  assert.deepEqual(
    removals
      .map((removal) => JSON.parse(JSON.stringify(removalObject(removal))))
      .map(({ outcome, code }) => [outcome, code]),
    [
      ['failed', 'PERMISSION_DENIED'],
      ['removed', undefined],
    ],
  );
});

test('a signal ends it between two', async () => {
  const orphans = [1, 2].map((id) => segmentInfo({ id, source: { systemV: { id } } }));
  const store = machine(...orphans);
  const controller = new AbortController();
  const removals = cleanSegments(orphans, store, controller.signal);
  await removals.next();
  controller.abort();
  await assert.rejects(removals.next(), { name: 'AbortError' });
  assert.equal(store.removed.length, 1);
});
