import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { describe, it } from 'node:test';
import { attachDefaults, attachOptionNames, checkAttachOptions } from '@isthmus/core';
import fc from 'fast-check';

const tooLong = `/${'n'.repeat(255)}`;

describe('checkAttachOptions', () => {
  it('puts the defaults in place, and they are those that are documented', () => {
    const { settings, problems } = checkAttachOptions({ posix: '/boiler' });
    assert.deepEqual(problems, []);
    const { posix, guard, magic, ...others } = settings ?? {};
    assert.deepEqual({ posix, guard, magic }, { posix: '/boiler', guard: undefined, magic: undefined });
    const documented = Object.entries(attachDefaults).filter(([, value]) => value !== undefined);
    assert.deepEqual(Object.fromEntries(Object.entries(others).map(([name, value]) => [name, String(value)])), {
      ...Object.fromEntries(documented),
    });
  });

  it('gives what it would take again', () => {
    const all = {
      systemV: { key: 0x8bad_f00d },
      offset: 64,
      guard: { systemVSemaphore: { id: 7, number: 1 } },
      writable: true,
      timeoutMs: 0,
      watchIntervalMs: 1.5,
      magic: { bytes: 'C0ffee' },
      lazy: true,
    };
    const { settings } = checkAttachOptions(all);
    assert.deepEqual(settings, {
      ...all,
      systemV: { key: 0x8bad_f00d | 0 },
      guard: { systemVSemaphore: { id: 7, number: 1, undo: true } },
      magic: { offset: 0, bytes: new Uint8Array([0xc0, 0xff, 0xee]) },
    });
    assert.deepEqual(checkAttachOptions(settings).settings, settings);
  });

  it('counts relative paths from the folder that it is given', () => {
    const { settings } = checkAttachOptions({ file: 'a/b', guard: { fcntl: '../lock' } }, '', '/srv/x');
    assert.deepEqual([settings?.file, settings?.guard], ['/srv/x/a/b', { fcntl: '/srv/lock' }]);
    assert.equal(checkAttachOptions({ file: 'a' }).settings?.file, resolve('a'));
  });

  const refused: readonly (readonly [unknown, string | readonly string[]])[] = [
    [undefined, 'r: must be an object, not undefined'],
    [[], 'r: must be an object, not []'],
    [{}, 'r: needs exactly one of systemV, posix, file, fd, and has none'],
    [{ posix: '/a', file: 'b' }, 'r: needs exactly one of systemV, posix, file, fd, and has posix and file'],
    [{ posix: '/a', keys: 1 }, `r.keys: is not an option; known are ${attachOptionNames.join(', ')}`],
    [{ posix: 'a' }, "r.posix: must be a name such as /name, not 'a'"],
    [{ posix: '/a/b' }, "r.posix: must be a name such as /name, not '/a/b'"],
    [{ posix: tooLong }, `r.posix: must be a name such as /name, not '${tooLong.slice(0, 50)}'... 206 more characters`],
    [{ posix: 7 }, 'r.posix: must be a name such as /name, not 7'],
    [{ file: '' }, "r.file: must be the path of a file, not ''"],
    [{ file: 'a\0b' }, "r.file: must be the path of a file, not 'a\\x00b'"],
    [{ fd: -1 }, 'r.fd: must be a whole number from 0 to 2147483647, not -1'],
    [{ systemV: 7 }, 'r.systemV: must be an object, not 7'],
    [{ systemV: {} }, 'r.systemV: needs exactly one of key, id, and has none'],
    [{ systemV: { key: 0 } }, 'r.systemV.key: must not be 0, which is IPC_PRIVATE: use the id'],
    [
      { systemV: { key: 2 ** 32 } },
      'r.systemV.key: must be a whole number from -2147483648 to 4294967295, not 4294967296',
    ],
    [{ systemV: { key: 1, id: 1 } }, 'r.systemV: needs exactly one of key, id, and has key and id'],
    [{ posix: '/a', offset: 1.5 }, 'r.offset: must be a whole number from 0 to 9007199254740991, not 1.5'],
    [{ posix: '/a', writable: 1 }, 'r.writable: must be true or false, not 1'],
    [{ posix: '/a', timeoutMs: Number.NaN }, 'r.timeoutMs: must be a number from 0 to 60000, not NaN'],
    [{ posix: '/a', watchIntervalMs: 0 }, 'r.watchIntervalMs: must be a number from 1 to 60000, not 0'],
    [{ posix: '/a', magic: { bytes: 'abc' } }, 'r.magic.bytes: must be 1 to 4096 bytes, or pairs of hex digits'],
    [
      { posix: '/a', magic: { bytes: new Uint8Array() } },
      'r.magic.bytes: must be 1 to 4096 bytes, or pairs of hex digits',
    ],
    [
      { posix: '/a', guard: {} },
      'r.guard: needs exactly one of seqlock, posixSemaphore, systemVSemaphore, mutex, flock, fcntl, and has none',
    ],
    [{ posix: '/a', guard: { seqlock: { offset: 6, bytes: 4 } } }, 'r.guard.seqlock.offset: must be a multiple of 4'],
    [
      { posix: '/a', guard: { seqlock: { offset: 0, bytes: 2 } } },
      'r.guard.seqlock.bytes: must be 4 or 8, the width of the counter',
    ],
    [{ posix: '/a', guard: { mutex: { offset: 4 } } }, 'r.guard.mutex.offset: must be a multiple of 8'],
    [
      { posix: '/a', guard: { systemVSemaphore: { key: 1 } } },
      'r.guard.systemVSemaphore.number: must be a whole number from 0 to 65535, not undefined',
    ],
    [
      { posix: '/a', guard: { posixSemaphore: true } },
      'r.guard.posixSemaphore: must be a name such as /name, not true',
    ],
    [
      { systemV: { key: 1 }, guard: { flock: true } },
      'r.guard.flock: must be the path of a file: a System V segment has none',
    ],
    // All of them at once.
    [
      { file: 1, offset: -1, lazy: 0 },
      [
        'r.file: must be the path of a file, not 1',
        'r.offset: must be a whole number from 0 to 9007199254740991, not -1',
        'r.lazy: must be true or false, not 0',
      ],
    ],
  ];
  for (const [options, expected] of refused) {
    it(`refuses ${JSON.stringify(options)?.slice(0, 80)}`, () => {
      const { settings, problems } = checkAttachOptions(options, 'r');
      assert.equal(settings, undefined);
      assert.deepEqual(problems, [expected].flat());
    });
  }

  it('never throws, whatever it is given', () => {
    const names = fc.constantFrom(...attachOptionNames);
    const anything = fc.anything({ withBigInt: true, withDate: true, withMap: true, withTypedArray: true });
    fc.assert(
      fc.property(fc.dictionary(names, anything, { noNullPrototype: false }), (options) => {
        const { settings, problems } = checkAttachOptions(options);
        assert.equal(settings === undefined, problems.length > 0);
      }),
    );
  });
});
