import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { readIn } from '../src/stdin.ts';

test('all that comes, up to the end', async () => {
  const input = new PassThrough();
  const read = readIn(new AbortController().signal, input);
  input.write('{"a"');
  input.end(':1}');
  assert.equal(await read, '{"a":1}');
});

test('a signal ends the waiting', async () => {
  for (const isEarly of [true, false]) {
    const controller = new AbortController();
    if (isEarly) controller.abort();
    const input = new PassThrough();
    input.write('{');
    const read = readIn(controller.signal, input);
    controller.abort();
    await assert.rejects(read, { name: 'AbortError' });
    assert.ok(input.destroyed);
  }
});
