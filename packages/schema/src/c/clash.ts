import type { NamedTypes } from '../language/collect.ts';
import type { PlacedField } from '../language/types.ts';
import type { MethodShape, RegionShape, ServiceShape } from '../text/canonical.ts';
import { declaration, elementType, isArrayInC, isBigEndian, unwrapArray } from './ctypes.ts';
import { elementOf } from './field-comment.ts';
import { collectLists } from './lists.ts';
import {
  accessorNames,
  checkName,
  enumeratorName,
  errorName,
  listNames,
  memberName,
  messageNames,
  methodNames,
  regionFieldName,
  regionNames,
  serviceNames,
  typeNameOf,
  unionKindName,
  variantName,
} from './names.ts';
import { messageStructs } from './payload.ts';
import { writtenFields } from './region-fields.ts';

/**
 * Which things of a service would get the same name in C: `fooBAR` and `fooBar` do, and so do a struct
 * `OnQuote` and the handler of a method `quote`. Each problem names both.
 */
export function cNameProblems(
  { name: service, methods, regionList, errors }: ServiceShape,
  types: NamedTypes,
): string[] {
  const names = new Names('');
  const { schema, register, main, errors: errorType, methods: numbers, regions, guard } = serviceNames(service);
  for (const name of [schema, register, main, guard]) names.add(name, 'what every service has');
  if (methods.length > 0) names.add(numbers, 'the numbers of methods');
  if (regionList.length > 0) names.add(regions, 'the numbers of regions');
  if (errors.length > 0) names.add(errorType, 'the enumeration of errors');
  for (const error of errors) names.add(errorName(service, error), `error ${error}`);
  for (const { name, values } of types.enums) {
    names.add(typeNameOf(service, name), `enumeration ${name}`);
    for (const value of values)
      names.add(enumeratorName(service, name, value), `value ${value} of enumeration ${name}`);
  }
  for (const { name, values } of types.flags) {
    names.add(typeNameOf(service, name), `flags ${name}`);
    for (const value of values) names.add(enumeratorName(service, name, value), `value ${value} of flags ${name}`);
  }
  for (const type of types.composites) {
    names.add(typeNameOf(service, type.name), `${type.kind} ${type.name}`);
    names.add(checkName(service, type.name), `the check of ${type.kind} ${type.name}`);
    if (type.kind === 'struct') {
      addMembers(names, `struct ${type.name}: `, 'field', Object.keys(type.fields));
      for (const field of type.layout.fields) {
        const owner = `field ${field.name} of struct ${type.name}`;
        for (const name of usedAccessors(service, type.name, field)) names.add(name, owner);
      }
      continue;
    }
    const variants = Object.keys(type.variants);
    addMembers(names, `union ${type.name}: `, 'variant', variants);
    names.add(unionKindName(service, type.name), `the kind of union ${type.name}`);
    for (const variant of variants) {
      names.add(variantName(service, type.name, variant), `variant ${variant} of union ${type.name}`);
    }
  }
  for (const { element } of collectLists(service, methods)) {
    const owner = `a list of ${declaration(service, element, '').trim()}`;
    for (const name of Object.values(listNames(service, element))) names.add(name, owner);
    if (isArrayInC(element)) names.add(elementType(service, element), `an element of ${owner}`);
  }
  for (const { name } of messageStructs(methods)) {
    for (const cName of Object.values(messageNames(service, name))) names.add(cName, `messages of struct ${name}`);
  }
  for (const method of methods) {
    for (const cName of usedMethodNames(service, method)) names.add(cName, `call ${method.name}`);
  }
  for (const region of regionList) {
    for (const cName of usedRegionNames(service, region)) names.add(cName, `region ${region.name}`);
  }
  return names.problems;
}

/** Members stand beside nothing but each other. */
function addMembers(names: Names, place: string, what: string, given: readonly string[]): void {
  const members = new Names(place);
  for (const name of given) members.add(memberName(name), `${what} ${name}`);
  names.problems.push(...members.problems);
}

/** Only those that there are: a name that nobody uses is no reason to refuse a schema. */
function usedAccessors(service: string, struct: string, { name, type, presence }: PlacedField): string[] {
  const { has, mark, get, set, add, scale } = accessorNames(service, struct, name);
  const { element } = unwrapArray(type);
  const used = presence === undefined ? [] : [has, mark];
  if (isBigEndian(element) || element.kind === 'textTail' || element.kind === 'bytesTail') used.push(get, set);
  if (element.kind === 'list') used.push(get, add);
  if (elementOf(type).kind === 'decimal') used.push(scale);
  return used;
}

function usedMethodNames(service: string, { name, replies }: MethodShape): string[] {
  const { number, handler, adapter, emit, respond, call, send, each, take, state } = methodNames(service, name);
  const onlyFor = { one: [respond, call], many: [emit, call, each, take, state], none: [send] };
  return [number, handler, adapter, ...onlyFor[replies]];
}

function usedRegionNames(service: string, { name, struct, key }: RegionShape): string[] {
  const { find, readRow, ...always } = regionNames(service, name);
  const writers = writtenFields(struct, key).map((field) => regionFieldName(service, name, field.name));
  return [...Object.values(always), ...(key === undefined ? [] : [find, readRow]), ...writers];
}

/** C names and what they belong to. */
class Names {
  readonly problems: string[] = [];
  readonly #place: string;
  readonly #owners = new Map<string, string>();

  constructor(place: string) {
    this.#place = place;
  }

  add(name: string, owner: string): void {
    const other = this.#owners.get(name);
    if (other === undefined) this.#owners.set(name, owner);
    else this.problems.push(`${this.#place}${other} and ${owner} would both be ${name} in C`);
  }
}
