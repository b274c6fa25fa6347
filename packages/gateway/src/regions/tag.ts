/** A version of a row in one word: what entity tags, event ids and the command's `--expected` are made of. */
import type { Stamp } from '@isthmus/core';

/** What tells two versions of a row apart. */
export type Version = Pick<Stamp, 'epoch' | 'version'>;

const pattern = /^(0|[1-9a-f][0-9a-f]{0,15})-(0|[1-9][0-9]{0,19})$/;

/** The epoch in hexadecimal and the version in decimal digits: `1f00d-42`. */
export function tagOf({ epoch, version }: Version): string {
  return `${epoch.toString(16)}-${version}`;
}

/** The version that a tag names, or undefined for a text that `tagOf` does not give. */
export function versionOfTag(tag: string): Version | undefined {
  const [, epoch, digits = ''] = pattern.exec(tag) ?? [];
  if (epoch === undefined) return undefined;
  const version = BigInt(digits);
  return version === BigInt.asUintN(64, version) ? { epoch: BigInt(`0x${epoch}`), version } : undefined;
}
