/** A process of load.ts, as load.c is one: `client.ts SOCKET LEDGER FIRST_NUMBER TIMEOUT_MS PATIENT`, until its standard input ends. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Ledger } from './ledger.ts';
import { Load } from './load.ts';

const [path = '', ledgerPath = '', firstNumber, timeoutMs, patient] = process.argv.slice(2);
/** RSS may grow by so much: what V8 has not collected yet is most of it. */
const grownBytes = 160 * 2 ** 20;
const settledRounds = 30;

let ended = false;
process.stdin.on('end', () => {
  ended = true;
});
process.stdin.resume();

using ledger = new Ledger(ledgerPath);
const load = new Load({
  path,
  ledger,
  firstNumber: Number(firstNumber),
  timeoutMs: Number(timeoutMs),
  patient: patient === '1',
});
let settledBytes = Number.POSITIVE_INFINITY;
for (let round = 1; !ended && load.hasNumbers; round += 1) {
  process.stdout.write((await load.round()) ? 'clean\n' : 'disturbed\n');
  if (round === settledRounds) settledBytes = process.memoryUsage.rss();
  // Leaves others some of the processor.
  await sleep(1);
}
await load.end();
const grown = process.memoryUsage.rss() - settledBytes;
if (grown > grownBytes) throw new Error(`the process has grown by ${grown} bytes`);
process.stdout.write(`${JSON.stringify({ calls: load.calls, outcomes: load.outcomes })}\n`);
