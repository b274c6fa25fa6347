/** Brokers: what is asked and who answers know only the broker, and each message takes two hops. */
import { join } from 'node:path';
import { buildGo, goProgram } from '../../harness/go.ts';
import { benchmarks, missingPackages, missingPrograms } from '../../harness/toolchains.ts';
import { nodeClient } from '../command-line.ts';
import type { Contestant } from '../contestant.ts';

const server = (name: string, ...args: readonly string[]) => ({
  program: process.execPath,
  args: [join(benchmarks, 'hop/servers', `${name}.ts`), ...args],
});

const nats: Contestant = {
  name: 'NATS',
  kind: 'peer',
  what: 'a request of nats.js over TCP to nats-server, answered by a Go program behind it',
  missing: () => missingPrograms('go', 'setpriv') ?? missingPackages('@nats-io/transport-node'),
  build: () => buildGo('go', './nats-echo', 'github.com/nats-io/nats-server/v2'),
  server: ({ folder }) => server('nats', folder),
  client: (run) => nodeClient('nats', run, join(run.folder, 'url')),
};

const redisEcho: Contestant = {
  name: 'Redis ECHO',
  kind: 'peer',
  what: 'ECHO by ioredis over a Unix socket: redis-server itself answers, and no program of the user is behind it',
  missing: () => missingPrograms('redis-server', 'setpriv') ?? missingPackages('ioredis'),
  server: ({ folder }) => server('redis', folder),
  client: (run) => nodeClient('redis-echo', run, join(run.folder, 'socket')),
};

const redisLists: Contestant = {
  name: 'Redis lists',
  kind: 'peer',
  what: 'ioredis pushes onto a list over a Unix socket; a Go program takes it off there, and answers on another list',
  missing: () => missingPrograms('go', 'redis-server', 'setpriv') ?? missingPackages('ioredis'),
  build: () => buildGo('go', './redis-echo'),
  server: ({ folder }) => server('redis', folder, goProgram('redis-echo')),
  client: (run) => nodeClient('redis-lists', run, join(run.folder, 'socket')),
};

export const brokers: readonly Contestant[] = [nats, redisEcho, redisLists];
