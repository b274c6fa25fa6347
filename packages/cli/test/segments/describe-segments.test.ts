import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeSegments, segmentObject } from '../../src/segments/describe-segments.ts';
import { segmentInfo } from '../fixtures/segment-info.ts';

const segments = [
  segmentInfo({ mode: 0o666, worldWritable: true }),
  segmentInfo({
    key: 0xbeef,
    id: 12,
    owner: { uid: 1000, name: 'plant' },
    attached: 2,
    creatorPid: 1742,
    ownerAlive: true,
    orphan: false,
  }),
  segmentInfo({
    kind: 'posix',
    source: { posix: '/oven' },
    key: undefined,
    id: undefined,
    name: '/oven',
    owner: { uid: 1000, name: undefined },
    bytes: 128,
    attached: undefined,
    creatorPid: undefined,
    lastPid: undefined,
    ownerAlive: undefined,
    orphan: false,
  }),
];

const kiln = segmentInfo({ ...segments[2], name: '/kiln', attached: 0, ownerAlive: false });

test('a table of them, with ? for what is not known', () => {
  assert.equal(
    describeSegments([...segments, kiln]),
    `KIND     NAME                    OWNER  MODE   BYTES  ATTACHED  STATE                NOTES
systemV  key 0x00001234 (id 7)   root   0666  65,536         0  creator 981 is gone  orphan, world-writable
systemV  key 0x0000beef (id 12)  plant  0600  65,536         2  creator 1742 lives
posix    /oven                   1000   0600     128         ?  ?
posix    /kiln                   1000   0600     128         0  not in use
`,
  );
});

test('the same for programs, with null', () => {
  assert.deepEqual(segments.slice(1).map(segmentObject), [
    {
      kind: 'systemV',
      name: null,
      key: '0x0000beef',
      id: 12,
      owner: { uid: 1000, name: 'plant' },
      mode: '0600',
      bytes: 65_536,
      attached: 2,
      creatorPid: 1742,
      lastPid: 981,
      ownerAlive: true,
      orphan: false,
      worldWritable: false,
    },
    {
      kind: 'posix',
      name: '/oven',
      key: null,
      id: null,
      owner: { uid: 1000, name: null },
      mode: '0600',
      bytes: 128,
      attached: null,
      creatorPid: null,
      lastPid: null,
      ownerAlive: null,
      orphan: false,
      worldWritable: false,
    },
  ]);
});
