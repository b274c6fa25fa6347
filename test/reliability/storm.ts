/**
 * Random kills, stops and terminations of instances and clients under load, with every reply checked:
 *
 *   node test/reliability/storm.ts [--minutes 1] [--seed N]
 *
 * Exit status 1 where something was not as promised. The seed, which it prints, makes the order of events the same again, though not
 * their moments.
 */
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { connect } from '@isthmus/core';
import { descendantsOf, isAlive } from '../e2e/support/processes.ts';
import { eventually } from '../support/eventually.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { Ledger } from './ledger.ts';
import { patienceMs } from './load-process.ts';
import { compilePrograms } from './programs.ts';
import { randomFrom } from './random.ts';
import { holdsNoMore, idleResources } from './resources.ts';
import { siege } from './siege.schema.ts';
import { type StormClient, StormClients } from './storm-clients.ts';
import { startSupervisor } from './supervised.ts';

const instances = 3;
/** Between two events. */
const mostPauseMs = 250;
/** How long somebody is stopped: at times for longer than the deadline of calls. */
const mostStopMs = 1500;

const { values } = parseArgs({ options: { minutes: { type: 'string' }, seed: { type: 'string' } } });
const minutes = Number(values.minutes ?? 1);
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
if (!(minutes > 0) || !Number.isInteger(seed)) throw new Error('--minutes is a number above 0, --seed a whole number');
console.log(`a storm of ${minutes} min with seed ${seed}`);

const random = randomFrom(seed);
const counts: Record<string, number> = {};
/** Who was stopped, and is to go on by itself. */
const stopped = new Set<Promise<void>>();

function count(event: string): void {
  counts[event] = (counts[event] ?? 0) + 1;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has just ended by itself.
  }
}

function stopFor(pid: number, ms: number): void {
  signal(pid, 'SIGSTOP');
  const going = sleep(ms).then(() => {
    signal(pid, 'SIGCONT');
    stopped.delete(going);
  });
  stopped.add(going);
}

function strikeInstance(pid: number): void {
  const way = random(4);
  if (way === 0) stopFor(pid, random(mostStopMs));
  else signal(pid, way === 1 ? 'SIGTERM' : 'SIGKILL');
  count(`instances ${['stopped', 'terminated', 'killed', 'killed'][way]}`);
}

function strikeClient(client: StormClient): void {
  const isStop = random(2) === 0;
  if (isStop) stopFor(client.pid, random(mostStopMs));
  else client.kill();
  count(`clients ${isStop ? 'stopped' : 'killed'}`);
}

const before = new Set(descendantsOf(process.pid).map(({ pid }) => pid));
using folder = new TemporaryFolder();
using ledger = new Ledger(folder.join('ledger'));
const programs = compilePrograms();
const supervisor = await startSupervisor(programs.siege, instances, ledger.path, folder.path);
const started = descendantsOf(process.pid);
const serviceFolder = supervisor.serviceFolder('siege');
const sockets = (): string[] => readdirSync(serviceFolder).filter((name) => name.endsWith('.sock'));
{
  // They listen before they serve, and have not opened all that they need then.
  await using client = await connect(siege, { path: serviceFolder, connectTimeoutMs: patienceMs });
  await eventually('all instances serve', () => client.$instances.length === instances, patienceMs);
}
const pids = (): number[] => supervisor.status.map(({ pid }) => pid).filter((pid) => pid !== undefined);
const idle = await idleResources(pids()[0] ?? 0);
const clients = new StormClients(programs, ledger, serviceFolder, sockets());

const end = performance.now() + minutes * 60_000;
while (performance.now() < end) {
  await sleep(random(mostPauseMs));
  clients.keepUp();
  const running = pids();
  const pid = running[random(running.length)];
  if (random(3) > 0 && pid !== undefined) strikeInstance(pid);
  else strikeClient(clients.any(random));
}
await Promise.all(stopped);
// The storm is over: everybody works again, and nothing is left of those who have gone.
await clients.goOn();
await clients.end();
for (const pid of pids()) await holdsNoMore(pid, idle);
const everStarted = [...started, ...descendantsOf(process.pid)];
await supervisor.stop();
await eventually('no process is left', () => !everStarted.some((id) => !before.has(id.pid) && isAlive(id)), patienceMs);
const repeated = clients.numbers.flatMap((client) => ledger.repeated(client));
console.log(`calls of clients that lived to tell: ${clients.calls}`);
for (const [code, times] of Object.entries(clients.outcomes).toSorted()) console.log(`  ${code}: ${times}`);
for (const [event, times] of Object.entries(counts).toSorted()) console.log(`${event}: ${times}`);
console.log(`clients: ${clients.numbers.length}; executed more than once: ${repeated.length}`);
for (const problem of clients.problems) console.log(`FAILED: ${problem}`);
if (repeated.length > 0 || clients.problems.length > 0 || clients.calls === 0) process.exitCode = 1;
else console.log('no wrong reply, no call without an outcome, none twice, nothing left over');
