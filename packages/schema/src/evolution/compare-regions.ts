import type { RegionShape } from '../text/canonical.ts';
import type { TypeComparison } from './compare-types.ts';
import type { Report } from './report.ts';

/** Compares the regions of two versions. A row is as a reply to whoever reads it, and as a request of whoever writes it. */
export function compareRegions(
  before: readonly RegionShape[],
  after: readonly RegionShape[],
  types: TypeComparison,
  report: Report,
): void {
  report.members(before, after, {
    placeOf: (name) => `region ${name}`,
    appending: { rule: 'regionAppended', what: 'defined', isAdaptable: true },
    compare: (old, young, place) => compareRegion(old, young, place, types, report),
  });
}

function compareRegion(
  before: RegionShape,
  after: RegionShape,
  place: string,
  types: TypeComparison,
  report: Report,
): void {
  const [oldKey, youngKey] = [before, after].map(({ key }) => key?.name ?? 'none');
  if (oldKey !== youngKey) report.add('keyChanged', `${place}, key`, oldKey, youngKey, false);
  else if (before.rows !== after.rows) {
    report.add('rowsChanged', `${place}, rows`, `${before.rows}`, `${after.rows}`);
  }
  if (before.writers !== after.writers) {
    const rule = after.writers === 'many' ? 'writersAdded' : 'writersRemoved';
    report.add(rule, `${place}, writers`, before.writers, after.writers);
  }
  const [old, young] = [before.struct, after.struct];
  if (old.name !== young.name) {
    report.add('rowChanged', `${place}, row`, old.name, young.name, false);
    return;
  }
  types.compare(old, young, { payload: `${place}, row`, direction: 'reply', path: '' });
  // Where only one version has several writers, only its own callers write.
  if (before.writers === 'many' && after.writers === 'many') {
    types.compare(old, young, { payload: `${place}, written row`, direction: 'request', path: '' });
  }
}
