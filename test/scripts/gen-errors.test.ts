import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { errorCodeOf, errors } from '../../packages/schema/src/errors.ts';
import { errorFiles } from '../../scripts/gen-errors.ts';
import { repository } from '../../scripts/generated.ts';

const folder = mkdtempSync(join(tmpdir(), 'isthmus-errors-'));
after(() => rmSync(folder, { recursive: true }));

test('C and TypeScript give every status the same code, message and action', () => {
  const statuses = [...Object.values(errors).map(({ number }) => -number), -Object.keys(errors).length - 1, -(2 ** 31)];
  const program = `#include <isthmus/errors.h>
    #include <stdio.h>
    int main(void) {
      const int statuses[] = {${statuses.map((status) => `${status + 1} - 1`).join(', ')}};
      for (unsigned i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        printf("%s\\t%s\\t%s\\n", isth_error_name(statuses[i]), isth_error_message(statuses[i]), isth_error_action(statuses[i]));
      return 0;
    }`;
  const lines = run(program).trimEnd().split('\n');
  const expected = statuses.map((status) => {
    const code = errorCodeOf(status);
    return [code, errors[code].message, errors[code].action].join('\t');
  });
  assert.deepEqual(lines, expected);
});

test('success and the codes of a handler have texts too', () => {
  const program = `#include <isthmus/errors.h>
    #include <stdio.h>
    int main(void) {
      printf("%s %s %s", isth_error_name(ISTH_OK), isth_error_name(1), isth_error_name(2147483647));
      return 0;
    }`;
  assert.equal(run(program), 'OK HANDLER_REFUSED HANDLER_REFUSED');
});

test('every generated file begins by saying so', () => {
  for (const { path, text } of errorFiles()) {
    assert.match(text.split('\n')[0] ?? '', /Generated from .* do not edit/, path);
  }
});

test('the page has a row and a section for each error, and links that lead there', () => {
  const page = readFileSync(join(repository, 'docs/errors.md'), 'utf8');
  for (const [code, { number, http }] of Object.entries(errors)) {
    assert.ok(
      page.includes(`| [\`${code}\`](#${code.toLowerCase()}) | \`ISTH_E_${code}\` | -${number} | ${http} |`),
      code,
    );
    assert.ok(page.includes(`\n### ${code}\n`), code);
  }
});

/** Compiles a program with the texts of the errors and returns what it prints. */
function run(program: string): string {
  const source = join(folder, 'program.c');
  const binary = join(folder, 'program');
  writeFileSync(source, program);
  const flags = ['-std=c11', '-Wall', '-Wextra', '-Wpedantic', '-Werror', '-I', join(repository, 'c/include')];
  execFileSync('cc', [...flags, source, join(repository, 'c/src/errors.c'), '-o', binary]);
  return execFileSync(binary, { encoding: 'utf8' });
}
