import assert from 'node:assert/strict';
import { chmodSync, closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { listSegments, type SegmentInfo } from '@isthmus/core';
import { TemporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { Peer, type Place, placeOf, randomName, startPeer } from './support/peer.ts';

const uid = process.getuid?.() ?? 0;
/** Whether this process can look into all others: then what is not seen is not there. */
const seesAll = (await readlink('/proc/self/ns/pid')) === 'pid:[4026531836]' && canRead('/proc/1/maps');

function canRead(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
}

async function find({ source }: Place): Promise<SegmentInfo | undefined> {
  const key = source.systemV?.key;
  return (await listSegments()).find((one) => (key === undefined ? one.name === source.posix : one.key === key));
}

describe('listSegments', () => {
  it('tells of a System V segment who made it, and whether he lives', async () => {
    await using peer = await startPeer('systemV', 'none');
    const live = await find(peer.place);
    assert.ok(live !== undefined);
    const { id, source, owner, ...others } = live;
    assert.deepEqual(source, { systemV: { id } });
    assert.equal(owner.uid, uid);
    if (uid === 0) assert.equal(owner.name, 'root');
    assert.deepEqual(others, {
      kind: 'systemV',
      key: peer.place.source.systemV?.key,
      name: undefined,
      mode: 0o600,
      bytes: 4096,
      attached: 1,
      creatorPid: peer.pid,
      lastPid: peer.pid,
      ownerAlive: true,
      orphan: false,
      worldWritable: false,
    });
    await peer.kill();
    const left = await find(peer.place);
    assert.deepEqual([left?.attached, left?.ownerAlive, left?.orphan], [0, false, true]);
  });

  it('does not take one for an orphan that somebody else has attached', async () => {
    const place = placeOf('systemV', 'none');
    await using creator = new Peer(place);
    await using user = new Peer(place);
    await creator.tell('make');
    await user.tell('make');
    await creator.kill();
    const left = await find(place);
    assert.deepEqual([left?.attached, left?.ownerAlive, left?.orphan], [1, false, false]);
  });

  it('tells of a POSIX segment who uses it', async () => {
    await using peer = await startPeer('posix', 'posixSemaphore');
    const live = await find(peer.place);
    assert.deepEqual(live, {
      kind: 'posix',
      source: peer.place.source,
      key: undefined,
      id: undefined,
      name: peer.place.source.posix,
      owner: { uid, name: live?.owner.name },
      mode: 0o600,
      bytes: 4096,
      attached: seesAll ? 1 : undefined,
      creatorPid: undefined,
      lastPid: undefined,
      ownerAlive: true,
      orphan: false,
      worldWritable: false,
    });
    const semaphore = (await listSegments()).find(({ name }) => name === `/sem.${peer.place.source.posix?.slice(1)}`);
    assert.deepEqual([semaphore?.kind, semaphore?.ownerAlive], ['posixSemaphore', true]);
  });

  it('takes a POSIX segment for an orphan once nobody uses it and it is old', async (t) => {
    const name = randomName();
    const path = join('/dev/shm', name);
    const look = async () => (await listSegments()).find((one) => one.name === `/${name}`);
    try {
      writeFileSync(path, Buffer.alloc(10));
      chmodSync(path, 0o666);
      const young = await look();
      assert.deepEqual([young?.bytes, young?.attached, young?.ownerAlive], [10, 0, false]);
      assert.deepEqual([young?.worldWritable, young?.orphan], [true, false]);
      t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 61_000 });
      assert.equal((await look())?.orphan, true);
      for (const flags of ['r', 'r+']) {
        const descriptor = openSync(path, flags);
        const used = await look();
        assert.deepEqual([used?.ownerAlive, used?.orphan], [true, false], 'open, though not mapped');
        closeSync(descriptor);
      }
    } finally {
      rmSync(path, { force: true });
    }
  });

  it('lists files that it is told of, and none else, and only what is a file', async () => {
    using folder = new TemporaryFolder();
    const path = folder.join('shared');
    writeFileSync(path, 'x');
    const files = [path, folder.path, folder.join('missing')];
    const listed = (await listSegments({ files })).filter(({ kind }) => kind === 'file');
    assert.deepEqual(
      listed.map(({ name, source, bytes, orphan }) => ({ name, source, bytes, orphan })),
      [{ name: path, source: { file: path }, bytes: 1, orphan: false }],
    );
  });

  it('counts the processes that have a file mapped', async () => {
    const place = placeOf('file', 'none');
    await using one = new Peer(place);
    await using other = new Peer(place);
    await one.tell('make');
    await other.tell('make');
    const path = place.source.file ?? '';
    const [found] = (await listSegments({ files: [path] })).filter(({ name }) => name === path);
    assert.deepEqual([found?.ownerAlive, found?.attached], [true, seesAll ? 2 : undefined]);
  });
});
