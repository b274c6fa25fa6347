/** Values of the probe's structs as fast-check makes them: every bit pattern that the schema allows, and the edges more often. */
import fc from 'fast-check';
import { valuesOf } from '../../packages/schema/test/support/arbitrary.ts';
import { type Everything, Kinds } from '../support/probe.schema.ts';

const integer = (min: number, max: number): fc.Arbitrary<number> =>
  fc.oneof(fc.integer({ min, max }), fc.constantFrom(min, max, 0));
const bigint = (min: bigint, max: bigint): fc.Arbitrary<bigint> =>
  fc.oneof(fc.bigInt({ min, max }), fc.constantFrom(min, max, 0n));
const double = fc.double({ noNaN: true, noDefaultInfinity: true });
const single = fc.float({ noNaN: true, noDefaultInfinity: true });

/** Text of at most `capacity` bytes of UTF-8, of any characters but NUL. */
function text(capacity: number): fc.Arbitrary<string> {
  const unit = fc.constantFrom<'grapheme' | 'grapheme-ascii' | 'binary'>('grapheme', 'grapheme-ascii', 'binary');
  return unit
    .chain((chosen) => fc.string({ unit: chosen, maxLength: capacity }))
    .filter((string) => !string.includes('\0') && Buffer.byteLength(string) <= capacity);
}

const plain = { noNullPrototype: true };

// `as`: these are the values of exactly this type.
export const anyKinds = valuesOf(Kinds) as fc.Arbitrary<Kinds>;

export const anything: fc.Arbitrary<Everything> = fc.record(
  {
    yes: fc.boolean(),
    signed8: integer(-(2 ** 7), 2 ** 7 - 1),
    signed16: integer(-(2 ** 15), 2 ** 15 - 1),
    signed32: integer(-(2 ** 31), 2 ** 31 - 1),
    signed64: bigint(-(2n ** 63n), 2n ** 63n - 1n),
    unsigned8: integer(0, 2 ** 8 - 1),
    unsigned16: integer(0, 2 ** 16 - 1),
    unsigned32: integer(0, 2 ** 32 - 1),
    unsigned64: bigint(0n, 2n ** 64n - 1n),
    single,
    precise: double,
    colour: fc.constantFrom('red', 'green', 'blue'),
    name: text(40),
    inner: fc.record(
      { flag: fc.boolean(), tiny: integer(-(2 ** 7), 2 ** 7 - 1), label: text(7), ratio: double },
      plain,
    ),
    bounded: integer(-5, 5),
    greeting: text(12),
  },
  plain,
);
