import assert from 'node:assert/strict';
import { PassThrough, Readable } from 'node:stream';
import { test } from 'node:test';
import { ask } from '../src/ask.ts';

const { signal } = new AbortController();

test('only y and yes agree', async () => {
  const answers = { 'y\n': true, 'Y\n': true, 'yes\n': true, ' YES \n': true, y: true };
  for (const [text, agreed] of Object.entries(answers)) {
    assert.equal(await ask('', signal, Readable.from([text])), agreed, JSON.stringify(text));
  }
  for (const text of ['\n', 'n\n', 'yep\n', 'no\ny\n', 'y y\n', '']) {
    assert.equal(await ask('', signal, Readable.from([text])), false, JSON.stringify(text));
  }
});

test('a signal is no', async () => {
  const controller = new AbortController();
  const answer = ask('', controller.signal, new PassThrough());
  controller.abort();
  assert.equal(await answer, false);
  assert.equal(await ask('', controller.signal, new PassThrough()), false);
});
