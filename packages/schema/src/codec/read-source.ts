import { alignOf, sizeOf } from '../language/layout.ts';
import type { ArrayType, List, Struct } from '../language/types.ts';
import { faulty } from './signals.ts';
import { addressOf, further, type Place, type Source } from './source.ts';

/**
 * Adds the lines that read the words of presence bits and refuse bits of which the schema knows nothing; returns the words'
 * variables.
 */
export function readPresence(source: Source, { layout }: Struct, place: Place): readonly string[] {
  return layout.presence.map((offset, index) => {
    const name = source.variable('w');
    const used = layout.fields.filter(({ presence }) => presence?.word === index).length;
    source.add(`const ${name} = ${place.view}.getUint32(${addressOf(further(place, offset))}, true);`);
    if (used < 32) source.add(`if (${name} >>> ${used} !== 0) throw ${source.constant(faulty)};`);
    return name;
  });
}

/** A loop over elements, of which the body is to be added, and a closing brace. */
export interface Loop {
  readonly index: string;
  /** Of the element at hand. */
  readonly place: Place;
}

/** Adds the lines that find the elements of an array or list, and begin the loop over them; `before` comes between. */
export function loopOver(source: Source, type: ArrayType | List, place: Place, before: string): Loop {
  const size = sizeOf(type.element);
  const at = source.variable('a');
  const index = source.variable('i');
  const count = type.kind === 'array' ? `${type.length}` : source.variable('n');
  if (type.kind === 'array') {
    source.add(`let ${at} = ${addressOf(place)};`);
  } else {
    const find = `reader.list(${addressOf(place)}, ${size}, ${alignOf(type.element)}, ${type.max})`;
    source.add(`let ${at} = ${find};`, `const ${count} = reader.count;`);
  }
  source.add(before, `for (let ${index} = 0; ${index} < ${count}; ${index}++, ${at} += ${size}) {`);
  return { index, place: { ...place, base: at, offset: 0 } };
}
