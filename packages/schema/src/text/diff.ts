import { type ParsedField, type ParsedSchema, parseSchema } from './parse.ts';

/**
 * What differs between two canonical texts, a line each, in words: "method quote, request field volatility: f64 here, f32
 * there". Empty exactly when the texts are equal.
 *
 * @param ours What "here" is.
 * @param theirs What "there" is. It may come from a peer and hold anything.
 */
export function diffSchemas(ours: string, theirs: string): string[] {
  if (ours === theirs) return [];
  const there = parseSchema(theirs);
  if (there.service === '') return ['schema text: a schema here, something else there'];
  const lines = new Comparison(parseSchema(ours), there).run();
  return lines.length > 0 ? lines : [firstDifference(ours, theirs)];
}

/** One field or a hole, with what it is in words. */
type Side = ParsedField | undefined;

class Comparison {
  readonly #here: ParsedSchema;
  readonly #there: ParsedSchema;
  readonly #lines: string[] = [];

  constructor(here: ParsedSchema, there: ParsedSchema) {
    this.#here = here;
    this.#there = there;
  }

  run(): string[] {
    this.#compare('service', this.#here.service, this.#there.service);
    for (const name of union(this.#here.methods.keys(), this.#there.methods.keys())) this.#method(name);
    for (const name of union(this.#here.enums.keys(), this.#there.enums.keys())) this.#enumeration(name);
    for (let index = 0; index < Math.max(this.#here.errors.length, this.#there.errors.length); index++) {
      this.#compare(`error ${index + 1}`, this.#here.errors[index], this.#there.errors[index]);
    }
    return this.#lines;
  }

  #method(name: string): void {
    const place = `method ${name}`;
    const here = this.#here.methods.get(name);
    const there = this.#there.methods.get(name);
    if (here === undefined || there === undefined) {
      this.#compare(place, here && 'defined', there && 'defined');
      return;
    }
    this.#compare(`${place}, number`, here.id, there.id);
    this.#compare(`${place}, idempotent`, yesNo(here.idempotent), yesNo(there.idempotent));
    this.#struct(`${place}, request`, here.input, there.input, '');
    this.#struct(`${place}, reply`, here.output, there.output, '');
  }

  #struct(place: string, hereName: string, thereName: string, path: string): void {
    this.#compare(path === '' ? place : `${place} field ${path}`, hereName, thereName);
    const here = this.#here.structs.get(hereName);
    const there = this.#there.structs.get(thereName);
    // Recursion goes where both sides have a struct, so it ends with ours, whatever theirs says.
    if (here === undefined || there === undefined) return;
    const before = this.#lines.length;
    for (const name of union(here.keys(), there.keys())) {
      this.#field(place, here.get(name), there.get(name), path === '' ? name : `${path}.${name}`);
    }
    if (this.#lines.length > before) return;
    // Only where nothing else explains it: a field of another size moves all that follow it.
    for (const [name, field] of here) {
      const where = `${place} field ${path === '' ? name : `${path}.${name}`}`;
      this.#compare(`${where}, offset`, field.offset, there.get(name)?.offset);
    }
  }

  #field(place: string, here: Side, there: Side, path: string): void {
    const where = `${place} field ${path}`;
    if (here !== undefined && there !== undefined && this.#here.structs.has(here.type)) {
      if (this.#there.structs.has(there.type)) {
        this.#struct(place, here.type, there.type, path);
        return;
      }
    }
    if (here?.type !== there?.type) this.#compare(where, here?.type, there?.type);
    else this.#compare(where, here?.attributes || 'no range', there?.attributes || 'no range');
  }

  #enumeration(name: string): void {
    const here = this.#here.enums.get(name);
    const there = this.#there.enums.get(name);
    // An enumeration that only one side has shows as the type of the fields that use it.
    if (here === undefined || there === undefined) return;
    for (const value of union(here, there)) {
      this.#compare(`enumeration ${name}, value ${value}`, numberOf(here, value), numberOf(there, value));
    }
  }

  #compare(place: string, here: string | undefined, there: string | undefined): void {
    if (here === there) return;
    this.#lines.push(`${place}: ${here ?? 'missing'} here, ${there ?? 'missing'} there`);
  }
}

function union(here: Iterable<string>, there: Iterable<string>): Set<string> {
  return new Set([...here, ...there]);
}

function yesNo(value: boolean): string {
  return value ? 'yes' : 'no';
}

function numberOf(values: readonly string[], value: string): string | undefined {
  const index = values.indexOf(value);
  return index < 0 ? undefined : String(index);
}

/** For texts that mean the same, or a text that is none. */
function firstDifference(ours: string, theirs: string): string {
  const here = ours.split('\n');
  const there = theirs.split('\n');
  const index = here.findIndex((line, at) => line !== there[at]);
  const at = index < 0 ? here.length : index;
  return `line ${at + 1} of the schema text: ${JSON.stringify(here[at] ?? '')} here, ${JSON.stringify(there[at] ?? '')} there`;
}
