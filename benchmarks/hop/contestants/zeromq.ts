/** ZeroMQ: messages over sockets, with a thread in each process that sends and receives them. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Command } from '../../harness/processes.ts';
import { benchmarks, compileC, missingPackages, missingPrograms } from '../../harness/toolchains.ts';
import { nodeClient } from '../command-line.ts';
import type { Contestant, Run } from '../contestant.ts';

const endpoint = ({ folder }: Run): string => `ipc://${join(folder, 'socket')}`;

/** Flags for the compiler; undefined: there is no libzmq to compile with. */
function flags(): string[] | undefined {
  try {
    const text = execFileSync('pkg-config', ['--cflags', '--libs', 'libzmq'], { encoding: 'utf8', stdio: 'pipe' });
    return text.trim().split(/\s+/);
  } catch {
    return undefined;
  }
}

function build(): string {
  const headers = join(benchmarks, 'hop/servers');
  return compileC({
    name: 'zeromq-echo',
    sources: [join(benchmarks, 'peers/c/zeromq_echo.c')],
    inputs: [join(headers, 'server.h')],
    flags: [`-I${headers}`, ...(flags() ?? [])],
  });
}

/** Messages of 1 MiB are collected all the time: V8's threads for that, and its main one that waits for them, would share one CPU. */
function client(run: Run): Command {
  const { program, args } = nodeClient('zeromq', run, endpoint(run));
  return { program, args: ['--single-threaded-gc', ...args] };
}

const zeromqJs: Contestant = {
  name: 'ZeroMQ',
  kind: 'peer',
  what: 'zeromq.js over ipc:// to a C program with libzmq: REQ one at a time, DEALER with more',
  missing: () =>
    missingPrograms('cc', 'pkg-config') ??
    (flags() === undefined ? 'libzmq is not installed (libzmq3-dev)' : undefined) ??
    missingPackages('zeromq'),
  build: () => {
    build();
  },
  server: (run) => ({ program: build(), args: [endpoint(run)] }),
  client,
};

export const zeromq: readonly Contestant[] = [zeromqJs];
