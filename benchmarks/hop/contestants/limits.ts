/** What the machine itself allows: nothing that crosses from one CPU to another, or copies bytes, is faster. */
import { join } from 'node:path';
import { missingPrograms } from '../../harness/toolchains.ts';
import { clientArguments } from '../command-line.ts';
import type { Contestant, Run } from '../contestant.ts';
import { lineClient, lineServer, memcpyClient } from '../programs.ts';

const wordOf = ({ folder }: Run): string => join(folder, 'line');

const line: Contestant = {
  name: 'L',
  kind: 'limit',
  what: 'one cache line goes to the other CPU and back: two processes take turns at incrementing a word',
  missing: () => missingPrograms('cc'),
  build: () => void [lineServer(), lineClient()],
  server: (run) => ({ program: lineServer(), args: [wordOf(run)] }),
  client: (run) => ({ program: lineClient(), args: [wordOf(run), ...clientArguments(run)] }),
  cannot: ({ bytes, inFlight }) => (bytes === 64 && inFlight === 1 ? undefined : 'it is one cache line'),
};

const memcpy: Contestant = {
  name: 'memcpy',
  kind: 'limit',
  what: 'so many bytes are copied within one process, from and to the same memory over and over',
  missing: () => missingPrograms('cc'),
  build: () => void memcpyClient(),
  client: (run) => ({ program: memcpyClient(), args: clientArguments(run) }),
  cannot: ({ bytes, inFlight }) =>
    bytes >= 2 ** 20 && inFlight === 1 ? undefined : 'it is of interest where copying is what takes time',
};

export const limits: readonly Contestant[] = [line, memcpy];
