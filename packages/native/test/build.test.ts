/** Compiling and loading the addon, where something that it needs is missing. The compiler itself runs whenever the tests do. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { TemporaryFolder } from '../../../test/support/temporary-folder.ts';

const native = join(import.meta.dirname, '..');
const repository = join(native, '../..');

/** A copy of the package as it is published, with the C sources in it and nothing built. */
function copyPackage(folder: string): string {
  const root = join(folder, 'node_modules/@isthmus/native');
  mkdirSync(root, { recursive: true });
  for (const name of ['src', 'scripts', 'package.json'])
    cpSync(join(native, name), join(root, name), { recursive: true });
  for (const name of ['src', 'include'])
    cpSync(join(repository, 'c', name), join(root, 'c', name), { recursive: true });
  return root;
}

function run(script: string, env: Readonly<Record<string, string>>) {
  const { CC: _, CFLAGS: __, ...inherited } = process.env;
  const options = { env: { ...inherited, ...env }, encoding: 'utf8', timeout: 60_000 } as const;
  return spawnSync(process.execPath, [script], options);
}

describe('building the addon', () => {
  it('says which package has the compiler when there is none', () => {
    using folder = new TemporaryFolder();
    const script = join(copyPackage(folder.path), 'scripts/install.mjs');
    for (const env of [{ PATH: '/nowhere' }, { CC: 'no-such-compiler' }]) {
      const { status, stderr } = run(script, env);
      assert.equal(status, 1);
      assert.match(stderr, /could not be built: there is no C compiler \((cc|no-such-compiler)\)/);
      assert.match(stderr, /apt-get install gcc libc6-dev/);
    }
  });

  it('shows what the compiler says when it fails, and leaves nothing half-built', () => {
    using folder = new TemporaryFolder();
    const root = copyPackage(folder.path);
    writeFileSync(join(root, 'src/values.c'), '#error "broken on purpose"\n');
    const { status, stderr } = run(join(root, 'scripts/build.mjs'), {});
    assert.equal(status, 1);
    assert.match(stderr, /broken on purpose/);
    assert.match(stderr, /cc ended with 1; see above/);
    assert.ok(!existsSync(join(root, 'build/Release/isthmus.node')));
  });

  it('takes a compiler with arguments of its own', () => {
    using folder = new TemporaryFolder();
    const root = copyPackage(folder.path);
    const log = folder.join('compiler');
    writeFileSync(log, '#!/bin/sh\necho "$@"\nexit 9\n');
    chmodSync(log, 0o755);
    const { status, stdout, stderr } = run(join(root, 'scripts/build.mjs'), {
      CC: `${log} --wrapped  cc`,
      CFLAGS: '-O0 -DX=1',
    });
    assert.equal(status, 1);
    assert.match(stdout, /^--wrapped cc .*-O0 -DX=1 /);
    assert.match(stderr, /ended with 9/);
  });

  it('does nothing when all is up to date', () => {
    using folder = new TemporaryFolder();
    const root = copyPackage(folder.path);
    mkdirSync(join(root, 'build/Release'), { recursive: true });
    writeFileSync(join(root, 'build/Release/isthmus.node'), '');
    const { status, stdout, stderr } = run(join(root, 'scripts/build.mjs'), { CC: 'no-such-compiler' });
    assert.deepEqual([status, stdout, stderr], [0, '', '']);
  });
});

describe('installing', () => {
  /** The package with a prebuilt binary of these bytes, and with what loads it. */
  function copyWithPrebuilt(folder: TemporaryFolder, prebuilt: (to: string) => void): string {
    const root = copyPackage(folder.path);
    const loader = dirname(createRequire(import.meta.url).resolve('node-gyp-build'));
    cpSync(loader, folder.join('node_modules/node-gyp-build'), { recursive: true });
    const place = join(root, 'prebuilds', `linux-${process.arch}`);
    mkdirSync(place, { recursive: true });
    prebuilt(join(place, 'isthmus.napi.glibc.node'));
    return root;
  }

  it('takes the prebuilt binary, and then needs no compiler', () => {
    using folder = new TemporaryFolder();
    const root = copyWithPrebuilt(folder, (to) => cpSync(join(native, 'build/Release/isthmus.node'), to));
    const { status, stdout, stderr } = run(join(root, 'scripts/install.mjs'), {
      CC: 'no-such-compiler',
      LIBC: 'glibc',
    });
    assert.deepEqual([status, stdout, stderr], [0, '', '']);
    assert.ok(!existsSync(join(root, 'build')));
  });

  it('compiles where the prebuilt binary does not load', () => {
    using folder = new TemporaryFolder();
    const root = copyWithPrebuilt(folder, (to) => writeFileSync(to, 'not a binary'));
    const { status, stderr } = run(join(root, 'scripts/install.mjs'), { CC: 'no-such-compiler', LIBC: 'glibc' });
    assert.equal(status, 1);
    assert.match(stderr, /there is no C compiler/);
  });
});

describe('loading the addon', () => {
  it('fails with NATIVE_MISSING and what to do where it was not built', () => {
    using folder = new TemporaryFolder();
    // Node strips types only from files that are not below node_modules, whose names links hide.
    const script = folder.join('script.mjs');
    const load = createRequire(import.meta.url).resolve('node-gyp-build');
    mkdirSync(folder.join('packages/native/src'), { recursive: true });
    for (const name of readdirSync(join(native, 'src'))) {
      if (name.endsWith('.ts')) cpSync(join(native, 'src', name), folder.join('packages/native/src', name));
    }
    cpSync(join(native, 'package.json'), folder.join('packages/native/package.json'));
    cpSync(join(repository, 'packages/core'), folder.join('packages/core'), { recursive: true });
    mkdirSync(folder.join('packages/node_modules/@isthmus'), { recursive: true });
    symlinkSync(folder.join('packages/native'), folder.join('packages/node_modules/@isthmus/native'));
    for (const name of ['schema', 'codecs'])
      symlinkSync(join(repository, 'packages', name), folder.join('packages/node_modules/@isthmus', name));
    symlinkSync(dirname(load), folder.join('packages/node_modules/node-gyp-build'));
    symlinkSync(join(repository, 'node_modules/cockatiel'), folder.join('packages/node_modules/cockatiel'));
    writeFileSync(
      script,
      `import { connect } from './packages/core/src/index.ts';
       import { service, call } from './packages/node_modules/@isthmus/schema/src/index.ts';
       const one = service('one', { ping: call({}) });
       const error = await connect(one, { path: ${JSON.stringify(folder.path)} }).catch((error) => error);
       console.log(error.code, error.message, error.action);
       const later = await connect(one, { path: ${JSON.stringify(folder.path)}, waitForInstance: false }).catch((error) => error);
       console.log(later.code);
      `,
    );
    const { stdout, stderr } = run(script, {});
    assert.match(stdout, /^NATIVE_MISSING the native addon is not built.*: No native build was found/, stderr);
    assert.match(stdout, /apt-get install gcc libc6-dev/);
    assert.match(stdout, /\nNATIVE_MISSING\n$/);
  });
});
