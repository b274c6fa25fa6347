import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const folder = fileURLToPath(new URL('..', import.meta.url));

it('chain.ndjson is what generate-chain.ts writes, byte for byte: 50,000 different rows', async (t) => {
  const temporary = await mkdtemp(join(tmpdir(), 'isthmus-chain-'));
  t.after(() => rm(temporary, { recursive: true }));
  const file = join(temporary, 'chain.ndjson');
  await promisify(execFile)(process.execPath, [join(folder, 'generate-chain.ts'), file]);
  const written = await readFile(file);
  assert(
    written.equals(await readFile(join(folder, 'chain.ndjson'))),
    'run node generate-chain.ts and commit the file',
  );
  const rows = written.toString().trimEnd().split('\n');
  assert.equal(rows.length, 50_000);
  assert.equal(new Set(rows).size, 50_000);
});
