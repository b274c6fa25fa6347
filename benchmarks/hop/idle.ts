/** What channels cost that nobody uses: CPU time and memory; and a gateway that nobody asks. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Program } from '../harness/processes.ts';
import type { Context, Place } from '../harness/results.ts';
import type { Turn } from '../harness/rounds.ts';
import { benchmarks } from '../harness/toolchains.ts';
import { isthmusServer } from './programs.ts';

/** Where the figures of idle channels, and of the idle gateway, are taken. */
export const idleChannels: Place = { channels: 64 };
export const idleGateway: Place = { instances: 2 };
export const idleGatewayName = 'idle gateway';

const patienceMs = 60_000;
/** What was just used may have something left to do: `adaptive` polls for a while. */
const settleMs = 500;
const waits = ['adaptive', 'block', 'spin'] as const;

export function idleTurns(context: Context): Turn[] {
  const ms = context.isQuick ? 1000 : 2000;
  const channels = waits.map((wait) => ({
    contestant: wait,
    at: idleChannels,
    measure: () => measureChannels(wait, ms, context.folder),
  }));
  const gateway = { contestant: idleGatewayName, at: idleGateway, measure: () => measureGateway(ms) };
  return [...channels, gateway].filter(({ contestant }) => context.wants(contestant));
}

/** Shares of one core while nothing is called, of both sides; and what a channel costs in memory until it is used. */
async function measureChannels(wait: string, ms: number, parent: string): Promise<Record<string, number>> {
  const count = Number(idleChannels.channels);
  const folder = mkdtempSync(join(parent, 'idle-'));
  const socket = join(folder, 'echo.sock');
  try {
    const command = { program: isthmusServer(), args: [socket, wait, '64'] };
    await using server = new Program(command, { name: 'the idle service' });
    await server.expect('ready', patienceMs);
    const script = join(benchmarks, 'hop/clients/idle.ts');
    await using client = new Program(
      { program: process.execPath, args: [script, wait, socket] },
      { name: 'the idle client' },
    );
    await client.expect('ready', patienceMs);
    const before = client.memory + server.memory;
    client.tell(String(count));
    await client.expect('connected', patienceMs);
    const channelBytes = (client.memory + server.memory - before) / count;
    client.tell('call');
    await client.expect('called', patienceMs);
    await sleep(settleMs);
    const clientShare = shareOf(client, ms);
    const serverShare = shareOf(server, ms);
    return { channelBytes, clientCpuShare: await clientShare, serverCpuShare: await serverShare };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `isthmus start` with two instances of the pricing example, all processes together. */
async function measureGateway(ms: number): Promise<Record<string, number>> {
  const cli = join(benchmarks, '../packages/cli/src/main.ts');
  const args = [cli, 'start', '--config', join(benchmarks, 'hop/idle.config.ts'), '--port', '0'];
  await using gateway = new Program({ program: process.execPath, args }, { name: 'isthmus start', endBy: 'SIGTERM' });
  await gateway.lineWith('curl', patienceMs);
  await sleep(settleMs);
  return { cpuShare: await shareOf(gateway, ms) };
}

/** The share of one core that it and its children use over so many ms. */
async function shareOf(program: Program, ms: number): Promise<number> {
  const used = (): number => program.cpuTime.own + program.cpuTime.descendants;
  const [begin, before] = [performance.now(), used()];
  await sleep(ms);
  return (used() - before) / 1e6 / (performance.now() - begin);
}
