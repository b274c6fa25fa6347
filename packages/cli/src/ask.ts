import { createInterface } from 'node:readline';

/**
 * Asks a question that is answered by y or yes, and by anything else, the end of the input too, with no.
 *
 * @param signal Ends it with no.
 */
export function ask(
  question: string,
  signal: AbortSignal,
  input: NodeJS.ReadableStream = process.stdin,
): Promise<boolean> {
  return new Promise((resolve) => {
    // No terminal of its own: it would take Ctrl-C for itself.
    const lines = createInterface({ input, terminal: false });
    lines.once('line', (line) => {
      resolve(/^y(es)?$/i.test(line.trim()));
      lines.close();
    });
    lines.once('close', () => resolve(false));
    signal.addEventListener('abort', () => lines.close(), { once: true });
    if (signal.aborted) lines.close();
    else process.stderr.write(question);
  });
}
