/** Cuts a stream of bytes into lines, with a bound on what one line may take. */

export interface Line {
  /** Without its line feed. */
  readonly bytes: Buffer;
  /** The line was longer than the bound: `bytes` is its beginning, the rest was dropped. */
  readonly truncated: boolean;
}

/** A line ends at a line feed and nowhere else; what follows the last one comes out of {@link end}. */
export class LineSplitter {
  readonly #maxBytes: number;
  #pieces: Buffer[] = [];
  #size = 0;
  #truncated = false;

  /** `maxBytes`: the most bytes of a line that are kept. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The lines that `chunk` completes. They are views of it: use them before its memory is used again. */
  push(chunk: Buffer): Line[] {
    const lines: Line[] = [];
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      this.#keep(chunk.subarray(start, end));
      lines.push(this.#take());
      start = end + 1;
    }
    // The tail must outlive the chunk, whose memory may be used for the next read.
    if (start < chunk.length) this.#keep(Buffer.from(chunk.subarray(start)));
    return lines;
  }

  /** The last line, if the stream does not end with a line feed. */
  end(): Line[] {
    return this.#size === 0 ? [] : [this.#take()];
  }

  #keep(piece: Buffer): void {
    const room = this.#maxBytes - this.#size;
    if (piece.length > room) this.#truncated = true;
    const kept = piece.subarray(0, room);
    if (kept.length > 0) this.#pieces.push(kept);
    this.#size += kept.length;
  }

  #take(): Line {
    const [first = Buffer.alloc(0)] = this.#pieces;
    const line = { bytes: this.#pieces.length > 1 ? Buffer.concat(this.#pieces) : first, truncated: this.#truncated };
    this.#pieces = [];
    this.#size = 0;
    this.#truncated = false;
    return line;
  }
}
