/** What is published, tried as a user gets it: tarballs in folders that know nothing of this repository. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { repository } from '../scripts/generated.ts';

const tarballFolder = join(repository, 'build/packages');
const folder = mkdtempSync(join(tmpdir(), 'isthmus-pack-'));
after(() => rmSync(folder, { recursive: true }));

before(() => run(repository, process.execPath, ['scripts/pack.ts']));

test('a tarball holds compiled code and its licence, and neither tests nor sources in TypeScript', () => {
  assert.equal(tarballs().length, 6);
  for (const tarball of tarballs()) {
    const files = run(folder, 'tar', ['-tzf', tarball]).trimEnd().split('\n');
    for (const needed of ['LICENSE', 'README.md', 'dist/index.js', 'dist/index.d.ts']) {
      assert.ok(files.includes(`package/${needed}`), `${tarball} has ${needed}`);
    }
    const unwanted = files.filter((file) => /^package\/(src\/.*\.ts$|test\/)|dist\/.*(?<!\.d)\.ts$|\.o$/.test(file));
    assert.deepEqual(unwanted, [], tarball);
  }
});

test('installed into an empty folder, the command makes a project that passes its own test', {
  timeout: 180_000,
}, () => {
  const tools = join(folder, 'tools');
  install(tools);
  for (const name of readdirSync(join(tools, 'node_modules/@isthmus'))) {
    const home = join(tools, 'node_modules/@isthmus', name);
    for (const path of pathsNamedIn(JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')))) {
      assert.ok(existsSync(join(home, path)), `${name} has ${path}`);
    }
  }
  // Beside the tools and not within, where it would find what it does not depend on.
  run(folder, join(tools, 'node_modules/.bin/isthmus'), ['init', 'demo']);
  const project = join(folder, 'demo');
  install(project);
  assert.match(run(project, 'npm', ['test']), /pass [1-9]/);
});

function tarballs(): string[] {
  return readdirSync(tarballFolder).map((name) => join(tarballFolder, name));
}

/** Installs every package from its tarball, since none of them need be on a registry yet. */
function install(project: string): void {
  if (!existsSync(project)) {
    mkdirSync(project);
    writeFileSync(join(project, 'package.json'), '{ "private": true }\n');
  }
  run(project, 'npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', ...tarballs()]);
}

/** Every file that a manifest points at. */
function pathsNamedIn(manifest: { exports: Record<string, Record<string, string>>; bin?: Record<string, string> }) {
  const exported = Object.values(manifest.exports).flatMap((conditions) => Object.values(conditions));
  return [...exported, ...Object.values(manifest.bin ?? {})];
}

/** Runs a program with this Node first on the path, and returns what it prints; its messages are in the error it throws. */
function run(cwd: string, program: string, args: readonly string[]): string {
  const PATH = [dirname(process.execPath), process.env.PATH].join(delimiter);
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  return execFileSync(program, args, {
    cwd,
    env: { ...env, PATH },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
