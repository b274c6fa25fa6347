import type { Payload } from '../language/call.ts';
import type { MethodShape } from '../text/canonical.ts';
import type { SchemaShape } from '../text/parse.ts';
import type { Change } from './change.ts';
import { compareRegions } from './compare-regions.ts';
import { type Direction, TypeComparison } from './compare-types.ts';
import { Report } from './report.ts';

/**
 * What differs between two versions of a schema. Empty exactly when their canonical texts are equal: descriptions and units
 * are for people and may change at any time.
 *
 * What a named type is made of is reported once for requests and once for replies, at the first place that uses it.
 *
 * Takes time in proportion to the two texts.
 */
export function compareSchemas(before: SchemaShape, after: SchemaShape): Change[] {
  const report = new Report();
  if (before.name !== after.name) report.add('serviceRenamed', 'service', before.name, after.name, false);
  // One for both: what a type is made of is reported once.
  const types = new TypeComparison(report);
  compareMethods(before.methods, after.methods, types, report);
  compareRegions(before.regionList, after.regionList, types, report);
  report.names(
    before.errors,
    after.errors,
    (name) => `error ${name}`,
    () => ({ rule: 'errorAppended', what: 'defined', isAdaptable: true }),
  );
  return report.changes;
}

function compareMethods(
  before: readonly MethodShape[],
  after: readonly MethodShape[],
  types: TypeComparison,
  report: Report,
): void {
  report.members(before, after, {
    placeOf: (name) => `method ${name}`,
    appending: { rule: 'methodAppended', what: 'defined', isAdaptable: true },
    compare: (old, young, place) => compareMethod(old, young, place, types, report),
  });
}

function compareMethod(
  before: MethodShape,
  after: MethodShape,
  place: string,
  types: TypeComparison,
  report: Report,
): void {
  if (before.replies !== after.replies) {
    report.add('repliesChanged', `${place}, replies`, before.replies, after.replies, false);
  }
  if (before.codec !== after.codec) report.add('codecChanged', `${place}, codec`, before.codec, after.codec, false);
  if (before.idempotent !== after.idempotent) {
    const rule = after.idempotent ? 'idempotentAdded' : 'idempotentRemoved';
    report.add(rule, `${place}, idempotent`, yesNo(before.idempotent), yesNo(after.idempotent));
  }
  const payload = (direction: Direction, old: Payload | undefined, young: Payload | undefined): void => {
    if (old === undefined && young === undefined) return;
    if (old !== undefined && young !== undefined && nameOf(old) === nameOf(young)) {
      types.compare(old, young, { payload: `${place}, ${direction}`, direction, path: '' });
    } else {
      report.add('payloadChanged', `${place}, ${direction}`, nameOf(old), nameOf(young), false);
    }
  };
  payload('request', before.input, after.input);
  payload('reply', before.output, after.output);
}

function nameOf(payload: Payload | undefined): string {
  if (payload === undefined) return 'nothing';
  return payload.kind === 'struct' ? payload.name : 'bytes';
}

function yesNo(value: boolean): string {
  return value ? 'yes' : 'no';
}
