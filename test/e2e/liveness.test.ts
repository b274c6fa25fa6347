/** An instance whose handler never returns: it is found through the ring, described in the log, and replaced. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { endBridge, linkPackages, makeWorkspace, startBridge } from './support/bridge.ts';
import { eventually, isthmusCommand, run } from './support/commands.ts';
import { post } from './support/http.ts';

const schema = `import { call, service, struct, u32 } from '@isthmus/schema';
export const oven = service('oven', {
  hang: call({}),
  who: call({ output: struct('Who', { pid: u32() }) }),
});
`;

const config = `import { defineBridge } from '@isthmus/gateway';
import { oven } from './oven.schema.ts';
export default defineBridge({
  services: {
    oven: {
      schema: oven,
      sources: ['oven.c'],
      timeoutMs: 60_000,
      liveness: { intervalMs: 100, timeoutMs: 5000 },
      limits: { openFiles: 200 },
    },
  },
});
`;

const program = `#include <unistd.h>
#include <oven.h>

int oven_on_hang(isth_call *call) {
  (void)call;
  for (;;) pause();
}

int oven_on_who(isth_call *call, oven_who *out) {
  (void)call;
  out->pid = (uint32_t)getpid();
  return 0;
}

int main(int argc, char **argv) { return oven_main(argc, argv); }
`;

test('a handler that hangs costs its own call, and its instance is replaced', async (t) => {
  await using workspace = await makeWorkspace();
  const { folder, env } = workspace;
  await linkPackages(folder);
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }\n');
  await writeFile(join(folder, 'oven.schema.ts'), schema);
  await writeFile(join(folder, 'oven.c'), program);
  await writeFile(join(folder, 'isthmus.config.ts'), config);
  const bridge = await startBridge({ cwd: folder, env });
  t.after(() => endBridge(bridge));
  const before = await post(`${bridge.url}/v1/call/oven/who`, {});
  assert.equal(before.status, 200, JSON.stringify(before.body));

  const hung = await post(`${bridge.url}/v1/call/oven/hang`, {}, { limitMs: 120_000 });
  assert.equal(hung.body.code, 'INSTANCE_LOST', JSON.stringify(hung.body));
  const afterwards = await eventually(async () => {
    const answer = await post(`${bridge.url}/v1/call/oven/who`, {});
    return answer.status === 200 ? answer : undefined;
  }, 60_000);
  assert.notEqual(afterwards.body.pid, before.body.pid);

  const found = await eventually(() => {
    // Without the last one, of which the end may be missing.
    const lines = bridge.command.stderr().split('\n').slice(0, -1);
    const all = lines.filter((line) => line.includes('"instance does not answer"')).map((line) => JSON.parse(line));
    const isOurs = all.some(({ instancePid, lanes }) => instancePid === before.body.pid && lanes.includes(0));
    return isOurs ? all : undefined;
  });
  for (const { threads, level } of found) {
    assert.equal(level, 50);
    assert.match(threads, /\S/);
  }
  const { stdout } = await run([...isthmusCommand, 'status'], { cwd: folder, env });
  assert.match(stdout, /^oven +oven\/1 +\d+ +ready +[1-9]\d* .* SIGKILL, /m);
});
