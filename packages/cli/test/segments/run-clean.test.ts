import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IsthmusError } from '@isthmus/schema';
import { type CleanOptions, runClean } from '../../src/segments/run-clean.ts';
import { machine, segmentInfo } from '../fixtures/segment-info.ts';

const used = segmentInfo({ id: 6, key: 6, orphan: false, attached: 1 });
const orphan = segmentInfo({ id: 7, key: 7, source: { systemV: { id: 7 } } });
const stuck = segmentInfo({ id: 8, key: 8, source: { systemV: { id: 8 } } });

async function clean(more: Partial<CleanOptions> & Pick<CleanOptions, 'store'>) {
  let answered = '';
  let told = '';
  const hasFailed = await runClean({
    confirm: async () => true,
    json: false,
    answer: async (text) => {
      answered += text;
    },
    tell: (text) => {
      told += text;
    },
    signal: new AbortController().signal,
    ...more,
  });
  return { hasFailed, answered, told };
}

test('shows the orphans, asks, and removes them and nothing else', async () => {
  const store = machine(used, orphan, stuck);
  const asked: number[] = [];
  const confirm = async (count: number) => {
    asked.push(count);
    assert.deepEqual(store.removed, []);
    return true;
  };
  const { hasFailed, answered, told } = await clean({ store, confirm });
  assert.deepEqual([hasFailed, told, asked], [false, '', [2]]);
  assert.match(answered, /^KIND .*\n.*\(id 7\).*\n.*\(id 8\).*\nremoved .*\(id 7\)\nremoved .*\(id 8\)\n$/);
  assert.deepEqual(store.removed, [orphan, stuck]);
});

test('without agreement nothing is removed', async () => {
  const store = machine(orphan);
  const { hasFailed, answered } = await clean({ store, confirm: async () => false });
  assert.deepEqual([hasFailed, store.removed], [false, []]);
  assert.match(answered, /\(id 7\).*\nnothing was removed\n$/);
});

test('where there is no orphan nobody is asked', async () => {
  const store = machine(used);
  const { answered } = await clean({ store, confirm: () => assert.fail() });
  assert.equal(answered, 'there is no orphan\n');
  assert.equal((await clean({ store, json: true })).answered, '{\n  "removals": []\n}\n');
});

test('what cannot be removed is told, and is a failure; the others go', async () => {
  const { list, remove, removed } = machine(orphan, stuck);
  const store: CleanOptions['store'] = {
    list,
    remove: async (segment) => {
      if (segment.id === stuck.id) throw new IsthmusError('PERMISSION_DENIED');
      await remove(segment);
    },
  };
  const { hasFailed, answered, told } = await clean({ store, json: true });
  assert.equal(hasFailed, true);
  assert.match(told, /^KIND .*\ncould not remove key 0x00000008 \(id 8\): PERMISSION_DENIED: .*\n$/s);
  const { removals } = JSON.parse(answered);
  assert.deepEqual(
    removals.map(({ outcome, code, segment }: Record<string, unknown>) => [
      outcome,
      code,
      Reflect.get(Object(segment), 'id'),
    ]),
    [
      ['removed', undefined, 7],
      ['failed', 'PERMISSION_DENIED', 8],
    ],
  );
  assert.deepEqual(removed, [orphan]);
});
