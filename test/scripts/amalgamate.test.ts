import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { repository } from '../../scripts/generated.ts';

/** A small library in the layout of c/, with the real script. */
const library = {
  'include/isthmus/version.h': '#define ISTH_VERSION "1.2.3"\n',
  'include/isthmus/isthmus.h':
    '#include <stdio.h>\n#include <isthmus/one.h>\n#include <isthmus/version.h>\nint last;\n',
  'include/isthmus/one.h': '#include <isthmus/version.h>\nint one;\n',
  'src/a.c': '#include "z.h"\n#include <isthmus/isthmus.h>\n#include <string.h>\nint a;\n',
  'src/b.c': '#if 1\n#include "z.h"\n#endif\nint b;\n',
  'src/platform.h': '#if !defined(__linux__)\n#define OTHER 1\n#endif\n\nint platform;\n',
  'src/y.h': '#include <isthmus/one.h>\nint y;\n',
  'src/z.h': '#ifndef Z_H\n#define Z_H\n#include "y.h"\nint z;\n#endif\n',
};

function create(t: TestContext, files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'isthmus-amalgamate-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  cpSync(join(repository, 'c/amalgamate.sh'), join(folder, 'amalgamate.sh'));
  return folder;
}

function amalgamate(folder: string, ...flags: string[]) {
  return spawnSync('sh', [join(folder, 'amalgamate.sh'), ...flags], { encoding: 'utf8' });
}

/** The lines of a result that are code, without the banner and blank lines. */
function code(folder: string, file: string): string[] {
  const text = readFileSync(join(folder, 'dist', file), 'utf8');
  return text
    .slice(text.indexOf('*/') + 2)
    .split('\n')
    .filter((line) => line !== '');
}

test('each local header lands once, before what needs it; headers of the system stay', (t) => {
  const folder = create(t, library);
  assert.equal(amalgamate(folder).status, 0);
  assert.deepEqual(code(folder, 'isthmus.h'), [
    '#include <stdio.h>',
    '#define ISTH_VERSION "1.2.3"',
    'int one;',
    'int last;',
  ]);
  const source = code(folder, 'isthmus.c');
  assert.deepEqual(source.slice(0, 4), [
    '#if !defined(__linux__)',
    '#define OTHER 1',
    '#endif',
    '#include "isthmus.h"',
  ]);
  const order = source.filter((line) => /^int |^#include </.test(line));
  assert.deepEqual(order, ['int platform;', 'int y;', 'int z;', '#include <string.h>', 'int a;', 'int b;']);
});

test('the banner names the version and forbids editing', (t) => {
  const folder = create(t, library);
  amalgamate(folder);
  for (const file of ['isthmus.h', 'isthmus.c']) {
    assert.match(readFileSync(join(folder, 'dist', file), 'utf8'), /^\/\*\n \* Isthmus 1\.2\.3: .*\n \* .*do not edit/);
  }
});

test('--check names what is stale and writes nothing', (t) => {
  const folder = create(t, library);
  amalgamate(folder);
  assert.equal(amalgamate(folder, '--check').status, 0);
  writeFileSync(join(folder, 'src/a.c'), 'int changed;\n');
  const before = readFileSync(join(folder, 'dist/isthmus.c'), 'utf8');
  const { status, stderr } = amalgamate(folder, '--check');
  assert.equal(status, 1);
  assert.match(stderr, /^stale: c\/dist\/isthmus\.c /);
  assert.doesNotMatch(stderr, /isthmus\.h /);
  assert.equal(readFileSync(join(folder, 'dist/isthmus.c'), 'utf8'), before);
});

test('a local header that only a condition includes is refused, since later users would miss it', (t) => {
  const folder = create(t, { ...library, 'src/a.h': '#ifdef X\n#if 1\n#include "y.h"\n#endif\n#endif\n' });
  const { status, stderr } = amalgamate(folder);
  assert.equal(status, 1);
  assert.match(stderr, /src\/a\.h:3: a local header is first included under a condition/);
});

test('a header that does not exist is named', (t) => {
  const folder = create(t, { ...library, 'src/a.c': '#include "missing.h"\n' });
  const { status, stderr } = amalgamate(folder);
  assert.equal(status, 1);
  assert.match(stderr, /src\/missing\.h/);
});
