/** What a program has printed as one line of JSON. */

/** Its numbers of these names. @throws Error if one of them is not there, or no number from 0 on. */
export function numbersOf<Name extends string>(
  line: string,
  ...names: readonly Name[]
): Readonly<Record<Name, number>> {
  const found: unknown = JSON.parse(line);
  const entries = names.map((name): [Name, number] => {
    const value: unknown = typeof found === 'object' && found !== null ? Reflect.get(found, name) : undefined;
    if (typeof value !== 'number' || !(value >= 0)) throw new Error(`there is no number ${name} in: ${line}`);
    return [name, value];
  });
  // Made from exactly these names.
  return Object.fromEntries(entries) as Record<Name, number>;
}
