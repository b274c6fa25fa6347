import type { ArrayType, List, Struct, Union, ValueType } from '../language/types.ts';
import { convertElements, convertEnumeration, convertFlags, limited } from './convert-leaves.ts';
import { fallbackOf } from './fallback.ts';
import { type Member, structOf } from './members.ts';
import type { Refusals } from './refusals.ts';
import { bytesIn, countOf, type Form, memberOf, textBytes } from './values.ts';
import { viewOf, viewsOf } from './views.ts';

/**
 * Turns a value of one version of a type into one of another.
 *
 * @param at The JSON pointer of the value.
 * @param refused What cannot be turned is added here.
 */
export type Convert = (value: unknown, at: string, refused: Refusals) => unknown;

/**
 * Which way: `toPeer` from our version to the peer's, where what the peer lacks must have its default or be absent; `fromPeer`
 * to ours, where what we lack is left out, and what the peer lacks is filled in.
 */
export type Sense = 'toPeer' | 'fromPeer';

/** Makes the conversions between two versions of a schema of which all that differs is adaptable: see `compareSchemas`. */
export class Conversions {
  readonly #sense: Sense;
  readonly #form: Form;
  /** For what views give as JSON. */
  #json: Conversions | undefined;
  /** Of structs and unions, by their names, which are the same in both versions. */
  readonly #known = new Map<string, Convert | undefined>();

  constructor(sense: Sense, form: Form) {
    this.#sense = sense;
    this.#form = form;
  }

  /** `undefined`: every value of one version is the same value of the other. */
  between(from: ValueType, to: ValueType): Convert | undefined {
    if (from.kind === 'struct' && to.kind === 'struct') return this.#once(from.name, () => this.#struct(from, to));
    if (from.kind === 'union' && to.kind === 'union') return this.#once(from.name, () => this.#union(from, to));
    if (from.kind === 'enum' && to.kind === 'enum') return convertEnumeration(from, to, this.#sense);
    if (from.kind === 'flags' && to.kind === 'flags') return convertFlags(from, to, this.#sense);
    if ('element' in from && 'element' in to) return this.#elements(from, to);
    return this.#limit(from, to);
  }

  #once(name: string, make: () => Convert | undefined): Convert | undefined {
    if (!this.#known.has(name)) this.#known.set(name, make());
    return this.#known.get(name);
  }

  #struct(from: Struct, to: Struct): Convert | undefined {
    const members = this.#members(from, to);
    return members && this.#made(members, from, to);
  }

  #union(from: Union, to: Union): Convert | undefined {
    const variants = new Map<unknown, Convert>();
    for (const [name, variant] of Object.entries(from.variants)) {
      const other = to.variants[name];
      const members = other && this.#members(variant, other);
      if (members !== undefined) variants.set(name, this.#made([kindOfUnion, ...members], from, to));
    }
    if (variants.size === 0) return undefined;
    return (value, at, refused) => variants.get(memberOf(value, 'kind'))?.(value, at, refused) ?? value;
  }

  /** The conversion of `from`, a struct or a union, of which these are the fields. */
  #made(members: readonly Member[], from: Struct | Union, to: Struct | Union): Convert {
    const form = this.#form;
    if (form !== 'view') return (value, at, refused) => structOf(members, value, at, refused, form);
    this.#json ??= new Conversions(this.#sense, 'json');
    const makeView = viewsOf(members, this.#json.between(from, to));
    return (value, at) => makeView(viewOf(value), at);
  }

  /** How the fields of a struct become those of the other version; `undefined` where they are the same. */
  #members(from: Struct, to: Struct): readonly Member[] | undefined {
    const given = new Map(from.layout.fields.map((field) => [field.name, field]));
    const wanted = new Set(to.layout.fields.map(({ name }) => name));
    const members: Member[] = [];
    let isSame = from.layout.fields.length === to.layout.fields.length;
    for (const { name, type, presence } of to.layout.fields) {
      const source = given.get(name);
      if (source !== undefined) {
        const convert = this.between(source.type, type);
        isSame &&= convert === undefined;
        members.push({ kind: 'copied', name, convert });
      } else if (this.#sense === 'fromPeer') {
        const fallback = presence === undefined ? fallbackOf(type, this.#form) : undefined;
        members.push({ kind: 'filledIn', name, fallback });
      }
      // The other way the peer's own codec fills it in.
    }
    for (const { name, type, presence } of from.layout.fields) {
      if (wanted.has(name) || this.#sense === 'fromPeer') continue;
      members.push({
        kind: 'leftOut',
        name,
        fallback: presence === undefined ? fallbackOf(type, this.#form) : undefined,
      });
    }
    return isSame ? undefined : members;
  }

  #elements(from: ArrayType | List, to: ArrayType | List): Convert | undefined {
    const element = this.between(from.element, to.element);
    const limit = this.#limit(from, to);
    if (element === undefined) return limit;
    return (value, at, refused) =>
      convertElements(limit === undefined ? value : limit(value, at, refused), element, at, refused);
  }

  /** That a tail is not longer than we allow. What goes to the peer, the peer's codec checks. */
  #limit(from: ValueType, to: ValueType): Convert | undefined {
    if (this.#sense === 'toPeer') return undefined;
    if (from.kind === 'list' && to.kind === 'list') return limited(from.max, to.max, 'elements', countOf);
    if (from.kind === 'textTail' && to.kind === 'textTail')
      return limited(from.max, to.max, 'bytes of UTF-8', textBytes);
    if (from.kind === 'bytesTail' && to.kind === 'bytesTail') {
      return limited(from.max, to.max, 'bytes', bytesIn(this.#form));
    }
    return undefined;
  }
}

const kindOfUnion: Member = { kind: 'copied', name: 'kind', convert: undefined };
