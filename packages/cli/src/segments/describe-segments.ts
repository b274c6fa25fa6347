/** Segments of this machine, for people and for programs. */
import type { SegmentInfo } from '@isthmus/core';
import { type Column, table } from '../table.ts';

/** A table with a line for each. */
export function describeSegments(segments: readonly SegmentInfo[]): string {
  return table(columns, segments);
}

/** The same as an object, for --json: what is not known is null. */
export function segmentObject(segment: SegmentInfo): object {
  const { kind, name, key, id, owner, mode, bytes, attached, creatorPid, lastPid, ownerAlive } = segment;
  return {
    kind,
    name: name ?? null,
    key: key === undefined ? null : keyText(key),
    id: id ?? null,
    owner: { uid: owner.uid, name: owner.name ?? null },
    mode: modeText(mode),
    bytes,
    attached: attached ?? null,
    creatorPid: creatorPid ?? null,
    lastPid: lastPid ?? null,
    ownerAlive: ownerAlive ?? null,
    orphan: segment.orphan,
    worldWritable: segment.worldWritable,
  };
}

/** What tells one from all others: `key 0x1234 (id 7)`, `/name`, a path. */
export function labelOf({ name, key, id }: SegmentInfo): string {
  return name ?? `key ${keyText(key ?? 0)} (id ${id})`;
}

/** As ipcs writes them. */
function keyText(key: number): string {
  return `0x${key.toString(16).padStart(8, '0')}`;
}

/** As chmod takes it. */
export function modeText(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

const columns: readonly Column<SegmentInfo>[] = [
  { heading: 'KIND', cell: ({ kind }) => kind },
  { heading: 'NAME', cell: labelOf },
  { heading: 'OWNER', cell: ({ owner }) => owner.name ?? String(owner.uid) },
  { heading: 'MODE', cell: ({ mode }) => modeText(mode) },
  { heading: 'BYTES', cell: ({ bytes }) => bytes.toLocaleString('en'), alignsRight: true },
  { heading: 'ATTACHED', cell: ({ attached }) => String(attached ?? '?'), alignsRight: true },
  { heading: 'STATE', cell: stateOf },
  { heading: 'NOTES', cell: notesOf },
];

/** Of System V, which keeps it, whether the creator lives; of files, whether anybody uses them. */
function stateOf({ kind, creatorPid, ownerAlive }: SegmentInfo): string {
  if (ownerAlive === undefined) return '?';
  if (kind !== 'systemV') return ownerAlive ? 'in use' : 'not in use';
  return `creator ${creatorPid ?? '?'} ${ownerAlive ? 'lives' : 'is gone'}`;
}

function notesOf({ orphan, worldWritable }: SegmentInfo): string {
  return [...(orphan ? ['orphan'] : []), ...(worldWritable ? ['world-writable'] : [])].join(', ');
}
