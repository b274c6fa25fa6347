import type { BigintKind, IntegerKind } from '../language/types.ts';

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
export function integerLiteral(kind: IntegerKind | BigintKind, value: number | bigint): string {
  switch (kind) {
    case 'u32':
      return `${value}u`;
    case 'u64':
      return `UINT64_C(${value})`;
    case 'i64':
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

/** The most columns of a line, where a line can be broken. */
export const WIDTH = 110;

/** A C comment of these paragraphs, each line indented; nothing when they are all empty. */
export function comment(paragraphs: readonly (string | undefined)[], indent = ''): string[] {
  const lines = paragraphs.flatMap((paragraph) => wrap(plain(paragraph ?? ''), WIDTH - indent.length - 3));
  const [only] = lines;
  if (only === undefined) return [];
  if (lines.length === 1 && only.length + indent.length + 6 <= WIDTH) return [`${indent}/* ${only} */`];
  return [`${indent}/*`, ...lines.map((line) => `${indent} * ${line}`), `${indent} */`];
}

/**
 * Text that can stand in any comment: no ends or beginnings of comments, no trigraphs, no control characters, and none that
 * change the direction of writing, which compilers warn of because they can make code look like something else.
 */
function plain(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]+/gu, ' ')
    .replaceAll('*/', '* /')
    .replaceAll('/*', '/ *')
    .replaceAll('??', '? ?')
    .trim();
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/ +/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, line];
}
