import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IsthmusError, list, struct, u8, u32 } from '@isthmus/schema';
import { type BridgeConfig, defineBridge, validateBridge } from '../../src/index.ts';

const Tank = struct('Tank', { level: u32() });
const file = '/project/isthmus.config.ts';
const tank = { struct: Tank, systemV: { key: 0x7a4b } };

test('a region on its own: defaults in place, paths from the folder of the file', () => {
  const config: BridgeConfig = defineBridge({
    regions: {
      tank: { ...tank, guard: { systemVSemaphore: { key: 1, number: 0 } }, writable: true, create: {} },
      'log-1': { struct: Tank, file: 'data/log', guard: { flock: 'data/lock' }, description: 'The log.' },
    },
  });
  const { services, regions } = validateBridge(config, file);
  assert.deepEqual(services, []);
  const common = { offset: 0, timeoutMs: 100, watchIntervalMs: 20, magic: undefined, lazy: true };
  assert.deepEqual(regions, [
    {
      name: 'tank',
      struct: Tank,
      description: undefined,
      options: {
        systemV: { key: 0x7a4b },
        guard: { systemVSemaphore: { key: 1, number: 0, undo: true } },
        writable: true,
        ...common,
      },
      create: { mode: 0o600, uid: undefined, gid: undefined },
    },
    {
      name: 'log-1',
      struct: Tank,
      description: 'The log.',
      options: { file: '/project/data/log', guard: { flock: '/project/data/lock' }, writable: false, ...common },
      create: undefined,
    },
  ]);
});

test('every problem names the path of its key', async (t) => {
  const Tails = struct('Tails', { values: list(u8()) });
  const Bad = struct('Bad', { values: u32({ min: 5, max: 4 }) });
  const cases: [Record<string, unknown>, string][] = [
    [{ tank: 5 }, 'regions.tank: must be an object, not 5'],
    [{ 'a.b': tank }, 'regions.a.b: its name must be letters, digits, _ and -'],
    [{ tank: { systemV: { key: 1 } } }, 'regions.tank.struct: must be what struct() of @isthmus/schema returned'],
    [{ tank: { ...tank, struct: Tails } }, 'regions.tank.struct: Tails has fields of any length'],
    [{ tank: { ...tank, struct: Bad } }, 'regions.tank.struct: '],
    [{ tank: { struct: Tank } }, 'regions.tank: needs exactly one of systemV, posix, file, fd, and has none'],
    [{ tank: { ...tank, posix: '/x' } }, 'regions.tank: needs exactly one of'],
    [{ tank: { ...tank, Offset: 4 } }, 'regions.tank.Offset: is spelt offset'],
    [{ tank: { ...tank, lazy: true } }, 'regions.tank.lazy: is not a key; known are struct, description, create,'],
    [{ tank: { ...tank, offset: -1 } }, 'regions.tank.offset: '],
    [{ tank: { ...tank, guard: { seqlock: { offset: 1, bytes: 4 } } } }, 'regions.tank.guard.seqlock.offset: '],
    [{ tank: { ...tank, create: true } }, 'regions.tank.create: must be an object, not true'],
    [
      { tank: { ...tank, create: { mode: 0o1777 } } },
      'regions.tank.create.mode: must be permission bits from 0o1 to 0o777, not 1023',
    ],
    [{ tank: { ...tank, create: { bytes: 1 } } }, 'regions.tank.create.bytes: is not a key; known are mode, uid, gid'],
    [
      { tank: { struct: Tank, systemV: { id: 3 }, create: {} } },
      'regions.tank.create: is for a segment that has a key',
    ],
    [{ tank: { struct: Tank, fd: 3, create: {} } }, 'regions.tank.create: is for a segment that has a key or a name'],
    [{ tank: { ...tank, magic: { bytes: 'ff' }, create: {} } }, 'regions.tank.create: makes a segment of zeros'],
    [{ tank: { ...tank, guard: { mutex: { offset: 0 } }, create: {} } }, 'regions.tank.create: makes a segment of'],
  ];
  for (const [regions, expected] of cases) {
    await t.test(expected, () => {
      assert.throws(
        () => validateBridge({ regions }, file),
        (error) => {
          assert.ok(error instanceof IsthmusError && error.code === 'CONFIG_INVALID');
          assert.ok(error.detail.startsWith(`isthmus.config.ts: ${expected}`), error.detail);
          return true;
        },
      );
    });
  }
});

test('one report names the problems of all', () => {
  const config = { regions: { one: { ...tank, struct: 1, offset: 'x' }, two: 2 }, services: { other: {} } };
  assert.throws(
    () => validateBridge(config, file),
    (error) => {
      assert.ok(error instanceof IsthmusError);
      for (const place of ['regions.one.struct', 'regions.one.offset', 'regions.two', 'services.other.schema']) {
        assert.ok(error.detail.includes(`${place}: `), error.detail);
      }
      return true;
    },
  );
});
