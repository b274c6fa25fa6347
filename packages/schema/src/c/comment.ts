import { WIDTH } from './format.ts';

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
