/** W3C Trace Context (https://www.w3.org/TR/trace-context/): reading `traceparent`, and making our own. */
import { randomFillSync } from 'node:crypto';

/** Where a call stands in a distributed trace. Ids are lower-case hexadecimal. */
export interface TraceContext {
  /** 32 digits; the caller's, or a new one where it sent none that is valid. */
  readonly traceId: string;
  /** 16 digits; the call's own, so that what the C handler reports hangs below this call. */
  readonly spanId: string;
  /** The caller's span, if it sent one. */
  readonly parentId: string | undefined;
  /** Whether the caller records this trace. A trace that begins here is not recorded by anybody yet. */
  readonly sampled: boolean;
}

const pattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const zeroTrace = '0'.repeat(32);
const zeroSpan = '0'.repeat(16);

/**
 * The context of a call whose request has this `traceparent` header. As the specification has it, a header that is not
 * valid counts as absent and begins a new trace; of a later version, the parts that version 00 knows are read.
 */
export function traceContextOf(header: string | string[] | undefined): TraceContext {
  const spanId = randomHex(8);
  const match = typeof header === 'string' ? pattern.exec(header) : null;
  if (match !== null) {
    const [, version, traceId, parentId, flags, more] = match;
    const valid =
      version !== 'ff' && !(version === '00' && more !== undefined) && traceId !== zeroTrace && parentId !== zeroSpan;
    if (valid && traceId !== undefined && parentId !== undefined && flags !== undefined) {
      return { traceId, spanId, parentId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
    }
  }
  return { traceId: randomHex(16), spanId, parentId: undefined, sampled: false };
}

/** The `traceparent` header that names this context. */
export function formatTraceparent(trace: TraceContext): string {
  return `00-${trace.traceId}-${trace.spanId}-${trace.sampled ? '01' : '00'}`;
}

/** Random bytes are drawn many calls at a time: a system call for each would cost more than the rest of this file. */
const pool = Buffer.allocUnsafe(4096);
let used = pool.length;

function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString('hex', used - bytes, used);
}
