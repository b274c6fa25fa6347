/** Makes the services of a configuration ready to be started: headers and .proto files written, programs built. */
import { join } from 'node:path';
import { type ProcessSettings, type ServiceSettings, type SupervisedService, shareCpus } from '@isthmus/gateway';
import { compileService } from './compile.ts';
import { generatedFiles } from './generated-files.ts';
import { runProgram } from './run-program.ts';
import { writeIfChanged } from './write-if-changed.ts';

export interface PrepareOptions {
  /** The project's folder: what is made goes into `.isthmus` there. */
  readonly folder: string;
  /** Told what is being done, one line each, and the warnings of compilers. */
  readonly report: (line: string) => void;
  readonly signal?: AbortSignal;
  /** The program that runs now, which is left as it is where Isthmus compiles it. Default: none. */
  readonly running?: string | undefined;
}

/**
 * Writes the header and builds the program of each service that Isthmus starts, one after the other, and returns what the
 * supervisor needs to start them.
 *
 * @throws IsthmusError BUILD_FAILED when a build fails; the detail has its output.
 */
export async function prepareServices(
  services: readonly ServiceSettings[],
  options: PrepareOptions,
): Promise<readonly SupervisedService[]> {
  const prepared: SupervisedService[] = [];
  for (const service of services) {
    const found = await prepareService(service, options);
    if (found !== undefined) prepared.push(found);
  }
  return prepared;
}

/**
 * The same of one service; undefined where somebody else starts it.
 *
 * @throws IsthmusError BUILD_FAILED
 */
export async function prepareService(
  service: ServiceSettings,
  options: PrepareOptions,
): Promise<SupervisedService | undefined> {
  const { header, schema, name, origin } = service;
  for (const { path, text } of header === undefined ? [] : generatedFiles(schema, header)) {
    if (await writeIfChanged(path, text)) options.report(`wrote ${path}`);
  }
  if (origin.kind === 'path') return undefined;
  const program = await buildProgram(service, origin, options);
  const { threads = 1, cpus, allow: _allow, liveness: _liveness, ...process } = origin.process;
  return {
    name,
    command: [...program, ...argumentsOf(service, origin.process)],
    ...process,
    ...(cpus !== undefined && { cpus: shareCpus(cpus, { instances: process.instances, threads }) }),
  };
}

async function buildProgram(
  { schema, name }: ServiceSettings,
  origin: Exclude<ServiceSettings['origin'], { kind: 'path' }>,
  { folder, report, signal, running }: PrepareOptions,
): Promise<readonly string[]> {
  const abort = signal === undefined ? {} : { signal };
  if (origin.kind === 'command') {
    if (origin.build === undefined) return origin.command;
    report(`building ${name}: ${origin.build.join(' ')}`);
    const output = await runProgram(origin.build, { cwd: origin.process.cwd, env: origin.process.env, ...abort });
    if (output !== '') report(output);
    return origin.command;
  }
  report(`compiling ${name}`);
  const outputFolder = join(folder, '.isthmus');
  // One of two folders, so that a rollout leaves alone the program that runs: it may have to be started again.
  const [usual, other] = [join(outputFolder, 'bin'), join(outputFolder, 'bin2')];
  const binFolder = running === join(usual, name) ? other : usual;
  const { program, output } = await compileService({
    ...{ schema, sources: origin.sources, outputFolder, binFolder },
    ...abort,
  });
  if (output !== '') report(output);
  return [program];
}

/** What isth_service_main() is told on the command line. Defaults are left out, for programs with a main() of their own. */
function argumentsOf({ client }: ServiceSettings, process: ProcessSettings): readonly string[] {
  const { threads, socketMode, allow, drainTimeoutMs } = process;
  return [
    ...(threads === undefined ? [] : ['--threads', String(threads)]),
    ...(client.wait === 'adaptive' ? [] : ['--wait', client.wait]),
    ...(socketMode === 0o600 ? [] : ['--mode', socketMode.toString(8)]),
    ...allow.uids.flatMap((uid) => ['--allow-uid', String(uid)]),
    ...allow.gids.flatMap((gid) => ['--allow-gid', String(gid)]),
    ...(drainTimeoutMs === 10_000 ? [] : ['--drain-timeout', String(Math.ceil(drainTimeoutMs / 1000))]),
  ];
}
