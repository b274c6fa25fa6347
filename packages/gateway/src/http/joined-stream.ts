/** A stream of many small pieces, written a turn of the event loop at a time. */
import { Readable } from 'node:stream';

/** Pieces are pushed before the turn is over once they are this long together, in bytes (of texts: in characters). */
const FULL = 64 * 1024;

/**
 * What `pieces` gives, in order. Replies come in batches, and a write for each of hundreds costs several times what making
 * it does; so those of one turn become one chunk. Nothing waits longer than that turn, and nothing is asked for while
 * the reader takes nothing. Destroying the stream ends `pieces` by its `return`.
 */
export function joinedStream(pieces: AsyncGenerator<string | Uint8Array, void>): Readable {
  let waiting: (string | Uint8Array)[] = [];
  let size = 0;
  let isDue = false;
  /** Set while the reader takes nothing. */
  let resume: (() => void) | undefined;
  let room = Promise.resolve();

  const flush = () => {
    isDue = false;
    if (waiting.length === 0 || stream.destroyed) return;
    const chunk = joined(waiting);
    waiting = [];
    size = 0;
    if (stream.push(chunk) || resume !== undefined) return;
    room = new Promise((resolve) => {
      resume = resolve;
    });
  };
  const pump = async () => {
    for await (const piece of pieces) {
      waiting.push(piece);
      size += piece.length;
      if (size >= FULL) flush();
      else if (!isDue) {
        isDue = true;
        setImmediate(flush);
      }
      if (resume !== undefined) await room;
      if (stream.destroyed) return;
    }
    flush();
    stream.push(null);
  };
  const goOn = () => {
    const go = resume;
    resume = undefined;
    go?.();
  };
  let isPumping = false;
  const stream = new Readable({
    read() {
      goOn();
      if (isPumping) return;
      isPumping = true;
      pump().catch((error: unknown) => {
        flush();
        stream.destroy(error instanceof Error ? error : new Error(String(error)));
      });
    },
    destroy(error, done) {
      goOn();
      // Left early: whoever makes the pieces must hear of it. At its end that does nothing.
      pieces.return().then(() => done(error), done);
    },
  });
  return stream;
}

function joined(pieces: readonly (string | Uint8Array)[]): string | Uint8Array {
  return pieces.every((piece) => typeof piece === 'string')
    ? pieces.join('')
    : Buffer.concat(pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece)));
}
