/**
 * The newest version of each row, in the order in which they changed:
 *
 *     oldest ⇄ row ⇄ row ⇄ newest      each row has the number of its last change; later ones are larger
 *
 * A reader keeps the last row that it was given and that row's number then. What it has not seen yet is behind that place, so
 * however many changes it missed, it is given each row once, and what it needs to remember does not grow.
 */
import type { RowVersion } from './row-version.ts';

export interface Row {
  /** 0, 1, .. in the order in which rows were first seen. */
  readonly index: number;
  readonly version: RowVersion;
  /** The number of its last change in the list: 1 or more; 0 once it was retired. */
  readonly change: number;
  /** How many versions of it there were since it was first seen, this one and those that were passed over included. */
  readonly versions: number;
  readonly newer: Row | undefined;
}

interface Node extends Row {
  version: RowVersion;
  change: number;
  versions: number;
  newer: Node | undefined;
  older: Node | undefined;
}

/** Where a reader of the list is. */
export interface Place {
  /** The row that it was given last, and its `change` then; undefined and 0: none yet. */
  readonly row: Row | undefined;
  readonly change: number;
}

export class RowList {
  readonly #rows = new Map<string, Node>();
  #newest: Node | undefined;
  #oldest: Node | undefined;
  #changes = 0;

  /** The number of the last change. */
  get changes(): number {
    return this.#changes;
  }

  /** How many rows there were so far. */
  get size(): number {
    return this.#rows.size;
  }

  get(id: string): Row | undefined {
    return this.#rows.get(id);
  }

  /** A newer version of a row. `passedOver`: how many versions there were between this one and the one before. */
  put(id: string, version: RowVersion, passedOver: number): void {
    let row = this.#rows.get(id);
    if (row === undefined) {
      row = { index: this.#rows.size, version, change: 0, versions: 0, newer: undefined, older: undefined };
      this.#rows.set(id, row);
    } else if (row.change > 0) {
      this.#unlink(row);
    }
    row.version = version;
    row.versions += 1 + passedOver;
    row.change = ++this.#changes;
    row.older = this.#newest;
    row.newer = undefined;
    if (this.#newest === undefined) this.#oldest = row;
    else this.#newest.newer = row;
    this.#newest = row;
  }

  /** Nobody is given what is there any more: each row counts from its next version on. */
  retire(): void {
    for (const row of this.#rows.values()) {
      row.change = 0;
      row.newer = undefined;
      row.older = undefined;
    }
    this.#newest = undefined;
    this.#oldest = undefined;
  }

  /** The first row that changed after a place. */
  after({ row, change }: Place): Row | undefined {
    if (change === this.#changes) return undefined;
    if (row === undefined) return this.#oldest;
    if (row.change === change) return row.newer;
    // That row changed again and is elsewhere now: look from the other end, along what is new.
    let first = this.#newest;
    while (first?.older !== undefined && first.older.change > change) first = first.older;
    return first;
  }

  #unlink(row: Node): void {
    if (row.older === undefined) this.#oldest = row.newer;
    else row.older.newer = row.newer;
    if (row.newer === undefined) this.#newest = row.older;
    else row.newer.older = row.older;
  }
}
