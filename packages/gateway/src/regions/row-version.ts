/** One version of a row, made ready for all who watch: whatever is sent of it is made once, when it is first needed. */
import type { RowImage } from '@isthmus/core';
import { timestampOf } from '@isthmus/schema';
import { toIsthmusError } from '../http/framework-errors.ts';
import { type Problem, problemOf } from '../http/problem.ts';
import type { ServedRegion } from './served-region.ts';
import { tagOf, type Version } from './tag.ts';

export class RowVersion {
  readonly tag: string;
  readonly #served: ServedRegion;
  readonly #image: RowImage;
  #event: Buffer | undefined;
  /** A message up to what differs from client to client, and the last one made of it. */
  #head: string | undefined;
  #message: { readonly skipped: number; readonly isLive: boolean; readonly bytes: Buffer } | undefined;

  constructor(served: ServedRegion, image: RowImage) {
    this.tag = tagOf(image);
    this.#served = served;
    this.#image = image;
  }

  /** Whether someone who knows `version` already has nothing to learn from this one. */
  isCoveredBy({ epoch, version }: Version): boolean {
    if (this.#image.epoch !== epoch) return false;
    // What is attached has no order of versions: equal ones are equal bytes.
    return this.#served.service === undefined ? this.#image.version === version : this.#image.version <= version;
  }

  /** How many versions there are between this one and a later one; undefined where they cannot be counted. */
  skippedTo({ epoch, version }: Version): number | undefined {
    if (this.#served.service === undefined || this.#image.epoch !== epoch) return undefined;
    return Math.max(Number(version - this.#image.version) - 1, 0);
  }

  /** As a server-sent event: the JSON of the value, or an event `problem` when the bytes are not a value. */
  get event(): Buffer {
    this.#event ??= Buffer.from(eventOf(this.tag, this.#text()));
    return this.#event;
  }

  /** As a message of a WebSocket. */
  message(skipped: number, isLive: boolean): Buffer {
    const last = this.#message;
    if (last?.skipped === skipped && last.isLive === isLive) return last.bytes;
    this.#head ??= this.#messageHead();
    const bytes = Buffer.from(`${this.#head},"skipped":${skipped},"live":${isLive}}`);
    this.#message = { skipped, isLive, bytes };
    return bytes;
  }

  #messageHead(): string {
    const { name, forms } = this.#served;
    const text = this.#text();
    const key = forms.key === undefined || typeof text !== 'string' ? '' : keyMember(forms.keyOf(this.#image.bytes));
    const place = `{"region":${JSON.stringify(name)}${key},"tag":"${this.tag}","time":"${timeText(this.#image.time)}"`;
    return typeof text === 'string' ? `${place},"value":${text}` : `${place},"problem":${JSON.stringify(text)}`;
  }

  #text(): string | Problem {
    try {
      return this.#served.forms.text(this.#image.bytes);
    } catch (error) {
      return problemOf(toIsthmusError(error), false);
    }
  }
}

/** The member of a message that says which row. */
export function keyMember(key: unknown): string {
  return key === undefined ? '' : `,"key":${JSON.stringify(key)}`;
}

/** Nanoseconds since 1970 as the JSON form of a timestamp. */
export function timeText(ns: bigint): string {
  return timestampOf(Number(BigInt.asIntN(32, ns >> 32n)), Number(BigInt.asIntN(32, ns)));
}

function eventOf(tag: string, text: string | Problem): string {
  return typeof text === 'string'
    ? `id: ${tag}\ndata: ${text}\n\n`
    : `id: ${tag}\nevent: problem\ndata: ${JSON.stringify(text)}\n\n`;
}
