/** Instances that run as somebody else, and who may connect to them: what the kernel and the C library make of `user`, `socketMode` and `allow`. */
import assert from 'node:assert/strict';
import { chmod, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { findRunningService } from '../../packages/cli/src/running-bridge.ts';
import { repository } from '../../scripts/generated.ts';
import { type Bridge, endBridge, linkPackages, makeWorkspace, startBridge, type Workspace } from './support/bridge.ts';
import { run } from './support/commands.ts';
import { post } from './support/http.ts';

const skip = process.getuid?.() === 0 ? false : 'only root can start and be somebody else';

/** Numbers that nobody needs to have. */
const owner = 54_321;
const guest = 54_322;
const stranger = 54_323;
const staff = 54_324;

const services = ['desk', 'vault'] as const;

const schemaText = (name: string) => `import { call, service, struct, u32 } from '@isthmus/schema';
export const ${name} = service('${name}', { who: call({ output: struct('Who', { uid: u32(), gid: u32(), groups: u32() }) }) });
`;

const programText = (name: string) => `#include <unistd.h>
#include <${name}.h>

int ${name}_on_who(isth_call *call, ${name}_who *out) {
  (void)call;
  out->uid = (uint32_t)getuid();
  out->gid = (uint32_t)getgid();
  out->groups = (uint32_t)getgroups(0, NULL);
  return 0;
}

int main(int argc, char **argv) { return ${name}_main(argc, argv); }
`;

const configText = `import { defineBridge } from '@isthmus/gateway';
import { desk } from './desk.schema.ts';
import { vault } from './vault.schema.ts';
const times = { timeoutMs: 60_000, startTimeoutMs: 60_000, connectTimeoutMs: 60_000 };
export default defineBridge({
  services: {
    desk: {
      ...{ schema: desk, sources: ['desk.c'], ...times },
      ...{ user: '${owner}', group: '${owner}', socketMode: 0o666, allow: { uids: [0, ${guest}], gids: [${staff}] } },
    },
    vault: { schema: vault, sources: ['vault.c'], ...times, group: '${staff}', socketMode: 0o660 },
  },
});
`;

/** Loads all that it needs as root, becomes somebody, and calls: whoever it is need not be able to read the repository. */
const clientText = (name: string) => `
import { connect } from '@isthmus/core';
import { call, service, struct, u32 } from '@isthmus/schema';
const schema = service('${name}', { who: call({ output: struct('Who', { uid: u32(), gid: u32(), groups: u32() }) }) });
const [path, limitMs, uid, gid, group] = process.argv.slice(1);
await connect(schema, { path: '/nowhere', connectTimeoutMs: 1 }).catch(() => {});
process.setgroups(group === undefined ? [] : [Number(group)]);
process.setgid(Number(gid));
process.setuid(Number(uid));
try {
  await using client = await connect(schema, { path, connectTimeoutMs: Number(limitMs), timeoutMs: 60_000 });
  console.log((await client.who()).uid);
} catch (error) {
  console.log(error.code, error.message);
}
`;

let workspace: Workspace;
let bridge: Bridge;
let stop = async (): Promise<void> => {};

before(async () => {
  if (skip !== false) return;
  workspace = await makeWorkspace();
  stop = async () => workspace[Symbol.asyncDispose]();
  const { folder, runtime, env } = workspace;
  // Whoever runs a program has to get to it.
  for (const path of [dirname(folder), folder, runtime]) await chmod(path, 0o755);
  await linkPackages(folder);
  const write = (name: string, text: string) => writeFile(join(folder, name), text);
  await write('package.json', '{ "type": "module" }\n');
  await write('isthmus.config.ts', configText);
  for (const name of services) {
    await write(`${name}.schema.ts`, schemaText(name));
    await write(`${name}.c`, programText(name));
  }
  bridge = await startBridge({ cwd: folder, env });
  stop = async () => {
    await endBridge(bridge);
    await workspace[Symbol.asyncDispose]();
  };
});
after(() => stop());

interface Person {
  readonly uid: number;
  readonly gid: number;
  /** A supplementary one. */
  readonly group?: number;
}

async function socketOf(name: string): Promise<string> {
  const path = (await findRunningService(workspace.folder, name)) ?? assert.fail('no bridge');
  return join(path, '1.sock');
}

/** What the service says to somebody who connects to it, or why it says nothing. */
async function answerTo({ uid, gid, group }: Person, name: string, limitMs = 60_000): Promise<string> {
  const numbers = [limitMs, uid, gid, ...(group === undefined ? [] : [group])].map(String);
  const command = [process.execPath, '--input-type=module', '-e', clientText(name), await socketOf(name), ...numbers];
  const { code, stdout, stderr } = await run(command, { cwd: join(repository, 'test') });
  assert.equal(code, 0, stderr);
  return stdout.trim();
}

test('an instance runs as its user, with its group and no other', { skip }, async () => {
  const asked = async (name: string) => (await post(`${bridge.url}/v1/call/${name}/who`, {})).body;
  assert.deepEqual(await asked('desk'), { uid: owner, gid: owner, groups: 0 });
  assert.deepEqual(await asked('vault'), { uid: 0, gid: staff, groups: 0 });
});

test('its socket has the mode that the configuration says, in a folder of its user', { skip }, async () => {
  const seen = async (path: string) => {
    const { uid, gid, mode } = await stat(path);
    return [uid, gid, (mode & 0o777).toString(8)];
  };
  assert.deepEqual(await seen(await socketOf('desk')), [owner, owner, '666']);
  assert.deepEqual(await seen(dirname(await socketOf('desk'))), [owner, owner, '755']);
  assert.deepEqual(await seen(await socketOf('vault')), [0, staff, '660']);
  assert.deepEqual(await seen(dirname(await socketOf('vault'))), [0, staff, '750']);
});

test('a list lets in its users and the members of its groups, and tells the others why not', { skip }, async () => {
  assert.equal(await answerTo({ uid: guest, gid: guest }, 'desk'), String(owner));
  assert.equal(await answerTo({ uid: stranger, gid: staff }, 'desk'), String(owner));
  assert.equal(await answerTo({ uid: stranger, gid: stranger, group: staff }, 'desk'), String(owner));
  const refusal = /^PERMISSION_DENIED .*the instance of desk allows only users and groups that this process has not/;
  assert.match(await answerTo({ uid: stranger, gid: stranger }, 'desk'), refusal);
  // Not even the user that it runs as, unless named.
  assert.match(await answerTo({ uid: owner, gid: owner }, 'desk'), refusal);
});

test('a mode for the group lets in its members alone', { skip }, async () => {
  assert.equal(await answerTo({ uid: stranger, gid: staff }, 'vault'), '0');
  assert.equal(await answerTo({ uid: stranger, gid: stranger, group: staff }, 'vault'), '0');
  // Its folder is closed to others, so that they find no socket, however long they look.
  assert.match(await answerTo({ uid: stranger, gid: stranger }, 'vault', 1000), /^NO_INSTANCE .*vault.*EACCES/);
});
