import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';

/** Writes to its stdout until that fails, and says on stderr what it came to. */
const program = `
  import { writeOut } from ${JSON.stringify(new URL('../src/stdout.ts', import.meta.url).href)};
  try {
    let written = 0;
    while (written < 3 && (await writeOut(\`line \${written}\\n\`))) {
      written += 1;
      if (process.argv[1] === 'wait') await new Promise((resolve) => process.stdin.once('data', resolve));
    }
    process.stderr.write(\`\${written} written\`);
  } catch (error) {
    process.stderr.write(\`\${error.code} \${error.message}\`);
  }
  process.exit();
`;
const command = ['--input-type=module', '--eval', program, '--'];

test('writes one after the other', () => {
  const { stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' });
  assert.deepEqual([stdout, stderr], ['line 0\nline 1\nline 2\n', '3 written']);
});

test('false where nobody reads any more, and no error', async () => {
  const child = spawn(process.execPath, [...command, 'wait']);
  const said = text(child.stderr);
  await once(child.stdout, 'data');
  child.stdout.destroy();
  await once(child.stdout, 'close');
  child.stdin.write('go on\n');
  assert.equal(await said, '1 written');
});

test('an error where it cannot be written', () => {
  const full = openSync('/dev/full', 'w');
  const { stderr } = spawnSync(process.execPath, command, { encoding: 'utf8', stdio: ['ignore', full, 'pipe'] });
  assert.match(stderr, /^SYSTEM .*stdout cannot be written: .*ENOSPC/);
});
