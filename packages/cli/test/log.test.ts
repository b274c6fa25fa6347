import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
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

/** Runs a module in a process of its own, whose stderr is no terminal. */
async function runScript(source: string): Promise<{ readonly stderr: string; readonly code: number }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  const closed = once(child, 'close');
  const stderr = await text(child.stderr);
  const [code] = await closed;
  return { stderr, code };
}

test('headers with secrets are struck out, wherever somebody logs them', async () => {
  const { stderr, code } = await runScript(`
    import { createLog } from ${JSON.stringify(new URL('../src/log.ts', import.meta.url).href)};
    const log = createLog('trace');
    const headers = { authorization: 'SECRET', 'x-api-key': 'SECRET', cookie: 'SECRET', 'set-cookie': ['SECRET'],
      'sec-websocket-protocol': 'SECRET', 'proxy-authorization': 'SECRET', host: 'seen' };
    log.logger.info(headers, 'a');
    log.logger.debug({ headers }, 'b');
    log.logger.warn({ req: { headers } }, 'c');
    log.logger.child({ x: 1 }).error({ err: Object.assign(new Error('d'), { request: { headers } }) }, 'd');
    log.flush();
  `);
  assert.equal(code, 0, stderr);
  assert.equal(stderr.match(/seen/g)?.length, 4);
  assert.ok(!stderr.includes('SECRET'), stderr);
});
