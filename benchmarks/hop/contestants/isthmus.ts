/** Isthmus itself, in each way of waiting. */
import { join } from 'node:path';
import { missingPrograms } from '../../harness/toolchains.ts';
import { clientArguments, nodeClient } from '../command-line.ts';
import type { Contestant, Point, Run } from '../contestant.ts';
import { onlyOneAtATime } from '../points.ts';
import { isthmusClient, isthmusServer } from '../programs.ts';

type Wait = 'spin' | 'adaptive' | 'block';

const socketOf = ({ folder }: Run): string => join(folder, 'echo.sock');

/** The default, and more where that many records of that size need it: one takes at most half of its ring. */
export function ringBytesOf({ bytes, inFlight }: Point): number {
  const record = bytes + 256;
  return Math.max(2 ** 20, 2 ** Math.ceil(Math.log2(record * Math.max(2, inFlight + 1))));
}

/** What all have: the service, which waits in the way that is measured. */
function contestant(name: string, wait: Wait, rest: Pick<Contestant, 'what' | 'client' | 'cannot'>): Contestant {
  return {
    name,
    kind: 'isthmus',
    missing: () => missingPrograms('cc'),
    build: () => void [isthmusServer(), isthmusClient()],
    server: (run) => ({ program: isthmusServer(), args: [socketOf(run), wait, String(run.bytes)] }),
    ...rest,
  };
}

function fromNode(mode: Wait | 'sync', what: string): Contestant {
  return contestant(mode, mode === 'sync' ? 'spin' : mode, {
    what,
    client: (run) => nodeClient('isthmus', run, mode, socketOf(run), String(ringBytesOf(run))),
    cannot: mode === 'sync' ? onlyOneAtATime : () => undefined,
  });
}

/** A reply that is lent, where it lies in the ring. */
function borrowing(name: string, mode: 'borrow' | 'read', wait: Wait, what: string): Contestant {
  return contestant(name, wait, {
    what,
    client: (run) => nodeClient('isthmus', run, mode, socketOf(run), String(ringBytesOf(run))),
    cannot: onlyOneAtATime,
  });
}

function fromC(name: string, mode: 'spin' | 'block' | 'borrow', what: string): Contestant {
  return contestant(name, mode === 'borrow' ? 'spin' : mode, {
    what,
    client: (run) => ({
      program: isthmusClient(),
      args: [socketOf(run), mode, String(ringBytesOf(run)), ...clientArguments(run)],
    }),
    cannot: mode === 'borrow' ? onlyOneAtATime : () => undefined,
  });
}

export const isthmus: readonly Contestant[] = [
  fromNode('sync', '`client.echo.sync(message)`: waits within the call, both sides polling'),
  fromNode('spin', '`await client.echo(message)`, both sides polling'),
  fromNode('adaptive', 'the same; both sides poll for 50 us and then sleep: the default'),
  fromNode('block', 'the same; both sides sleep at once'),
  borrowing(
    'borrow',
    'borrow',
    'spin',
    '`client.carry.borrow(bytes, look)`, both sides polling: the reply is not copied',
  ),
  borrowing('read', 'read', 'block', 'the same of a reply to a request of 8 bytes, both sides asleep while they wait'),
  fromC('C to C', 'spin', 'a program in C asks, both sides polling'),
  fromC('C to C (borrow)', 'borrow', 'the same; the reply is not copied, but looked at where it lies'),
  fromC('C to C (block)', 'block', 'a program in C asks, both sides sleep at once'),
];
