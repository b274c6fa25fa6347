/** grpc-js, as most Node programs reach a service in another language. */
import { join } from 'node:path';
import { buildGo, goProgram } from '../../harness/go.ts';
import { missingPackages, missingPrograms } from '../../harness/toolchains.ts';
import { nodeClient } from '../command-line.ts';
import type { Contestant } from '../contestant.ts';

const grpcJs: Contestant = {
  name: 'grpc-js',
  kind: 'peer',
  what: 'a unary call of grpc-js to a Go server over a Unix socket',
  missing: () => missingPrograms('go') ?? missingPackages('@grpc/grpc-js', '@grpc/proto-loader'),
  build: () => buildGo('go', './grpc-echo'),
  server: ({ folder, bytes }) => ({
    program: goProgram('grpc-echo'),
    args: ['--socket', join(folder, 'socket'), '--bytes', String(bytes)],
  }),
  client: (run) => nodeClient('grpc', run, join(run.folder, 'socket')),
};

export const grpc: readonly Contestant[] = [grpcJs];
