/**
 * The generated checks and accessors against messages that mean harm, under the address and undefined-behaviour
 * sanitizers: whatever the bytes, nothing outside of the message is read, and what passes the check can be read whole.
 * ISTHMUS_HOSTILE_SCHEMAS sets how many schemas (40 unless set), ISTHMUS_LAYOUT_SEED which.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { valuesOf } from '../../packages/schema/test/support/arbitrary.ts';
import { Workspace } from '../../packages/schema/test/support/c.ts';
import { rootOf } from './layout/program.ts';
import { buildProgram, type Command, encoded, run, what, writeProgram } from './layout/run.ts';

const count = Number(process.env.ISTHMUS_HOSTILE_SCHEMAS ?? 40);
const seed = Number(process.env.ISTHMUS_LAYOUT_SEED ?? Date.now() % 2 ** 31);
const BATCH = 40;
const VALUES = 4;
/** Changed messages made from each value. */
const TIMES = 300;

for (let first = 0; first < count; first += BATCH) {
  const schemas = Math.min(BATCH, count - first);
  test(`changed messages of schemas ${first} to ${first + schemas - 1} of seed ${seed}`, () => {
    using workspace = new Workspace();
    const services = writeProgram(workspace, schemas, seed + first);
    const program = buildProgram(workspace, 'cc', ['-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all']);
    const commands = services.flatMap((schema, index): Command[] => {
      const type = rootOf(schema);
      return fc.sample(valuesOf(type), { numRuns: VALUES, seed: seed + first + index }).map((value, nth) => {
        const start = Buffer.from(Uint32Array.of(seed + first + index + nth).buffer);
        const bytes = Buffer.concat([start, encoded(type, value)]);
        return { schema: index, what: what.fuzz, bytes, times: TIMES };
      });
    });
    const answers = run(program, commands, `seed ${seed}`);
    const seen = commands.map(() => answers.numbers());
    const [inputs = 0, replies = 0, malformed = 0] = [0, 1, 2].map((kind) =>
      seen.reduce((sum, of) => sum + (of[kind] ?? 0), 0),
    );
    const total = commands.length * TIMES;
    // If nearly all were refused for the same reason, or none, the changes would have tried little.
    const words = `of ${total}: ${inputs} good inputs, ${replies} good replies, ${malformed} malformed`;
    assert.ok(inputs > total / 50 && replies >= inputs && malformed > total / 50 && replies + malformed < total, words);
  });
}
