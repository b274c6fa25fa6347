/** What the contestants of this section are built from. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { buildGo } from '../harness/go.ts';
import { benchmarks, buildFolder, compileC, nodeHeaders } from '../harness/toolchains.ts';

const native = join(import.meta.dirname, 'native');
const pricing = join(benchmarks, '..', 'examples', 'pricing');
const quoteSources = [join(native, 'quote.c'), join(pricing, 'black_scholes.c')];
const headers = [join(native, 'quote.h'), join(native, 'slots.h'), join(pricing, 'black_scholes.h')];
const includes = [`-I${native}`, `-I${pricing}`];

/** The quote as a Node-API addon. */
export const addonFile = join(buildFolder, 'quote.node');
/** The C program behind Gin. */
export const workerProgram = join(buildFolder, 'quote-worker');
/** The open-loop load. */
export const openLoopProgram = join(buildFolder, 'open-loop');

/** The pricing example's own service; make knows what has changed. */
export function buildPricing(): void {
  execFileSync('make', ['-s', '-C', pricing, 'build/pricing'], { stdio: ['ignore', 'inherit', 'inherit'] });
}

export function buildAddon(): void {
  compileC({
    name: 'quote.node',
    sources: [join(native, 'addon.c'), ...quoteSources],
    inputs: headers,
    flags: ['-fPIC', '-shared', '-fvisibility=hidden', `-I${nodeHeaders()}`, ...includes, '-lm'],
  });
}

export function buildWorker(): void {
  compileC({
    name: 'quote-worker',
    sources: [join(native, 'worker.c'), ...quoteSources],
    inputs: headers,
    flags: [...includes, '-lm'],
  });
}

export function buildOpenLoop(): void {
  compileC({ name: 'open-loop', sources: [join(native, 'open_loop.c')], flags: ['-lm'] });
}

/** Programs of peers/go-quote. */
export function buildQuote(...programs: readonly string[]): void {
  buildGo('go-quote', ...programs.map((name) => `./${name}`));
}
