/** Values that are nearly right: JSON of which a few places were changed. */
import fc from 'fast-check';

/** What may stand anywhere: right for one type or another, nearly right, and wrong for all. */
export const anythingJson: fc.Arbitrary<unknown> = fc.oneof(
  fc.integer({ min: -300, max: 70_000 }),
  fc.double({ noNaN: true }).filter(Number.isFinite),
  fc.bigInt({ min: -(2n ** 66n), max: 2n ** 66n }).map(String),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    '',
    [],
    {},
    0,
    2 ** 31,
    2 ** 32,
    2 ** 53 - 1,
    2 ** 53,
    -(2 ** 63),
    2 ** 64,
    3.5e38,
  ),
  fc.constantFrom('0', '-0', '00', '+1', ' 1', '1.0', '1.', '.5', '-0.00', '1e3', '\0', '\ud800', 'ééééé', 'v0', 'b0'),
  fc.constantFrom('QQ==', 'QR==', 'QUI=', 'QUJD', 'QUJ', 'QU-_', 'QUJD\n', '====', 'QQ='),
  fc.constantFrom(
    '2026-11-22T08:30:00Z',
    '2026-11-22t08:30:00.123456789z',
    '2026-02-30T00:00:00Z',
    '2026-11-22T08:30:60Z',
    '2026-11-22 08:30:00Z',
    '2026-11-22T08:30:00+14:00',
    '2026-11-22T08:30:00.1234567890Z',
    '1500-01-01T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-11-22T24:00:00Z',
    '2026-11-22',
  ),
  fc.constantFrom(
    'PT0S',
    'PT1H2M3.5S',
    '-P1D',
    'P2W',
    'P1Y',
    'P',
    'PT',
    'P1DT',
    'PT1.5H',
    'P1W1D',
    'PT-1S',
    '+PT1S',
    'PT.5S',
  ),
);

const changes = fc.record({ place: fc.nat(), how: fc.nat(), other: anythingJson });

/**
 * The JSON of `value` after a few changes: something else in a place, a key or an element more or less.
 *
 * @param value JSON: what has no form in it is gone afterwards, as it would be on its way.
 */
export function mangled(value: unknown): fc.Arbitrary<unknown> {
  return fc.array(changes, { maxLength: 3 }).map((all) => {
    const root = { value: arrived(value) };
    for (const { place, how, other } of all) {
      const places = [...placesIn(root)];
      const [holder, key] = places[place % places.length] ?? [root, 'value'];
      change(holder, key, how, other);
    }
    return arrived(root.value);
  });
}

/** As it arrives: through JSON, which drops -0 and whatever is undefined. */
function arrived(value: unknown): unknown {
  return value === undefined ? null : JSON.parse(JSON.stringify(value));
}

type Holder = Record<string, unknown>;

function* placesIn(holder: Holder): Generator<readonly [Holder, string]> {
  for (const [key, value] of Object.entries(holder)) {
    yield [holder, key];
    // Arrays too have their elements under keys.
    if (typeof value === 'object' && value !== null) yield* placesIn(value as Holder);
  }
}

function change(holder: Holder, key: string, how: number, other: unknown): void {
  if (how % 4 === 0 && !('value' in holder)) {
    if (Array.isArray(holder)) holder.splice(Number(key), 1);
    else delete holder[key];
  } else if (how % 4 === 1) {
    if (Array.isArray(holder)) holder.push(holder[Number(key)]);
    else holder[['x', 'a/b', 'c~d', '', 'toString'][how % 5] ?? 'x'] = other;
  } else {
    holder[key] = other;
  }
}
