/** All contestants of the HTTP section, in the order in which they take turns. */
import { join } from 'node:path';
import { goProgram } from '../harness/go.ts';
import type { Command } from '../harness/processes.ts';
import { benchmarks, missingPackages, missingPrograms, nodeHeaders } from '../harness/toolchains.ts';
import { buildAddon, buildPricing, buildQuote, buildWorker, workerProgram } from './build.ts';
import type { Contestant } from './contestant.ts';

const proto = join(benchmarks, 'peers/go-quote/grpc-quote/quote.proto');

function node(server: string, ...args: readonly string[]): Command {
  return { program: process.execPath, args: [join(import.meta.dirname, 'servers', `${server}.ts`), ...args] };
}

function gateway(wait: string): Command {
  return { ...node('gateway'), env: { ISTHMUS_BENCH_WAIT: wait } };
}

function missingAddon(...packages: readonly string[]): string | undefined {
  if (nodeHeaders() === undefined) return 'the headers of Node.js are not installed';
  return missingPrograms('cc') ?? missingPackages(...packages);
}

export const contestants: readonly Contestant[] = [
  {
    name: 'gateway',
    kind: 'isthmus',
    what: "the gateway before one instance of the pricing example, with Isthmus's defaults (both wait `adaptive`)",
    tail: true,
    missing: () => missingPrograms('make', 'cc'),
    build: buildPricing,
    server: () => gateway('adaptive'),
  },
  {
    name: 'gateway block',
    kind: 'isthmus',
    what: 'the same, where both sleep in the kernel at once',
    tail: false,
    missing: () => missingPrograms('make', 'cc'),
    build: buildPricing,
    server: () => gateway('block'),
  },
  {
    name: 'gateway in process',
    kind: 'in process',
    what: 'the same gateway, with the handler as a Node-API addon in its process: without isolation',
    tail: false,
    missing: () => missingAddon(),
    build: buildAddon,
    server: () => node('gateway-in-process'),
  },
  {
    name: 'Fastify in process',
    kind: 'in process',
    what: 'a Fastify app as one would write it by hand, with the handler as a Node-API addon in its process',
    tail: true,
    missing: () => missingAddon('fastify'),
    build: buildAddon,
    server: () => node('fastify-in-process'),
  },
  {
    name: 'Fastify to gRPC',
    kind: 'peer',
    what: 'the same Fastify app, which asks a gRPC server in Go, and that C, by grpc-js over a Unix socket',
    tail: true,
    missing: () => missingPrograms('go', 'cc') ?? missingPackages('fastify', '@grpc/grpc-js', '@grpc/proto-loader'),
    build: () => buildQuote('grpc-quote'),
    server: (folder) => node('fastify-grpc', proto, goProgram('grpc-quote'), join(folder, 'socket')),
  },
  {
    name: 'Gin shared memory',
    kind: 'peer',
    what: 'Gin before a C program, by System V shared memory and semaphores',
    tail: true,
    missing: () => missingPrograms('go', 'cc'),
    build: () => {
      buildWorker();
      buildQuote('gin-shm');
    },
    server: () => ({ program: goProgram('gin-shm'), args: ['-worker', workerProgram] }),
  },
  {
    name: 'Gin cgo',
    kind: 'in process',
    what: 'Gin, with the handler in C in its process, through cgo',
    tail: false,
    missing: () => missingPrograms('go', 'cc'),
    build: () => buildQuote('gin-cgo'),
    server: () => ({ program: goProgram('gin-cgo'), args: [] }),
  },
  ...(['Fastify', 'Hono', 'Express'] as const).map((name): Contestant => {
    const file = name.toLowerCase();
    const packages = name === 'Hono' ? ['hono', '@hono/node-server'] : [file];
    return {
      name,
      kind: 'framework',
      what: `${name} and nothing else: it parses the body and answers it, without schema or handler`,
      tail: false,
      missing: () => missingPackages(...packages),
      server: () => node(file),
    };
  }),
];
