import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { CleanUps } from '../src/clean-ups.ts';

test('undoes the last step first, each after the one before it, and all of them even if one fails', async () => {
  const done: string[] = [];
  const lines: string[] = [];
  const cleanUps = new CleanUps();
  cleanUps.add(() => void done.push('first'));
  cleanUps.add(() => {
    throw new Error('cannot be undone');
  });
  cleanUps.add(async () => {
    await new Promise((resolve) => setImmediate(resolve));
    done.push('third');
  });
  const logger = pino({}, { write: (line: string) => void lines.push(line) });
  await cleanUps.run(logger);
  assert.deepEqual(done, ['third', 'first']);
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /stopping failed/);
  await cleanUps.run(logger);
  assert.equal(done.length, 2, 'nothing is undone twice');
});
