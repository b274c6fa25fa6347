import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import fc from 'fast-check';
import { streamHop } from '../../benchmarks/hop/clients/stream.ts';

/** An echo that gives back what it is sent in pieces of these sizes, over and over. */
async function echoedInPieces(bytes: number, inFlight: number, sizes: readonly number[]): Promise<boolean> {
  const out = new PassThrough();
  const back = new PassThrough();
  const hop = streamHop(out, back, bytes, inFlight, () => {});
  let pieces = 0;
  out.on('data', (chunk: Buffer) => {
    for (let offset = 0; offset < chunk.length; ) {
      const end = offset + (sizes[pieces++ % sizes.length] ?? 1);
      back.write(chunk.subarray(offset, end));
      offset = end;
    }
  });
  const requests = Array.from({ length: inFlight }, (_, index) => Buffer.alloc(bytes, index + 1));
  const replies = await Promise.all(requests.map((request) => hop.call?.(request)));
  return replies.every((reply, index) => reply instanceof Buffer && reply.equals(requests[index] ?? assert.fail()));
}

test('replies are told apart in whatever pieces they come, and in order', async () => {
  const size = fc.integer({ min: 1, max: 200 });
  await fc.assert(
    fc.asyncProperty(
      size,
      fc.integer({ min: 1, max: 20 }),
      fc.array(size, { minLength: 1, maxLength: 5 }),
      echoedInPieces,
    ),
  );
});
