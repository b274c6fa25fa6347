/** What somebody wrote last, within bounds: the end of the stderr of a program that died. */
const defaults = { maxLines: 20, maxBytes: 16 * 1024 };

/** Keeps the last lines, at most `maxLines` (default 20) of at most `maxBytes` together (default 16 KiB). */
export class LastLines {
  readonly #limits: typeof defaults;
  readonly #lines: { readonly text: string; readonly bytes: number }[] = [];
  #bytes = 0;

  constructor(limits: Partial<typeof defaults> = {}) {
    this.#limits = { ...defaults, ...limits };
  }

  /** Adds a line. One that is longer than all of the room is left out. */
  push(text: string): void {
    const bytes = Buffer.byteLength(text);
    if (bytes > this.#limits.maxBytes) return;
    this.#lines.push({ text, bytes });
    this.#bytes += bytes;
    while (this.#lines.length > this.#limits.maxLines || this.#bytes > this.#limits.maxBytes) {
      this.#bytes -= this.#lines.shift()?.bytes ?? 0;
    }
  }

  /** The oldest first. */
  get lines(): readonly string[] {
    return this.#lines.map(({ text }) => text);
  }
}
