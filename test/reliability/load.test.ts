/** What the clients of the matrix and the storm find out: instances that are wrong on purpose. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { compileService } from '../support/compile.ts';
import { startInstance } from '../support/instance.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { Ledger, numbersPerClient } from './ledger.ts';
import { LoadProcess, nodeClient } from './load-process.ts';
import { compilePrograms } from './programs.ts';
import { siege } from './siege.schema.ts';

const source = readFileSync(join(import.meta.dirname, 'siege.c'), 'utf8');

/** An instance with one piece of its source replaced. */
function compileWrong(right: string, wrong: string): string {
  assert.equal(source.split(right).length, 2, right);
  return compileService(siege, source.replace(right, wrong));
}

interface Mistake {
  readonly what: string;
  readonly right: string;
  readonly wrong: string;
  /** What a client says. */
  readonly found: RegExp;
  /** Of its calls: long where it is not to be what ends them. */
  readonly timeoutMs?: number;
}

const mistakes: readonly Mistake[] = [
  {
    what: 'a wrong byte',
    right: '(unsigned char)~content.data[i]',
    wrong: 'content.data[i]',
    found: /byte 0 is wrong/,
  },
  {
    what: 'a call that is executed twice',
    right: 'execute(in->number);\n  return siege_on_again',
    wrong: 'execute(in->number), execute(in->number);\n  return siege_on_again',
    found: /executed 2 times|executions of/,
  },
  {
    what: 'replies out of order',
    right: 'part->index = index;',
    wrong: 'part->index = index ^ 1;',
    found: /part 1 of call|strictly deep-equal/,
  },
  {
    what: 'a call without a reply',
    right: 'siege_respond_later(later->responder, &later->reply);',
    wrong: '',
    found: /DEADLINE_EXCEEDED/,
    timeoutMs: 5000,
  },
  {
    what: 'a torn value',
    right: 'fill_digits(number, value.digits',
    wrong: 'fill_digits(number + 1, value.digits',
    found: /torn/,
  },
];

describe('a client of the matrix', () => {
  const commands = [
    ['in C', [compilePrograms().load]],
    ['in Node', nodeClient],
  ] as const;
  for (const [where, command] of commands) {
    for (const { what, right, wrong, found, timeoutMs = 60_000 } of mistakes) {
      it(`${where} finds out ${what}`, async () => {
        using folder = new TemporaryFolder();
        using ledger = new Ledger(folder.join('ledger'));
        const socket = folder.join('siege.sock');
        process.env.SIEGE_LEDGER = ledger.path;
        await using _ = await startInstance(compileWrong(right, wrong), socket);
        const args = { socket, ledger: ledger.path, firstNumber: numbersPerClient, timeoutMs, patient: true };
        await using client = new LoadProcess(command, args);
        assert.equal(await client.exited(), 1);
        assert.match(client.stderr, found);
      });
    }
  }
});
