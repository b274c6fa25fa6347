/** A key or an index within a JSON pointer (RFC 6901): `~` and `/` are written `~0` and `~1`. */
export function pointerStep(key: string | number): string {
  return `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
