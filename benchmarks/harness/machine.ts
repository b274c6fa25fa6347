/** What was measured on, so that whoever repeats it knows what to compare. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';

export interface Machine {
  readonly cpu: string;
  readonly cpus: number;
  /** Threads of a core: with more than one, two CPUs may be one core. */
  readonly threadsPerCore: string;
  readonly memoryGib: number;
  readonly kernel: string;
  /** `none` where the machine is not virtual, as far as can be told. */
  readonly hypervisor: string;
  /** What the kernel says about the CPU's frequency; `unknown` in most virtual machines. */
  readonly governor: string;
  /** Of the last minute, before anything was measured. */
  readonly load: number;
  /** What the kernel does against the CPU's flaws, where it does something. */
  readonly mitigations: readonly string[];
  /** By tool, the first line that it says of itself. What is not there is left out. */
  readonly versions: Readonly<Record<string, string>>;
}

const tools: Readonly<Record<string, readonly string[]>> = {
  gcc: ['gcc', '--version'],
  go: ['go', 'version'],
  rustc: ['rustc', '--version'],
  java: ['java', '--version'],
  wrk: ['wrk', '--version'],
};

export function machineOf(): Machine {
  const lscpu = outputOf('lscpu');
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cpus: availableParallelism(),
    threadsPerCore: fieldOf(lscpu, 'Thread(s) per core') ?? 'unknown',
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: `Linux ${release()}`,
    hypervisor: fieldOf(lscpu, 'Hypervisor vendor') ?? 'none',
    governor: contentOf('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor') ?? 'unknown',
    load: Number(contentOf('/proc/loadavg')?.split(' ')[0] ?? Number.NaN),
    mitigations: mitigations(),
    versions: versions(),
  };
}

/** The machine as a line of Markdown. */
export function machineText(machine: Machine): string {
  const { cpu, cpus, threadsPerCore, memoryGib, kernel, hypervisor, governor, load, versions } = machine;
  const virtual = hypervisor === 'none' ? 'no hypervisor' : `a virtual machine (${hypervisor})`;
  const tools = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `${cpu}, ${cpus} CPUs, threads a core: ${threadsPerCore}, ${memoryGib} GiB, ${kernel}, ${virtual}, governor: ${governor};`,
    `load before: ${load}. ${tools.join(', ')}.`,
    machine.mitigations.length === 0 ? '' : `Mitigations: ${machine.mitigations.join('; ')}.`,
  ]
    .filter((line) => line !== '')
    .join('\n');
}

function versions(): Record<string, string> {
  const found: Record<string, string> = { Node: process.versions.node };
  for (const [name, [program = '', ...args]] of Object.entries(tools)) {
    const version = /\d+\.\d+[\w.]*/.exec(outputOf(program, ...args))?.[0];
    if (version !== undefined) found[name] = version;
  }
  return found;
}

function mitigations(): string[] {
  const folder = '/sys/devices/system/cpu/vulnerabilities';
  try {
    return readdirSync(folder)
      .map((name) => [name, contentOf(`${folder}/${name}`) ?? ''] as const)
      .filter(([, state]) => state.startsWith('Mitigation'))
      .map(([name, state]) => `${name}: ${state.slice('Mitigation: '.length)}`);
  } catch {
    return [];
  }
}

function fieldOf(text: string, name: string): string | undefined {
  const line = text.split('\n').find((candidate) => candidate.trimStart().startsWith(`${name}:`));
  return line?.slice(line.indexOf(':') + 1).trim();
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** What a tool prints, on either stream; nothing where it is not there. */
function outputOf(program: string, ...args: readonly string[]): string {
  const { stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
  return `${stdout ?? ''}${stderr ?? ''}`;
}
