import type { Enumeration, Flags, PlacedField, Struct, Union, ValueType } from '../language/types.ts';
import { defaultText, elementText } from '../text/lines.ts';
import type { Report } from './report.ts';
import { boundOf, endianOf, fieldText, formOf, isSameAlignment, mayBeLeftOut, needed, packing } from './traits.ts';

/** Which way a value goes: what widens a request is safe, and what widens a reply is not. */
export type Direction = 'request' | 'reply';

/** Where a type stands. */
export interface Place {
  /** "method quote, request". */
  readonly payload: string;
  readonly direction: Direction;
  /** Of the field within the payload: "rows[].name"; empty for the payload itself. */
  readonly path: string;
}

/** Compares types of two versions. What was compared already, the same way, is not compared again. */
export class TypeComparison {
  readonly #report: Report;
  /** Named types, whose names are the same in both versions. */
  readonly #done = new Set<string>();

  constructor(report: Report) {
    this.#report = report;
  }

  compare(before: ValueType, after: ValueType, place: Place): void {
    const [old, young] = [formOf(before), formOf(after)];
    if (old !== young) {
      const [oldText, youngText] = [elementText(before), elementText(after)];
      // What the fields' lines call by the same name.
      if (oldText === youngText) this.#report.add('typeChanged', textOf(place), old, young, false);
      else this.#report.add('typeChanged', textOf(place), oldText, youngText, false);
      return;
    }
    this.#endian(before, after, place);
    this.#bounds(before, after, place);
    if (before.kind === 'struct' && after.kind === 'struct') this.#struct(before, after, place);
    else if (before.kind === 'union' && after.kind === 'union') this.#union(before, after, place);
    else if (before.kind === 'enum' && after.kind === 'enum') this.#values(before, after, 'enumeration', place);
    else if (before.kind === 'flags' && after.kind === 'flags') this.#values(before, after, 'flags', place);
    else if ('element' in before && 'element' in after) {
      this.compare(before.element, after.element, { ...place, path: `${place.path}[]` });
    }
  }

  #endian(before: ValueType, after: ValueType, place: Place): void {
    const [old, young] = [endianOf(before), endianOf(after)];
    if (old !== young) this.#report.add('layoutChanged', `${textOf(place)}, byte order`, old, young, false);
  }

  #bounds(before: ValueType, after: ValueType, place: Place): void {
    for (const bound of ['min', 'max'] as const) {
      const [old, young] = [boundOf(before, bound), boundOf(after, bound)];
      if (old === undefined || young === undefined || old.value === young.value) continue;
      const isWider = bound === 'min' ? young.value < old.value : young.value > old.value;
      this.#limit(isWider, `${textOf(place)}, ${bound}`, old.text, young.text, place.direction);
    }
  }

  #limit(isWider: boolean, place: string, before: string, after: string, direction: Direction): void {
    if (direction === 'request') this.#report.add(isWider ? 'requestWidened' : 'requestNarrowed', place, before, after);
    else this.#report.add(isWider ? 'replyWidened' : 'replyNarrowed', place, before, after);
  }

  /** Enumerations and flags. Their values are the same whichever way they go; whether there may be more is not. */
  #values(before: Enumeration | Flags, after: Enumeration | Flags, what: string, { direction }: Place): void {
    const place = `${what} ${before.name}`;
    if (this.#isNew(before.name)) {
      const isOpen = before.open || after.open;
      const rule = isOpen ? 'valueAppended' : 'valueAppendedClosed';
      const placeOf = (name: string): string => `${place}, ${what === 'flags' ? 'flag' : 'value'} ${name}`;
      this.#report.names(before.values, after.values, placeOf, () => ({
        rule,
        what: 'defined',
        isAdaptable: isOpen,
      }));
      if (before.open && !after.open) this.#report.add('closed', place, 'open', 'closed');
    }
    if (!before.open && after.open && this.#isNew(`${before.name} ${direction}`)) {
      this.#limit(
        true,
        `${place}, in ${direction === 'request' ? 'requests' : 'replies'}`,
        'closed',
        'open',
        direction,
      );
    }
  }

  #union(before: Union, after: Union, place: Place): void {
    if (this.#isNew(before.name)) {
      this.#report.names(
        Object.keys(before.variants),
        Object.keys(after.variants),
        (name) => `union ${before.name}, variant ${name}`,
        () => ({ rule: 'variantAppended', what: 'defined', isAdaptable: false }),
      );
    }
    if (!this.#isNew(`${before.name} ${place.direction}`)) return;
    for (const [name, variant] of Object.entries(before.variants)) {
      const young = Object.hasOwn(after.variants, name) ? after.variants[name] : undefined;
      if (young !== undefined) this.compare(variant, young, within(place, name));
    }
  }

  #struct(before: Struct, after: Struct, place: Place): void {
    if (!this.#isNew(`${before.name} ${place.direction}`)) return;
    const where = textOf(place);
    if (before.packed !== after.packed) {
      this.#report.add('layoutChanged', where, packing(before), packing(after), false);
    } else if (!isSameAlignment(before, after)) {
      const [old, young] = [`aligned to ${before.layout.align}`, `aligned to ${after.layout.align}`];
      this.#report.add('layoutChanged', where, old, young, false);
    }
    const old = new Map(before.layout.fields.map((field) => [field.name, field]));
    const young = new Map(after.layout.fields.map((field) => [field.name, field]));
    const placeOf = (name: string): string => textOf(within(place, name));
    this.#report.names([...old.keys()], [...young.keys()], placeOf, (name) => {
      const field = old.get(name) ?? young.get(name);
      const isAdaptable = field !== undefined && mayBeLeftOut(field);
      const rule = isAdaptable ? 'fieldAppended' : 'fieldAppendedBare';
      return { rule, what: field === undefined ? '' : fieldText(field), isAdaptable };
    });
    for (const [name, field] of old) {
      const other = young.get(name);
      if (other !== undefined) this.#field(field, other, within(place, name));
    }
  }

  #field(before: PlacedField, after: PlacedField, place: Place): void {
    const where = textOf(place);
    if ((before.presence === undefined) !== (after.presence === undefined)) {
      this.#report.add('optionalChanged', where, needed(before), needed(after), false);
    }
    const [old, young] = [defaultText(before.type), defaultText(after.type)];
    if (formOf(before.type) === formOf(after.type) && old !== young) {
      const rule = old === undefined ? 'defaultAdded' : young === undefined ? 'defaultRemoved' : 'defaultChanged';
      this.#report.add(rule, `${where}, default`, old ?? 'none', young ?? 'none');
    }
    this.compare(before.type, after.type, place);
  }

  #isNew(key: string): boolean {
    if (this.#done.has(key)) return false;
    this.#done.add(key);
    return true;
  }
}

function textOf({ payload, path }: Place): string {
  return path === '' ? payload : `${payload} field ${path}`;
}

function within(place: Place, name: string): Place {
  return { ...place, path: place.path === '' ? name : `${place.path}.${name}` };
}
