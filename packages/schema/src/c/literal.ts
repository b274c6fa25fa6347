import type { BigintKind, IntegerKind, TimeKind } from '../language/types.ts';

/** A C string literal. All but printable ASCII is escaped, and `?` too, because of trigraphs. */
export function stringLiteral(value: string): string {
  let body = '';
  for (const byte of new TextEncoder().encode(value)) {
    const character = String.fromCharCode(byte);
    if (character === '\n') body += '\\n';
    else if (character === '"' || character === '\\' || character === '?') body += `\\${character}`;
    // Three octal digits end by themselves; a hexadecimal escape would swallow digits that follow it.
    else if (byte < 0x20 || byte > 0x7e) body += `\\${byte.toString(8).padStart(3, '0')}`;
    else body += character;
  }
  return `"${body}"`;
}

/** The most characters of one string literal that C11 requires a compiler to take is 4,095. */
const PIECE = 2000;

/** A text as string literals: one a line, and more for a line that is too long for one. */
export function stringLiterals(text: string): string[] {
  return text
    .split(/(?<=\n)/)
    .flatMap((line) => {
      const bytes = [...line];
      return Array.from({ length: Math.ceil(bytes.length / PIECE) }, (_, index) => {
        return bytes.slice(index * PIECE, (index + 1) * PIECE).join('');
      });
    })
    .map(stringLiteral);
}

/** An integer constant of a type that compares with `kind` without a warning about signs. */
export function integerLiteral(kind: IntegerKind | BigintKind | TimeKind | 'decimal', value: number | bigint): string {
  switch (kind) {
    case 'u32':
      return `${value}u`;
    case 'u64':
      return `UINT64_C(${value})`;
    case 'i64':
    case 'timestamp':
    case 'duration':
    case 'decimal':
      // C has no negative constants: the least one is minus a number that does not fit.
      return value === -(2n ** 63n) ? 'INT64_MIN' : `INT64_C(${value})`;
    default:
      return value === -(2 ** 31) ? 'INT32_MIN' : `${value}`;
  }
}

/** A `double` constant with exactly this finite value. */
export function floatLiteral(value: number): string {
  const digits = String(value);
  return /[.e]/.test(digits) ? digits : `${digits}.0`;
}
