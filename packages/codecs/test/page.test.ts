/** docs/codecs.md: its rows are executed, and the sizes that it gives are true. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as language from '@isthmus/schema';
import { sizeTable } from '../../../benchmarks/codecs/page.ts';
import { repository } from '../../../scripts/generated.ts';
import { payloadCodec, protoOf } from '../src/index.ts';
import { decoded, encoded } from './support/forms.ts';

const page = readFileSync(join(repository, 'docs/codecs.md'), 'utf8');

/** What a reader would get who wrote this with everything of @isthmus/schema imported. */
function evaluated(expression: string): unknown {
  const names = Object.keys(language);
  return new Function(...names, `return (${expression});`)(...Object.values(language));
}

const hex = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString('hex')
    .replace(/..(?=.)/g, '$& ');
/** What is between backticks, the first time or each time. */
const code = (cell: string): string => /`([^`]*)`/.exec(cell)?.[1] ?? '';
const codes = (cell: string): string[] => [...cell.matchAll(/`([^`]*)`/g)].map(([, text = '']) => text);

const marker = '<!-- rows: executed by packages/codecs/test/page.test.ts -->';
const rows = page
  .slice(page.indexOf(marker))
  .split('\n\n')[1]
  ?.split('\n')
  .slice(2)
  .map((line) => line.slice(2, -2).split(' | '));

test('each row of the table is true', () => {
  assert.ok(rows !== undefined && rows.length > 20);
  for (const [declared = '', value = '', protobuf = '', protobufBytes = '', , msgpackBytes = ''] of rows) {
    for (const declaration of codes(declared)) {
      const type = language.struct('Message', { x: evaluated(declaration) as language.Type });
      const given = { x: evaluated(code(value)) };
      const proto = protoOf(language.service('page', { take: language.call({ input: type }) }));
      assert.match(proto, new RegExp(`^ +${code(protobuf)} x = 1;$`, 'm'), declaration);
      for (const list of codes(protobuf).slice(1)) {
        if (list.endsWith('items')) assert.match(proto, new RegExp(`^ +${list} = 1;$`, 'm'), declaration);
      }
      for (const [name, expected] of [
        ['protobuf', code(protobufBytes)],
        ['msgpack', `81 a1 78 ${code(msgpackBytes)}`],
      ] as const) {
        const codec = payloadCodec(name, type);
        const bytes = encoded(codec, given);
        assert.equal(hex(bytes), expected, `${declaration} in ${name}`);
        assert.deepEqual(decoded(codec, bytes).value, given);
      }
    }
  }
});

test('the sizes are true', () => {
  assert.ok(page.includes(sizeTable()), `run npm run bench:codecs -- --write\n${sizeTable()}`);
});
