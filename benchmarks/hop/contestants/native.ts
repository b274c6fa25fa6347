/** Native programs that ask native programs: what "C to C" is compared with. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Command } from '../../harness/processes.ts';
import { benchmarks, buildFolder, missingPrograms } from '../../harness/toolchains.ts';
import { clientArguments } from '../command-line.ts';
import type { Contestant, Run } from '../contestant.ts';
import { echoServer, socketClient } from '../programs.ts';

const built = new Set<string>();

/** Runs a tool that builds all of a folder under `peers/`, once a process; the tool itself knows what has changed. */
function buildOnce(folder: string, program: string, args: readonly string[]): void {
  if (built.has(folder)) return;
  execFileSync(program, args, { cwd: join(benchmarks, 'peers', folder), stdio: ['ignore', 'ignore', 'inherit'] });
  built.add(folder);
}

/** What servers get, too: what they set aside depends on all of it. */
const argumentsOf = (run: Run): string[] => [...clientArguments(run), run.folder];

function inRust(name: string, program: string, what: string): Contestant {
  const target = join(buildFolder, 'rust');
  const command = (side: string, run: Run): Command => ({
    program: join(target, 'release', `${program}-${side}`),
    args: argumentsOf(run),
  });
  return {
    name,
    kind: 'native',
    what,
    missing: () => missingPrograms('cargo', 'cc'),
    build: () => buildOnce('rust', 'cargo', ['build', '--release', '--locked', '--quiet', '--target-dir', target]),
    server: (run) => command('server', run),
    client: (run) => command('client', run),
  };
}

const java = join(buildFolder, 'java');
/** What the Aeron project starts its own samples with, and a heap that does not grow. */
const javaOptions = [
  '-XX:+UseSerialGC',
  '-Xms256m',
  '--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED',
  '-Dagrona.disable.bounds.checks=true',
  '-cp',
  `${join(java, 'classes')}:${join(java, 'lib')}/*`,
];

function aeronCommand(side: 'Server' | 'Client', run: Run): Command {
  return { program: 'java', args: [...javaOptions, `dev.isthmus.peers.Aeron${side}`, ...argumentsOf(run)] };
}

const aeron: Contestant = {
  name: 'Aeron IPC',
  kind: 'native',
  what: 'a request and a reply over Aeron IPC in Java, both sides polling, the media driver in the server’s thread',
  missing: () => missingPrograms('mvn', 'java'),
  build: () => buildOnce('java', 'mvn', ['--batch-mode', '--quiet', 'process-classes', `-Dbuild.folder=${java}`]),
  server: (run) => aeronCommand('Server', run),
  client: (run) => aeronCommand('Client', run),
};

const socketOf = ({ folder }: Run): string => join(folder, 'echo.sock');

const unixSocket: Contestant = {
  name: 'Unix socket, C to C',
  kind: 'native',
  what: 'two programs in C, bytes without any frame over a Unix socket, both sides sleep',
  missing: () => missingPrograms('cc'),
  build: () => void [echoServer(), socketClient()],
  server: (run) => ({ program: echoServer(), args: ['unix', socketOf(run)] }),
  client: (run) => ({ program: socketClient(), args: [...clientArguments(run), socketOf(run)] }),
};

export const native: readonly Contestant[] = [
  inRust('iceoryx2', 'iceoryx2', 'request-response of iceoryx2 in Rust, both sides polling'),
  aeron,
  inRust('shmipc-rs', 'shmipc', 'shmipc in Rust, both sides sleep (eventfd)'),
  unixSocket,
];
