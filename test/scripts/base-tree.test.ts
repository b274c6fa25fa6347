/** What a change is compared with, in clones made for it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { BaseTree, findBase, run } from '../../scripts/base-tree.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

/** git as nobody in particular, whatever this machine's settings are. */
function git(folder: string, ...args: readonly string[]): string {
  const who = ['-c', 'user.name=somebody', '-c', 'user.email=somebody@example.com', '-c', 'commit.gpgsign=false'];
  return run('git', [...who, ...args], folder).trim();
}

/** Writes the file, commits, and returns the commit. */
function commit(folder: string, text: string): string {
  writeFileSync(join(folder, 'file'), text);
  git(folder, 'add', 'file');
  git(folder, 'commit', '-q', '-m', text);
  return git(folder, 'rev-parse', 'HEAD');
}

test('the base is where a branch left main', () => {
  using folder = new TemporaryFolder();
  git(folder.path, 'init', '-q', '-b', 'main');
  commit(folder.path, 'one');
  const left = commit(folder.path, 'two');
  git(folder.path, 'checkout', '-q', '-b', 'change');
  commit(folder.path, 'three');
  commit(folder.path, 'four');
  assert.deepEqual(findBase(folder.path), { commit: left, what: 'where it left main' });
});

test('on main the base is the last commit, or, where all is committed, the one before', () => {
  using folder = new TemporaryFolder();
  git(folder.path, 'init', '-q', '-b', 'main');
  const one = commit(folder.path, 'one');
  const two = commit(folder.path, 'two');
  assert.deepEqual(findBase(folder.path), { commit: one, what: 'the commit before' });
  writeFileSync(join(folder.path, 'file'), 'not committed');
  assert.deepEqual(findBase(folder.path), { commit: two, what: 'the last commit' });
});

test('where there is no base it says why', () => {
  using folder = new TemporaryFolder();
  assert.deepEqual(findBase(folder.path), { none: 'this is no clone with a commit' });
  git(folder.path, 'init', '-q', '-b', 'main');
  assert.deepEqual(findBase(folder.path), { none: 'this is no clone with a commit' });
  commit(folder.path, 'one');
  assert.deepEqual(findBase(folder.path), { none: 'there is no commit before this one' });
  commit(folder.path, 'two');
  using shallow = new TemporaryFolder();
  git(shallow.path, 'clone', '-q', '--depth', '1', `file://${folder.path}`, 'clone');
  assert.deepEqual(findBase(shallow.join('clone')), {
    none: 'there is no commit before this one; the clone is shallow',
  });
});

test('a tree is what was committed, and goes with its disposal', () => {
  using folder = new TemporaryFolder();
  git(folder.path, 'init', '-q', '-b', 'main');
  const one = commit(folder.path, 'one');
  writeFileSync(join(folder.path, 'file'), 'not committed');
  let path: string;
  {
    using tree = new BaseTree(one, folder.path);
    path = tree.folder;
    assert.equal(readFileSync(join(path, 'file'), 'utf8'), 'one');
  }
  assert.equal(existsSync(path), false);
  assert.throws(() => new BaseTree('0'.repeat(40), folder.path), /git archive/);
});

test('a tree goes with the process that a signal ends', async () => {
  using folder = new TemporaryFolder();
  git(folder.path, 'init', '-q', '-b', 'main');
  const one = commit(folder.path, 'one');
  const source = `
    import { BaseTree } from ${JSON.stringify(import.meta.resolve('../../scripts/base-tree.ts'))};
    const tree = new BaseTree(${JSON.stringify(one)}, ${JSON.stringify(folder.path)});
    console.log(tree.folder);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const [said]: Buffer[] = await once(child.stdout, 'data');
  const tree = String(said).trim();
  assert.ok(existsSync(join(tree, 'file')));
  child.kill('SIGTERM');
  assert.deepEqual(await exited, [130, null]);
  assert.equal(existsSync(tree), false);
});
