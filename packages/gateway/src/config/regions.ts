/** The regions of a configuration: each where it is, as `attach` takes it, and what lies there. */
import { type AttachSettings, attachDefaults, checkAttachOptions } from '@isthmus/core';
import type { Struct } from '@isthmus/schema';
import { regionNamePattern } from '../regions/served-region.ts';
import {
  checkKeys,
  checkObject,
  checkText,
  integer,
  type Key,
  type Keys,
  optional,
  refuseUnknownKeys,
} from './keys.ts';
import { ConfigProblem, refuse, runAll, show } from './problem.ts';
import type { RegionSettings, SegmentCreation } from './types.ts';

const maxId = 2 ** 32 - 2;
const usualMode = 0o600;

export const creationKeys: Keys<SegmentCreation> = {
  mode: { default: `\`${octal(usualMode)}\``, check: (value = usualMode, path) => checkMode(value, path) },
  uid: optional(integer({ min: 0, max: maxId, default: 0 }).check),
  gid: optional(integer({ min: 0, max: maxId, default: 0 }).check),
};

interface OwnValues {
  readonly struct: Struct;
  readonly description: string | undefined;
  readonly create: SegmentCreation | undefined;
}

const ownKeys: Keys<OwnValues> = {
  struct: { default: undefined, check: checkStruct },
  description: optional(checkText),
  create: optional(checkCreation),
};

/** What `attach` takes. Whether it is `lazy` is not for the configuration to say: the bridge always is. */
const { lazy: _, ...attachKeys } = attachDefaults;

/** Every key with its default, as docs/config.md lists them. */
export const regionKeys: Readonly<Record<string, Pick<Key<unknown>, 'default'>>> = {
  ...ownKeys,
  ...Object.fromEntries(Object.entries(attachKeys).map(([name, value]) => [name, { default: value }])),
};

export function checkRegions(
  given: Readonly<Record<string, unknown>>,
  path: string,
  folder: string,
): readonly RegionSettings[] {
  const regions: RegionSettings[] = [];
  runAll(
    Object.entries(given).map(
      ([name, value]) =>
        () =>
          regions.push(checkRegion(name, value, `${path}.${name}`, folder)),
    ),
  );
  return regions;
}

function checkRegion(name: string, value: unknown, path: string, folder: string): RegionSettings {
  if (!regionNamePattern.test(name)) refuse(path, 'its name must be letters, digits, _ and -, and begin with a letter');
  const given = checkObject(value, path);
  refuseUnknownKeys(given, Object.keys(regionKeys), path);
  const isOwn = ([key]: [string, unknown]) => Object.hasOwn(ownKeys, key);
  const own = Object.fromEntries(Object.entries(given).filter(isOwn));
  const attachment = Object.fromEntries(Object.entries(given).filter((entry) => !isOwn(entry)));
  const { settings, problems } = checkAttachOptions(attachment, path, folder);
  let values: Required<OwnValues> | undefined;
  runAll([
    () => {
      values = checkKeys(ownKeys, own, path);
    },
    () => {
      if (problems.length > 0) throw new ConfigProblem(problems);
    },
  ]);
  // Both are there, or runAll has thrown.
  if (values === undefined || settings === undefined) refuse(path, 'could not be read');
  if (values.create !== undefined) refuseToCreate(settings, `${path}.create`);
  return { name, ...values, options: { ...settings, lazy: true } };
}

/** What is made here has a key or a name, and is all zeros. */
function refuseToCreate({ systemV, fd, guard, magic }: AttachSettings, path: string): void {
  if (fd !== undefined || systemV?.id !== undefined) refuse(path, 'is for a segment that has a key or a name');
  if (magic !== undefined) refuse(path, 'makes a segment of zeros, which has no magic');
  if (guard?.mutex !== undefined) refuse(path, 'makes a segment of zeros, which has no mutex');
}

function checkStruct(value: unknown, path: string): Struct {
  if (!isStruct(value)) refuse(path, `must be what struct() of @isthmus/schema returned, not ${show(value)}`);
  const [problem] = value.problems;
  if (problem !== undefined) refuse(path, problem);
  if (value.layout.hasTails)
    refuse(path, `${value.name} has fields of any length: give each text, bytes and list a length`);
  return value;
}

/** By its shape, so that two copies of the schema package in one program understand each other. */
function isStruct(value: unknown): value is Struct {
  return (
    typeof value === 'object' &&
    value !== null &&
    'kind' in value &&
    value.kind === 'struct' &&
    'problems' in value &&
    Array.isArray(value.problems)
  );
}

function checkMode(value: unknown, path: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 0o777) return value;
  return refuse(path, `must be permission bits from ${octal(1)} to ${octal(0o777)}, not ${show(value)}`);
}

function octal(value: number): string {
  return `0o${value.toString(8)}`;
}

function checkCreation(value: unknown, path: string): SegmentCreation {
  return checkKeys(creationKeys, checkObject(value, path), path);
}
