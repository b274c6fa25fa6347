/** What one would write without a library: a program in C behind a socket, or behind its stdin and stdout. */
import { join } from 'node:path';
import { missingPrograms } from '../../harness/toolchains.ts';
import { nodeClient } from '../command-line.ts';
import type { Contestant, Run } from '../contestant.ts';
import { echoServer } from '../programs.ts';

function overSocket(name: string, kind: 'unix' | 'tcp', what: string): Contestant {
  const addressOf = ({ folder }: Run): string => join(folder, kind === 'unix' ? 'echo.sock' : 'port');
  return {
    name,
    kind: 'peer',
    what,
    missing: () => missingPrograms('cc'),
    build: () => void echoServer(),
    server: (run) => ({ program: echoServer(), args: [kind, addressOf(run)] }),
    client: (run) => nodeClient('socket', run, kind, addressOf(run)),
  };
}

const stdio: Contestant = {
  name: 'stdio',
  kind: 'peer',
  what: 'a child process in C, which answers on its stdout what it reads on its stdin',
  missing: () => missingPrograms('cc', 'taskset'),
  build: () => void echoServer(),
  client: (run) => nodeClient('stdio', run, 'taskset', '--cpu-list', String(run.serverCpu), echoServer(), 'stdio'),
};

export const sockets: readonly Contestant[] = [
  overSocket('Unix socket', 'unix', '`node:net` to a program in C, bytes without any frame'),
  overSocket('TCP', 'tcp', 'the same over the loopback, without delay (TCP_NODELAY)'),
  stdio,
];
