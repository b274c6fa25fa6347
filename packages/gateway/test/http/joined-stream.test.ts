import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { joinedStream } from '../../src/http/joined-stream.ts';

async function* made(
  pieces: readonly (string | Uint8Array | 'turn')[],
  log: string[] = [],
): AsyncGenerator<string | Uint8Array, void> {
  try {
    for (const piece of pieces) {
      if (piece === 'turn') await turn();
      else yield piece;
    }
  } finally {
    log.push('ended');
  }
}

test('everything comes through, in order', async () => {
  const piece = fc.oneof(
    fc.string(),
    fc.uint8Array({ maxLength: 20 }),
    fc.constant('turn' as const),
    fc.constant('x'.repeat(70_000)),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 40 }), async (pieces) => {
      const chunks: Buffer[] = [];
      for await (const chunk of joinedStream(made(pieces))) chunks.push(Buffer.from(chunk));
      const sent = pieces.filter((one) => one !== 'turn').map((one) => Buffer.from(one));
      assert.deepEqual(Buffer.concat(chunks), Buffer.concat(sent));
    }),
  );
});

test('the pieces of one turn are one chunk', async () => {
  const stream = joinedStream(made(['a', 'b', 'c', 'turn', 'turn', 'd', 'e']));
  const chunks: string[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
  await once(stream, 'end');
  assert.deepEqual(chunks, ['abc', 'de']);
});

test('nothing is made while nobody reads', async () => {
  let count = 0;
  async function* endless(): AsyncGenerator<string, void> {
    for (;;) {
      count++;
      yield 'x'.repeat(1024);
    }
  }
  const stream = joinedStream(endless());
  stream.read(0);
  for (let turns = 0; turns < 100; turns++) await turn();
  const made = count;
  assert.ok(made < 1000, `${made} KiB were made`);
  for (let turns = 0; turns < 100; turns++) await turn();
  assert.equal(count, made);
  stream.destroy();
});

test('destroying it ends what makes the pieces; an error destroys it after what came before', async () => {
  const log: string[] = [];
  const stream = joinedStream(
    made(
      Array.from({ length: 1000 }, () => 'x'.repeat(1024)),
      log,
    ),
  );
  await once(stream, 'readable');
  stream.destroy();
  await once(stream, 'close');
  assert.deepEqual(log, ['ended']);

  async function* failing(): AsyncGenerator<string, void> {
    yield 'before';
    throw new Error('no more');
  }
  const chunks: string[] = [];
  await assert.rejects(async () => {
    for await (const chunk of joinedStream(failing())) chunks.push(String(chunk));
  }, /no more/);
});
