import { hasTails, type PlacedField, type Struct, type Union } from '../language/types.ts';
import { DecodeSource, decoderOf } from './decode-source.ts';
import type { Message, Read } from './message.ts';
import { readPresence } from './read-source.ts';
import { faulty } from './signals.ts';
import { addressOf, further, type Place, Source, start, word } from './source.ts';

/** Makes a view of the struct or union at address `at` of a message. */
export type MakeView = (message: Message, at: number) => object;

const compiled = new WeakMap<object, MakeView>();

/**
 * The views of a struct or union: compiled when first asked for. A view is an object of a class with a getter for each field.
 * Getters are enumerable, so that `for..in` and encoding find them, but they are not the object's own: making them for each
 * view would cost more than decoding. So spreading a view gives nothing; `toJSON` gives the JSON form of all of it.
 */
export function viewsOf(type: Struct | Union): MakeView {
  let make = compiled.get(type.layout);
  if (make === undefined) {
    make = type.kind === 'struct' ? structViews(type) : unionViews(type);
    compiled.set(type.layout, make);
  }
  return make;
}

function structViews(type: Struct): MakeView {
  const View = viewClass(type, type, start);
  return (message, at) => new View(message, at);
}

function unionViews(type: Union): MakeView {
  const classes = Object.entries(type.variants).map(([name, variant]) => {
    return viewClass(type, variant, further(start, type.layout.offset), name);
  });
  return (message, at) => {
    const View = classes[message.view.getUint32(at, true)];
    if (View === undefined) throw message.explain(faulty, 'native');
    return new View(message, at);
  };
}

type ViewClass = new (message: Message, at: number) => object;

/**
 * The class of the views of `type`, which is `struct`, or a union of which `struct` is the variant called `kind`.
 *
 * @param place Of the struct, when `type` is at address `at`.
 */
function viewClass(type: Struct | Union, struct: Struct, place: Place, kind?: string): ViewClass {
  const source = new Source();
  source.add('#message;', '#at;', 'constructor(message, at) { this.#message = message; this.#at = at; }');
  if (kind !== undefined) source.add(`get kind() { return "${word(kind)}"; }`);
  for (const field of struct.layout.fields) addGetter(source, struct, field, place);
  const whole = (form: 'native' | 'json') => {
    const read: Read<unknown> = (view, bytes, at, reader) => decoderOf(type, form)(view, bytes, at, reader);
    return `{ return this.#message.read(${source.constant(read)}, this.#at, ${hasTails(type)}, "${form}"); }`;
  };
  source.add(`toJSON() ${whole('json')}`);
  // What Node's console shows instead of an object without properties.
  source.add(`[${source.constant(Symbol.for('nodejs.util.inspect.custom'))}]() ${whole('native')}`);
  // The constructor is the one above.
  const View = source.compileClass() as ViewClass;
  for (const name of [...(kind === undefined ? [] : ['kind']), ...struct.layout.fields.map((field) => field.name)]) {
    const getter = Object.getOwnPropertyDescriptor(View.prototype, name);
    Object.defineProperty(View.prototype, name, { ...getter, enumerable: true });
  }
  return View;
}

function addGetter(source: Source, struct: Struct, field: PlacedField, place: Place): void {
  if (hasTails(field.type)) {
    const inner = new Source();
    addRead(inner, struct, field, place);
    const read = source.constant(inner.compile('view', 'bytes', 'at', 'reader', 'message'));
    source.add(`get ${word(field.name)}() { return this.#message.read(${read}, this.#at, true, "native"); }`);
    return;
  }
  source.add(
    `get ${word(field.name)}() {`,
    'const message = this.#message, view = message.view, bytes = message.bytes, at = this.#at;',
    'try {',
  );
  addRead(source, struct, field, place);
  source.add('} catch (error) {', 'throw message.explain(error, "native");', '}', '}');
}

/** The lines that return a field's value, with views for what is inside of it. */
function addRead(source: Source, struct: Struct, field: PlacedField, place: Place): void {
  if (field.presence !== undefined) {
    const words = readPresence(source, struct, place);
    source.add(`if ((${words[field.presence.word]} & ${1 << field.presence.bit}) === 0) return undefined;`);
  }
  const decode = new DecodeSource(source, 'native', (type, inner) => {
    return `${source.constant(viewsOf(type))}(message, ${addressOf(inner)})`;
  });
  source.add(`return ${decode.value(field.type, further(place, field.offset))};`);
}
