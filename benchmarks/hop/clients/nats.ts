/** NATS: a request to the subject "echo". Usage: nats.ts --bytes N --in-flight K --ms M FILE-WITH-URL */
import { readFileSync } from 'node:fs';
import { connect } from '@nats-io/transport-node';
import { runClient } from './loop.ts';

/** So long may a reply take before it is an error. */
const timeout = 60_000;

await runClient(async ({ rest: [file = ''] }) => {
  const connection = await connect({
    servers: readFileSync(file, 'utf8'),
    reconnect: false,
    // No Error made for each request, for the stack that it would have if it failed.
    noAsyncTraces: true,
  });
  return {
    call: (request) => connection.request('echo', request, { timeout }).then(({ data }) => data),
    close: () => connection.close(),
  };
});
