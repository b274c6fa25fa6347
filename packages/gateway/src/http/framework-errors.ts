/** Turns whatever Fastify, Node or a bug throws into an error of the one list. */
import { type ErrorCode, IsthmusError } from '@isthmus/schema';

/** Fastify's and Node's codes for what callers do wrong. Anything else with a 4xx status is `INVALID_ARGUMENT`. */
const knownCodes: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'BODY_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'MALFORMED_BODY',
  /** The caller went away while it sent the body: nobody reads the answer, but the log shows it. */
  ECONNRESET: 'CANCELLED',
};

/** An `IsthmusError` stays what it is; of an unexpected error the caller learns nothing but that it is logged. */
export function toIsthmusError(error: unknown): IsthmusError {
  if (error instanceof IsthmusError) return error;
  if (error instanceof Error) {
    const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
    const known = Object.hasOwn(knownCodes, code) ? knownCodes[code] : undefined;
    if (known !== undefined) return new IsthmusError(known, { cause: error });
    if (
      'statusCode' in error &&
      typeof error.statusCode === 'number' &&
      error.statusCode >= 400 &&
      error.statusCode < 500
    ) {
      return new IsthmusError('INVALID_ARGUMENT', { detail: error.message, cause: error });
    }
  }
  return new IsthmusError('INTERNAL', { detail: "the gateway's log says more", cause: error });
}
