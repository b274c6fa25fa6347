import { IsthmusError } from '@isthmus/schema';
import type { WatchOptions } from './types.ts';

/** The most events of a row in a second, and the default. */
const maxEvents = 1000;

/** What is to be watched how, with the defaults in place. */
export interface WatchSettings extends Pick<WatchOptions, 'signal' | 'after'> {
  /** The least time between two events of a row. */
  readonly intervalMs: number;
}

/** @throws IsthmusError `INVALID_ARGUMENT`. */
export function watchSettings({ signal, maxRate = maxEvents, after }: WatchOptions = {}): WatchSettings {
  if (!(typeof maxRate === 'number' && maxRate > 0 && maxRate <= maxEvents)) {
    throw invalid(`maxRate must be a number above 0, up to ${maxEvents}, not ${String(maxRate)}`);
  }
  if (after !== undefined && !(typeof after.epoch === 'bigint' && typeof after.version === 'bigint')) {
    throw invalid('after must have an epoch and a version');
  }
  return { signal, after, intervalMs: 1000 / maxRate };
}

function invalid(detail: string): IsthmusError {
  return new IsthmusError('INVALID_ARGUMENT', { detail });
}
