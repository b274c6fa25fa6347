/** The ceiling: the native function in Node's own process, where a fault of it ends both. */
import { missingPackages, missingPrograms, nodeHeaders } from '../../harness/toolchains.ts';
import { nodeClient } from '../command-line.ts';
import type { Contestant } from '../contestant.ts';
import { onlyOneAtATime } from '../points.ts';
import { copyAddon, copyLibrary } from '../programs.ts';

export const inProcess: readonly Contestant[] = [
  {
    name: 'N-API',
    kind: 'in process',
    what: 'a function in C of an addon copies the bytes; nothing is isolated',
    missing: () =>
      missingPrograms('cc') ?? (nodeHeaders() === undefined ? 'the headers of Node.js are missing' : undefined),
    build: () => void copyAddon(),
    client: (run) => nodeClient('napi', run, copyAddon()),
    cannot: onlyOneAtATime,
  },
  {
    name: 'koffi',
    kind: 'in process',
    what: 'the same function of a shared library, called through koffi',
    missing: () => missingPrograms('cc') ?? missingPackages('koffi'),
    build: () => void copyLibrary(),
    client: (run) => nodeClient('koffi', run, copyLibrary()),
    cannot: onlyOneAtATime,
  },
];
