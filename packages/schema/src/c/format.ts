/** The most columns of a line, where a line can be broken. */
export const WIDTH = 110;

/**
 * A function's head or call, its arguments broken over several lines where one is too short.
 *
 * @param within How far all of it will be indented.
 */
export function withArguments(before: string, given: readonly string[], after: string, within = 0): string[] {
  const whole = `${before}(${given.join(', ')})${after}`;
  if (whole.length + within <= WIDTH) return [whole];
  // Below the first argument, unless that leaves too little room.
  const isFar = before.length + within > WIDTH / 2;
  const indentation = ' '.repeat(isFar ? 4 : before.length + 1);
  const begin = `${before}(`;
  const lines = isFar ? [begin] : [];
  let line = isFar ? indentation : begin;
  let isEmpty = true;
  for (const [index, argument] of given.entries()) {
    const piece = `${argument}${index === given.length - 1 ? `)${after}` : ','}`;
    if (!isEmpty && line.length + 1 + piece.length + within > WIDTH) {
      lines.push(line);
      line = indentation;
      isEmpty = true;
    }
    line += isEmpty ? piece : ` ${piece}`;
    isEmpty = false;
  }
  return [...lines, line];
}

/** Returns something where one of the conditions holds. */
export function returning(conditions: readonly string[], result: string): string[] {
  const question = `if (${conditions.join(' || ')})`;
  if (question.length + result.length + ' return ;'.length <= WIDTH - 8) return [`${question} return ${result};`];
  const head = question.length <= WIDTH - 10 ? question : `if (${conditions.join(' ||\n    ')})`;
  return [...`${head} {`.split('\n'), `  return ${result};`, '}'];
}

export function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
