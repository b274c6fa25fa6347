import { IsthmusError } from '@isthmus/schema';

/** W3C trace context of a call: reaches the handler, and goes along in logs. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
}

export const traceBytes = 24;

/** @throws IsthmusError `INVALID_ARGUMENT`. */
export function writeTrace(trace: TraceContext, bytes: Buffer, at: number): void {
  const written = bytes.write(trace.traceId, at, 16, 'hex') + bytes.write(trace.spanId, at + 16, 8, 'hex');
  if (written === traceBytes && trace.traceId.length === 32 && trace.spanId.length === 16) return;
  throw new IsthmusError('INVALID_ARGUMENT', {
    detail: 'trace needs a traceId of 32 and a spanId of 16 hexadecimal digits',
  });
}
