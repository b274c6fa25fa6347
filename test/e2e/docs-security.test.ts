/** docs/security.md, followed to the letter: its service, its key, its configuration, and the answers that it prints. */
import assert from 'node:assert/strict';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { repository } from '../../scripts/generated.ts';
import { linkPackages, makeWorkspace, startBridge, type Workspace } from './support/bridge.ts';
import { end, isthmusCommand, run, runShell } from './support/commands.ts';

const page = await readFile(join(repository, 'docs/security.md'), 'utf8');
const files = new Map(
  [...page.matchAll(/^```\w+ (\S+)\n([\s\S]*?)^```$/gm)].map(([, name = '', text = '']) => [name, text]),
);
/** Each curl line with the answer below it. */
const calls = [...page.matchAll(/^```sh\n(curl .*)\n```\n\n(?:.+\n\n)*```json\n(.*)\n```$/gm)].map(
  ([, line = '', answer = '']) => ({ line, answer: JSON.parse(answer) }),
);
const keyLine = /^npx isthmus (key new .*)$/m.exec(page)?.[1] ?? assert.fail('the page makes no key');
/** The hash of the page's own example. */
const shownHash = /hash: '(sha256:.*?)', scopes: \['call:desk/.exec(page)?.[1] ?? assert.fail('the page has no entry');

let workspace: Workspace;
let key = '';
before(async () => {
  workspace = await makeWorkspace();
  await linkPackages(workspace.folder);
  const words = keyLine.split(' ').map((word) => word.replaceAll("'", ''));
  const { code, stdout } = await run([...isthmusCommand, ...words], { cwd: workspace.folder });
  assert.equal(code, 0);
  const [first = '', second = ''] = stdout.split('\n');
  key = first;
  const entry: { readonly hash: string } = JSON.parse(second);
  // What the page shows of both is what is printed.
  const [, shownKey = '', shownEntry = ''] = /^```\n(isth_.*)\n(\{.*\})\n```$/m.exec(page) ?? [];
  assert.equal(first.length, shownKey.length);
  assert.deepEqual({ ...entry, hash: shownHash }, JSON.parse(shownEntry));
  await writeFile(join(workspace.folder, 'package.json'), '{ "type": "module" }\n');
  for (const [name, text] of files) await writeFile(join(workspace.folder, name), text.replace(shownHash, entry.hash));
});
after(() => workspace[Symbol.asyncDispose]());

const options = () => ({ cwd: workspace.folder, env: { ...workspace.env, ISTHMUS_KEY: key } });

test('the C handler greets who has the key by name, and the others are refused', async (t) => {
  const bridge = await startBridge(options());
  t.after(() => end(bridge.command));
  assert.equal(calls.length, 2);
  for (const { line, answer } of calls) {
    const { stdout } = await runShell(line.replace('localhost:8080', bridge.url), options());
    const given: Record<string, unknown> = JSON.parse(stdout);
    const shown = Object.fromEntries(Object.keys(answer).map((name) => [name, given[name]]));
    assert.deepEqual(shown, answer);
  }
  // The line that is printed to try works as it is.
  const tried = /^ *(curl .*)$/m.exec(bridge.command.stdout())?.[1] ?? '';
  assert.match((await runShell(tried, options())).stdout, /good day, panel/);
  assert.equal((await fetch(`${bridge.url}/openapi.json`)).status, 200);
  assert.equal((await fetch(`${bridge.url}/v1/regions/x`)).status, 401);
  process.kill(-bridge.command.pid, 'SIGTERM');
  const { stdout, stderr } = await bridge.command.result;
  assert.match(stderr, /"caller":"api-key:panel"/);
  assert.ok(!`${stdout}${stderr}`.includes(key), 'the key is nowhere in the output');
});

test('other addresses take authentication, or somebody who says that they need none', async (t) => {
  const config = join(workspace.folder, 'isthmus.config.ts');
  const guarded = `${config}.guarded`;
  await rename(config, guarded);
  const text = await readFile(guarded, 'utf8');
  const open = text.replace(/ {2}auth: \{[\s\S]*?\n {2}\},\n/, '');
  assert.notEqual(open, text);
  const command = [...isthmusCommand, 'start', '--host', '0.0.0.0', '--port', '0'];

  await writeFile(config, open);
  const refused = await run(command, options());
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /CONFIG_INVALID.*0\.0\.0\.0 is reached from other machines, and there is no auth/);
  const doctor = await run([...isthmusCommand, 'doctor', '--json'], options());
  const checks: { name: string; status: string; found: string }[] = JSON.parse(doctor.stdout).checks;
  const { status, found } = checks.find(({ name }) => name === 'gateway') ?? assert.fail();
  assert.deepEqual([status, found], ['ok', 'listens on 127.0.0.1, for everybody']);

  const bridges: readonly [string, RegExp][] = [
    [
      open.replace('defineBridge({', 'defineBridge({\n  insecure: true,'),
      /insecure: there is no auth, so whoever reaches/,
    ],
    [text, /there is no http\.tls: keys and tokens can be read on their way/],
  ];
  for (const [content, warning] of bridges) {
    await writeFile(config, content);
    const bridge = await startBridge(options(), command);
    t.after(() => end(bridge.command));
    process.kill(-bridge.command.pid, 'SIGTERM');
    assert.match((await bridge.command.result).stderr, warning);
  }
});
