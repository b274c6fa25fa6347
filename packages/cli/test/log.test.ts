import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { readableLine } from '../src/log.ts';

test('a log line for people has the time, the level, who says it, what, and the rest', () => {
  const line = JSON.stringify({
    level: 40,
    time: 0,
    pid: 1,
    hostname: 'h',
    instance: 'tank/1',
    msg: 'died',
    code: 3,
    signal: null,
  });
  assert.match(stripVTControlCharacters(readableLine(`${line}\n`)), /^\d\d:\d\d:\d\d warn tank\/1 died code=3$/);
});
