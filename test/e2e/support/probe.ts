/** A service whose C program does on request what no good one does: sleep, die, answer NaN. And one that was built too early. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { call, f64, service, struct } from '@isthmus/schema';
import { compileService } from '../../../packages/cli/src/programs/compile.ts';

const schemas = `import { call, f32, f64, i64, service, struct, text, u8, u32, u64 } from '@isthmus/schema';

const Pause = struct('Pause', { ms: u32() });
const Everything = struct('Everything', { count: u64(), offset: i64(), name: text(8), level: u8({ max: 9 }), ratio: f32() });
const Context = struct('Context', { traceId: text(32), spanId: text(16), remainingMs: f64(), callId: u64() });
const Large = struct('Large', { text: text(3000) });
const Number_ = struct('Number', { value: f64() });

export const probe = service('probe', {
  pause: call({ input: Pause }),
  echo: call({ input: Everything, output: Everything, idempotent: true }),
  context: call({ output: Context }),
  large: call({ input: Large }),
  notANumber: call({ output: Number_ }),
  die: call({}),
});

export const stale = service('stale', { level: call({ input: struct('Level', { metres: f64() }) }) });

export const gone = service('gone', { ping: call({}) });
`;

const program = `#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include <probe.h>

int probe_on_pause(isth_call *call, const probe_pause *in) {
  struct timespec time = {in->ms / 1000, (long)(in->ms % 1000) * 1000000L};
  (void)call;
  nanosleep(&time, NULL);
  return 0;
}

int probe_on_echo(isth_call *call, const probe_everything *in, probe_everything *out) {
  (void)call;
  *out = *in;
  return 0;
}

static void write_hex(char *to, const unsigned char *bytes, size_t count) {
  for (size_t i = 0; i < count; i++) snprintf(to + 2 * i, 3, "%02x", bytes[i]);
}

int probe_on_context(isth_call *call, probe_context *out) {
  const isth_trace *trace = isth_call_trace(call);
  write_hex(out->trace_id, trace->trace_id, sizeof trace->trace_id);
  write_hex(out->span_id, trace->span_id, sizeof trace->span_id);
  out->remaining_ms = (double)isth_call_remaining_ns(call) / 1e6;
  out->call_id = isth_call_id(call);
  return 0;
}

int probe_on_large(isth_call *call, const probe_large *in) {
  (void)call;
  (void)in;
  return 0;
}

int probe_on_not_a_number(isth_call *call, probe_number *out) {
  (void)call;
  out->value = NAN;
  return 0;
}

int probe_on_die(isth_call *call) {
  (void)call;
  return raise(SIGKILL);
}

int main(int argc, char **argv) { return probe_main(argc, argv); }
`;

/** As `stale` was when its program was built. */
const earlier = service('stale', { level: call({ input: struct('Level', { metres: f64(), datum: f64() }) }) });

const earlierProgram = `#include <stale.h>

int stale_on_level(isth_call *call, const stale_level *in) {
  (void)call;
  (void)in;
  return 0;
}

int main(int argc, char **argv) { return stale_main(argc, argv); }
`;

/** Beside a copy of the pricing example. The small request ring is soon full, and a service behind it says so early. */
const config = `import { defineBridge } from '@isthmus/gateway';
import { gone, probe, stale } from './probe.schema.ts';
import { pricing } from './pricing.schema.ts';

export default defineBridge({
  services: {
    pricing: { schema: pricing, header: 'generated/pricing.h', build: ['make', '-s'], command: ['./build/pricing'], instances: 2 },
    probe: { schema: probe, sources: ['probe.c'], requestRingBytes: 4096, patienceMs: 20 },
    stale: { schema: stale, header: 'stale/now.h', command: ['stale/bin/stale'] },
    gone: { schema: gone, path: 'nobody', connectTimeoutMs: 100 },
  },
});
`;

/** Writes all of it into `folder`, as the configuration `probe.config.ts`. */
export async function writeProbe(folder: string): Promise<void> {
  await writeFile(join(folder, 'probe.schema.ts'), schemas);
  await writeFile(join(folder, 'probe.c'), program);
  await writeFile(join(folder, 'probe.config.ts'), config);
  const source = join(folder, 'stale.c');
  await writeFile(source, earlierProgram);
  await compileService({ schema: earlier, sources: [source], outputFolder: join(folder, 'stale') });
}
