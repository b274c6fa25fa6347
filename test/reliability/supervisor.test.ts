/** The supervisor is killed at each of its steps: its instances end with it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { stateOf } from '../e2e/support/processes.ts';
import { eventually, within } from '../support/eventually.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { Ledger } from './ledger.ts';
import { patienceMs } from './load-process.ts';
import { compilePrograms } from './programs.ts';

const script = fileURLToPath(new URL('mortal-supervisor.ts', import.meta.url));

describe('a supervisor that is killed', () => {
  for (const [step, message] of [
    ['while it starts its instances', 'instance started'],
    ['between the death of an instance and its next start', 'instance died'],
    ['while it stops its instances', 'instance stopped'],
  ]) {
    it(`${step} leaves none of them`, async () => {
      using folder = new TemporaryFolder();
      using ledger = new Ledger(folder.join('ledger'));
      const args = [script, compilePrograms().siege, ledger.path, folder.path, message ?? ''];
      const supervisor = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      let output = '';
      supervisor.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
      const [, signal] = await within(patienceMs, once(supervisor, 'close'));
      assert.equal(signal, 'SIGKILL');
      const instances = output.trim().split('\n').map(Number);
      assert.ok(instances.length >= 1);
      for (const pid of instances) {
        await eventually(`instance ${pid} has ended`, () => [undefined, 'Z'].includes(stateOf(pid)), patienceMs);
      }
    });
  }
});
