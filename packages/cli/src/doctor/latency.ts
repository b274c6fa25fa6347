/** What `isthmus doctor` says of how long a call takes on this machine. Nothing of it is needed: see docs/operations.md, "Low latency". */
import { availableParallelism } from 'node:os';
import type { Check, CheckResult } from './check.ts';
import { type Machine, readMachine } from './machine.ts';
import { type Placement, readPlacement } from './placement.ts';

/** A CPU that takes longer than this to wake costs more than the wake-up of its thread, in us. */
const lightSleepUs = 10;
/** Rings of as many bytes, or more, fill several huge pages. */
const ringForHugePages = 8 * 2 ** 20;

/** What can be said of a machine, and of who is pinned and polls there. */
export const judges: readonly ((machine: Machine, placement: Placement) => CheckResult)[] = [
  judgeGovernor,
  judgeIdleStates,
  judgeIsolation,
  judgeHugePages,
  judgeNodes,
];

/** Each reads anew: that is little, and leaves the list of checks a list. */
export const latencyChecks: readonly Check[] = [
  async () => judgePolling(await readPlacement(), availableParallelism()),
  ...judges.map(
    (judge): Check =>
      async () =>
        judge(await readMachine(), await readPlacement()),
  ),
];

/** A thread that polls needs a CPU that nobody else polls on: two that share one wait for each other's time slice. */
export function judgePolling({ polling }: Placement, cpus: number): CheckResult {
  const name = 'polling';
  if (polling === 0) return { name, status: 'ok', found: 'nobody polls without pause' };
  const found = `${polling} ${polling === 1 ? 'thread polls' : 'threads poll'} without pause (wait: spin), on ${cpus} ${cpus === 1 ? 'CPU' : 'CPUs'}`;
  if (polling <= cpus) return { name, status: 'ok', found };
  return {
    name,
    status: 'warn',
    found,
    advice: 'They take turns, of milliseconds: set wait to adaptive, or start fewer.',
  };
}

function judgeGovernor({ governors }: Machine): CheckResult {
  const name = 'governor';
  if (governors.size === 0) return { name, status: 'ok', found: 'the kernel does not govern the clocks here' };
  const found = [...governors].map(([governor, count]) => `${governor} (${count})`).join(', ');
  if ([...governors.keys()].every((governor) => governor === 'performance')) return { name, status: 'ok', found };
  return { name, status: 'hint', found, advice: 'For the lowest latency: cpupower frequency-set -g performance' };
}

function judgeIdleStates({ idleStates }: Machine): CheckResult {
  const name = 'idle states';
  if (idleStates.length === 0) return { name, status: 'ok', found: 'the kernel puts no CPU to sleep here' };
  const deepest = idleStates.reduce((a, b) => (b.latencyUs > a.latencyUs ? b : a));
  const found = `down to ${deepest.name}, which takes ${deepest.latencyUs} us to leave`;
  if (deepest.latencyUs <= lightSleepUs) return { name, status: 'ok', found };
  const advice = `Whoever sleeps is woken that late. For the lowest latency: cpupower idle-set -D ${lightSleepUs}, or boot with intel_idle.max_cstate=1 (processor.max_cstate=1).`;
  return { name, status: 'hint', found, advice };
}

function judgeIsolation({ isolated, tickless }: Machine, { pinned }: Placement): CheckResult {
  const name = 'isolated CPUs';
  const texts = [
    isolated.length === 0 ? 'none' : isolated.join(','),
    ...(tickless.length === 0 ? [] : [`without ticks: ${tickless.join(',')}`]),
  ];
  const found = texts.join('; ');
  if (pinned.length === 0 && isolated.length > 0) {
    const advice = 'Nobody uses them: name them in cpus, of http or of a service (docs/operations.md, "Low latency").';
    return { name, status: 'hint', found, advice };
  }
  const shared = pinned.filter((cpu) => !isolated.includes(cpu)).join(',');
  if (shared === '') return { name, status: 'ok', found };
  const advice = `Other programs run on ${shared} too, to which threads are pinned. To have them alone, boot with isolcpus=${shared} nohz_full=${shared} rcu_nocbs=${shared}.`;
  return { name, status: 'hint', found, advice };
}

/** A huge page saves large rings many small ones, and costs each channel with small ones a whole huge one. */
function judgeHugePages({ hugePages }: Machine, { largestRing }: Placement): CheckResult {
  const name = 'huge pages';
  const setting = '/sys/kernel/mm/transparent_hugepage/shmem_enabled';
  if (hugePages === undefined) return { name, status: 'ok', found: 'the kernel has none for shared memory' };
  const found = `${hugePages} for shared memory`;
  const has = hugePages !== 'never' && hugePages !== 'deny' && hugePages !== 'advise';
  const wants = largestRing >= ringForHugePages;
  if (has === wants || largestRing === 0) return { name, status: 'ok', found };
  const advice = wants
    ? `Rings of ${largestRing / 2 ** 20} MiB may do with fewer page faults: echo within_size > ${setting}`
    : `Each channel takes 2 MiB as soon as it is used, whatever it needs: echo never > ${setting}`;
  return { name, status: 'hint', found, advice };
}

function judgeNodes({ nodes }: Machine, { pinned }: Placement): CheckResult {
  const name = 'NUMA';
  if (nodes.length <= 1) return { name, status: 'ok', found: 'one node' };
  const used = nodes.filter((cpus) => cpus.some((cpu) => pinned.includes(cpu))).length;
  const found = `${nodes.length} nodes, with threads pinned on ${used === 0 ? 'none' : used} of them`;
  if (used === 1) return { name, status: 'ok', found };
  const advice =
    'A call from one node to another takes longer: name CPUs of one node in cpus, of http and of the services that it calls (lscpu tells them).';
  return { name, status: 'hint', found, advice };
}
