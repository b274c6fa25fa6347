/** All contestants of the hop section, in the order of its tables. */
import type { Contestant } from './contestant.ts';
import { brokers } from './contestants/brokers.ts';
import { grpc } from './contestants/grpc.ts';
import { inProcess } from './contestants/in-process.ts';
import { isthmus } from './contestants/isthmus.ts';
import { limits } from './contestants/limits.ts';
import { native } from './contestants/native.ts';
import { sockets } from './contestants/sockets.ts';
import { zeromq } from './contestants/zeromq.ts';

export const contestants: readonly Contestant[] = [
  ...limits,
  ...isthmus,
  ...sockets,
  ...grpc,
  ...zeromq,
  ...brokers,
  ...native,
  ...inProcess,
];
