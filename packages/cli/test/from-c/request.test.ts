import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, before, test } from 'node:test';
import { headerOf, requestOf } from '../../src/from-c/request.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'request-test-'));
  await mkdir(join(folder, 'sys'));
  await writeFile(join(folder, 'a.h'), '');
});
after(() => rm(folder, { recursive: true }));

const rest = { structs: ['s'], define: [] };
/** As a user in the current folder writes it. */
const typed = (name: string) => relative('', join(folder, name));

test('paths become relative to the folder of the file, and find the header again', async () => {
  for (const [into, header, include] of [
    ['.', './a.h', './inc'],
    ['src', '../a.h', '../inc'],
    ['inc', '../a.h', './'],
    ['inc/deep', '../../a.h', '..'],
  ] as const) {
    const given = { ...rest, header: typed('a.h'), include: [typed('inc')] };
    const request = await requestOf(given, join(folder, into));
    assert.deepEqual(request, { ...rest, header, include: [include] });
    assert.equal(headerOf(request, join(folder, into)), join(folder, 'a.h'));
  }
});

test('absolute paths stay, and so do names of headers that the compiler has', async () => {
  const include = ['/opt/include'];
  const absolute = await requestOf({ ...rest, header: join(folder, 'a.h'), include }, folder);
  assert.deepEqual(absolute, { ...rest, header: join(folder, 'a.h'), include });
  const system = await requestOf({ ...rest, header: 'sys/stat.h', include: [] }, folder);
  assert.equal(headerOf(system, folder), 'sys/stat.h');
  // A folder is no header.
  assert.equal((await requestOf({ ...rest, header: 'sys', include: [] }, folder)).header, 'sys');
});

test('what can only be a path must be there', async () => {
  for (const header of ['./none.h', '../none.h', '/none.h']) {
    const detail = `there is no header ${header}`;
    await assert.rejects(requestOf({ ...rest, header, include: [] }, folder), { code: 'INVALID_ARGUMENT', detail });
  }
});
