/** A Worker with regions, of which it does one thing until it is ended. */
import { parentPort, workerData } from 'node:worker_threads';
import { connect, ownRegions } from '@isthmus/core';
import { feed } from '../../../core/test/support/feed.schema.ts';
import { tickOf } from '../../../core/test/support/feed.ts';

const { socket, what } = workerData as { readonly socket: string; readonly what: 'own' | 'opening' | 'watch' | 'read' };

if (what === 'opening') {
  parentPort?.postMessage('opening');
  for (;;) await (await ownRegions(feed, { path: socket })).$close();
} else if (what === 'own') {
  const owner = await ownRegions(feed, { path: socket });
  owner.ticks.write(tickOf(1n));
  parentPort?.postMessage('owning');
  for await (const event of owner.ticks.watch()) owner.board.write(event.value);
} else {
  const client = await connect(feed, { path: socket });
  client.board.write(tickOf(1n));
  parentPort?.postMessage('connected');
  if (what === 'watch') {
    const streams = [client.ticks.watch(), client.board.watch(), client.market.watch()];
    await Promise.all(
      streams.map(async (stream) => {
        for await (const _ of stream);
      }),
    );
  }
  for (;;) client.board.read();
}
