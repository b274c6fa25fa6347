import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IsthmusError } from '@isthmus/schema';
import { validateBridge } from '../../src/config/index.ts';
import { tank, usualProcess } from './fixtures.ts';

const file = '/project/isthmus.config.ts';
const started = { schema: tank, command: ['./build/tank'] };

/** The detail of the CONFIG_INVALID that a configuration is refused with. */
function refusalOf(config: unknown): string {
  try {
    validateBridge(config, file);
  } catch (error) {
    assert.ok(error instanceof IsthmusError);
    assert.equal(error.code, 'CONFIG_INVALID');
    return error.detail;
  }
  assert.fail('it was accepted');
}

test('the smallest configuration gets every default', () => {
  const settings = validateBridge({ services: { tank: started } }, file);
  assert.deepEqual(settings, {
    folder: '/project',
    http: {
      host: '127.0.0.1',
      port: 8080,
      workers: 1,
      cpus: undefined,
      tls: undefined,
      hosts: undefined,
      origins: [],
      rateLimit: undefined,
      trustProxy: [],
      bodyLimitBytes: 1_048_576,
      maxHeaderBytes: 16_384,
      maxConnections: 20_000,
      requestTimeoutMs: 30_000,
      headersTimeoutMs: 10_000,
      keepAliveTimeoutMs: 72_000,
      maxTimeoutMs: 60_000,
      maxInFlight: 4096,
      maxWatchers: 10_000,
      pages: {},
    },
    auth: undefined,
    insecure: false,
    log: { level: 'info' },
    services: [
      {
        name: 'tank',
        schema: tank,
        client: {
          timeoutMs: 5000,
          patienceMs: 0,
          wait: 'adaptive',
          maxInFlight: 4096,
          requestRingBytes: 1_048_576,
          replyRingBytes: 1_048_576,
          connectTimeoutMs: 2000,
          policies: undefined,
          pool: undefined,
        },
        origin: {
          kind: 'command',
          command: ['./build/tank'],
          build: undefined,
          process: { ...usualProcess, cwd: '/project' },
        },
        example: {},
        header: '/project/generated/tank.h',
      },
    ],
    regions: [],
  });
});

test('relative paths count from the folder of the file', () => {
  const origins = [
    { schema: tank, path: 'run/tank' },
    { schema: tank, sources: ['src/tank.c'], cwd: 'data' },
  ].map((service) => validateBridge({ services: { tank: service } }, file).services[0]?.origin);
  assert.deepEqual(origins, [
    { kind: 'path', path: '/project/run/tank' },
    {
      kind: 'sources',
      sources: ['/project/src/tank.c'],
      process: { ...usualProcess, cwd: '/project/data' },
    },
  ]);
});

test('every problem names the file and the path of its key', async (t) => {
  const service = (extra: object) => ({ services: { tank: { ...started, ...extra } } });
  const cases: readonly (readonly [unknown, string])[] = [
    [undefined, 'isthmus.config.ts: the configuration: must be an object, not undefined'],
    [{ services: 5 }, 'services: must be an object, not 5'],
    [{}, 'services: must have at least one service, where there are no regions'],
    [{ services: {} }, 'services: must have at least one service'],
    [{ services: {}, regions: {} }, 'services: must have at least one service'],
    [
      { services: { tank: started }, hhtp: {} },
      'hhtp: is not a key; known are http, auth, insecure, log, services, regions',
    ],
    [{ services: { tank: started }, http: { maxWatchers: 0 } }, 'http.maxWatchers: must be a whole number from 1'],
    [{ services: { tank: started }, http: { origins: 'x' } }, 'http.origins: must be a list of origins, not "x"'],
    ...['example.com', 'https://example.com/', 'https://example.com:443', 'null', '*', 5].map(
      (origin) =>
        [
          { services: { tank: started }, http: { origins: ['https://a.example', origin] } },
          'http.origins[1]: must be an origin such as https://example.com',
        ] as const,
    ),
    [service({ policies: { drain: {} } }), 'services.tank.policies.drain: is not an option; known are *, '],
    [
      service({ policies: { '*': { retry: { attempts: 0 } } }, pool: { maxActive: 0 } }),
      'services.tank.policies.*.retry.attempts: must be a whole number from 2 to 100, not 0; services.tank.pool.maxActive: must',
    ],
    [service({ pool: { idleEvictMs: 5 } }), 'services.tank.pool.idleEvictMs: is for connect()'],
    [{ services: { tank: started }, http: { Port: 1 } }, 'http.Port: is spelt port'],
    [
      { services: { tank: started }, http: { port: 65_536 } },
      'http.port: must be a whole number from 0 to 65,535, not 65536',
    ],
    [
      { services: { tank: started }, http: { port: '80' } },
      'http.port: must be a whole number from 0 to 65,535, not "80"',
    ],
    ...[0, 65, 1.5, 'all'].map(
      (workers) =>
        [
          { services: { tank: started }, http: { workers } },
          `http.workers: must be a whole number from 1 to 64, or 'auto', not ${JSON.stringify(workers)}`,
        ] as const,
    ),
    [{ services: { tank: started }, http: { host: '' } }, 'http.host: must be a text that is not empty, not ""'],
    [{ services: { tank: started }, log: { level: 'loud' } }, 'log.level: must be one of fatal, error'],
    [
      { services: { tank: { ...started, schema: {} } } },
      'services.tank.schema: must be what service() of @isthmus/schema',
    ],
    [{ services: { pool: started } }, 'services.pool: must be named as its schema: tank'],
    [
      { services: { tank: { schema: tank } } },
      'services.tank: needs exactly one of command, sources and path, and has none',
    ],
    [service({ path: 'x' }), 'services.tank: needs exactly one of command, sources and path, and has command and path'],
    [service({ instances: 0 }), 'services.tank.instances: must be a whole number from 1 to 64, not 0'],
    [service({ instances: 1.5 }), 'services.tank.instances: '],
    [service({ threads: 65 }), 'services.tank.threads: '],
    [service({ command: [] }), 'services.tank.command: must be a list of at least one text'],
    [service({ command: ['a', 1] }), 'services.tank.command[1]: must be a text'],
    [service({ env: { A: 1 } }), 'services.tank.env.A: must be a text, not 1'],
    [service({ env: { 'A=B': '' } }), 'services.tank.env.A=B: is not a name'],
    [service({ wait: 'sleep' }), 'services.tank.wait: must be one of adaptive, block, spin, not "sleep"'],
    [service({ requestRingBytes: 5000 }), 'services.tank.requestRingBytes: must be a power of two, not 5000'],
    [service({ example: { fill: {} } }), 'services.tank.example.fill: is not a method of tank'],
    [
      { services: { tank: { schema: tank, path: 'x', instances: 2 } } },
      'services.tank.instances: is for a service that',
    ],
    [
      { services: { tank: { schema: tank, path: 'x', build: ['make'] } } },
      'services.tank.build: goes with command only',
    ],
  ];
  for (const [config, expected] of cases) {
    await t.test(expected, () => {
      const detail = refusalOf(config);
      assert.ok(detail.startsWith('isthmus.config.ts: '), detail);
      assert.ok(detail.includes(expected), detail);
    });
  }
});

test('one report names all problems', () => {
  const detail = refusalOf({ http: { port: -1, body: 1 }, log: { level: 3 }, services: { tank: started } });
  for (const key of ['http.port', 'http.body', 'log.level']) assert.ok(detail.includes(`${key}: `), detail);
});
