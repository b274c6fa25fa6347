/** In which order services start. */

/** What names a service and those that start before it. */
export interface Ordered {
  readonly name: string;
  readonly after?: readonly string[] | undefined;
}

/**
 * A circle of services that wait for each other, as `a, b, a`; undefined where there is none. Names that are not among the services
 * do not count.
 */
export function circleOf(services: readonly Ordered[]): readonly string[] | undefined {
  const after = new Map(services.map((service) => [service.name, service.after ?? []]));
  const free = new Set<string>();
  const visit = (name: string, path: readonly string[]): readonly string[] | undefined => {
    const begin = path.indexOf(name);
    if (begin >= 0) return [...path.slice(begin), name];
    if (free.has(name)) return undefined;
    for (const earlier of after.get(name) ?? []) {
      const circle = visit(earlier, [...path, name]);
      if (circle !== undefined) return circle;
    }
    free.add(name);
    return undefined;
  };
  for (const { name } of services) {
    const circle = visit(name, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}
