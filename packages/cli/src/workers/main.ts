/** Where a worker begins: a process that a bridge has started, which tells it over their channel what to serve. */
import type { FromWorker, ToWorker } from './messages.ts';
import { Worker } from './worker.ts';

/** Resolves once it is on its way, or nobody listens any more. */
function send(message: FromWorker): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    else process.send(message, undefined, undefined, () => resolve());
  });
}

const worker = new Worker(send);
// `as`: the bridge is this very package, and nobody else has the other end.
process.on('message', (message) => worker.receive(message as ToWorker));
// The bridge has gone, however it ended.
process.once('disconnect', () => worker.receive({ type: 'stop' }));
process.exit(await worker.ended);
