/**
 * The one closed list of errors. The C enum and messages (`c/include/isthmus/errors.h`, `c/src/errors.c`), the
 * TypeScript union, the HTTP status and `docs/errors.md` are all made from it: add an error here and run
 * `npm run gen`.
 *
 * `retryable` says when sending the same call again is safe:
 * - `always`: the call was certainly not executed.
 * - `idempotent`: it may have been executed, so only if executing it twice does no harm.
 * - `never`: the same call would fail the same way.
 */
export type Retryable = 'always' | 'idempotent' | 'never';

export interface ErrorEntry {
  /** The C value is its negative: `ISTH_E_<code>` = -number. Never reused, never renumbered. */
  readonly number: number;
  /** The HTTP status that the gateway answers with. */
  readonly http: number;
  readonly retryable: Retryable;
  /** What happened, in one sentence without a final stop. */
  readonly message: string;
  /** What the reader can do about it, in full sentences. */
  readonly action: string;
}

export const errors = {
  INTERNAL: {
    number: 1,
    http: 500,
    retryable: 'never',
    message: 'an internal error of Isthmus',
    action: 'Report it with the detail text: it is a bug.',
  },
  INVALID_ARGUMENT: {
    number: 2,
    http: 400,
    retryable: 'never',
    message: 'an argument or option is not valid',
    action: 'Correct the argument that the detail names.',
  },
  OUT_OF_MEMORY: {
    number: 3,
    http: 503,
    retryable: 'always',
    message: 'memory could not be allocated',
    action: 'Give the process more memory, or ask for smaller rings or fewer calls in flight.',
  },
  SYSTEM: {
    number: 4,
    http: 500,
    retryable: 'never',
    message: 'a system call failed',
    action: 'See the detail: it names the call and the system error.',
  },
  UNSUPPORTED_PLATFORM: {
    number: 5,
    http: 500,
    retryable: 'never',
    message: 'this platform is not supported',
    action: 'Use Linux on a little-endian 64-bit machine.',
  },
  NATIVE_MISSING: {
    number: 6,
    http: 500,
    retryable: 'never',
    message: 'the native addon is not built for this platform',
    action: 'Install a C compiler (Debian: apt-get install gcc libc6-dev) and run npm rebuild @isthmus/native.',
  },
  CONFIG_INVALID: {
    number: 7,
    http: 500,
    retryable: 'never',
    message: 'the configuration is not valid',
    action: 'Correct the key that the detail names.',
  },
  SCHEMA_INVALID: {
    number: 8,
    http: 500,
    retryable: 'never',
    message: 'the schema is not valid',
    action: 'Correct the type or name that the detail names.',
  },
  SOCKET_IN_USE: {
    number: 9,
    http: 500,
    retryable: 'never',
    message: 'another process already listens on this socket',
    action: 'Stop the other instance or give this one another socket path.',
  },
  NO_INSTANCE: {
    number: 10,
    http: 503,
    retryable: 'always',
    message: 'the service has no live instance',
    action: 'Start an instance, or wait for one to come back.',
  },
  INSTANCE_LOST: {
    number: 11,
    http: 503,
    retryable: 'idempotent',
    message: 'the instance went away during the call',
    action: 'Try again if the method is idempotent; the call may or may not have been executed.',
  },
  NOT_ISTHMUS: {
    number: 12,
    http: 503,
    retryable: 'never',
    message: 'the peer does not speak the Isthmus protocol',
    action: 'Check the socket path: something else listens there.',
  },
  PROTOCOL_MISMATCH: {
    number: 13,
    http: 503,
    retryable: 'never',
    message: 'the two sides speak different protocol versions',
    action: 'Build both sides with the same version of Isthmus.',
  },
  SCHEMA_MISMATCH: {
    number: 14,
    http: 503,
    retryable: 'never',
    message: 'the two sides were built from different schemas',
    action: 'Run isthmus gen and rebuild the side that is behind; the detail names what differs.',
  },
  HANDSHAKE_TIMEOUT: {
    number: 15,
    http: 503,
    retryable: 'always',
    message: 'the peer did not finish the handshake in time',
    action: 'Check that the instance is running and not stopped or overloaded.',
  },
  CHANNEL_LIMIT: {
    number: 16,
    http: 503,
    retryable: 'always',
    message: 'the instance serves as many channels as it allows',
    action: 'Close channels that are not used, or raise max_channels or max_total_bytes on the service.',
  },
  SEGMENT_REFUSED: {
    number: 17,
    http: 503,
    retryable: 'never',
    message: 'the shared segment is not acceptable',
    action:
      'A client brings a memfd of the agreed size, sealed against resizing, within max_segment_bytes, and wake-ups that are ends of Unix stream socketpairs; an instance brings the memory of its regions, as large as the schema that the client was built from says.',
  },
  PERMISSION_DENIED: {
    number: 18,
    http: 503,
    retryable: 'never',
    message: 'permission was denied',
    action:
      'Check the mode and owner of the socket and its folder, and whom the service allows (allowed_uids, allowed_gids); or the mode and owner of the segment, lock or semaphore that the detail names.',
  },
  PEER_CORRUPT: {
    number: 19,
    http: 502,
    retryable: 'idempotent',
    message: 'the peer wrote values into shared memory that break the protocol, so the channel was closed',
    action: 'Look for memory corruption in the peer; the channel is opened anew by itself.',
  },
  CLOSED: {
    number: 20,
    http: 503,
    retryable: 'always',
    message: 'the client or service is closed',
    action: 'Do not call after closing.',
  },
  RING_FULL: {
    number: 21,
    http: 429,
    retryable: 'always',
    message: 'the request ring is full',
    action: 'Slow down and try again, add instances or threads, or raise requestRingBytes.',
  },
  TOO_MANY_CALLS: {
    number: 22,
    http: 429,
    retryable: 'always',
    message: 'as many calls are in flight as one of the sides allows',
    action:
      'Slow down and try again, or raise maxInFlight; for calls with many replies, max_streams of the service. A segment has no such option.',
  },
  RECORD_TOO_LARGE: {
    number: 23,
    http: 413,
    retryable: 'never',
    message: 'the request is larger than the ring allows',
    action: 'Send less, or raise requestRingBytes: a record may take half of its ring.',
  },
  REPLY_TOO_LARGE: {
    number: 24,
    http: 500,
    retryable: 'never',
    message: 'the reply is larger than the ring or the buffer allows',
    action: 'Raise replyRingBytes on the client (a record may take half of its ring), or pass a larger buffer.',
  },
  DEADLINE_EXCEEDED: {
    number: 25,
    http: 504,
    retryable: 'idempotent',
    message: 'no reply came before the deadline',
    action: 'Give the call more time, or find out why the handler is slow.',
  },
  CANCELLED: {
    number: 26,
    http: 499,
    retryable: 'idempotent',
    message: 'the caller cancelled the call',
    action: 'Nothing: the caller asked for it.',
  },
  HANDLER_REFUSED: {
    number: 27,
    http: 422,
    retryable: 'never',
    message: 'the handler refused the call',
    action: 'Correct the input as the handler says.',
  },
  HANDLER_FAULT: {
    number: 28,
    http: 502,
    retryable: 'never',
    message: 'a reply, or a value in a region, does not fit the schema',
    action:
      'Correct the handler, or the program that wrote it: the detail says what is missing or cannot be represented.',
  },
  UNKNOWN_SERVICE: {
    number: 29,
    http: 404,
    retryable: 'never',
    message: 'there is no service of this name',
    action: 'Use one of the services that GET /openapi.json lists.',
  },
  UNKNOWN_METHOD: {
    number: 30,
    http: 404,
    retryable: 'never',
    message: 'the service has no method of this name or number',
    action: 'Use one of the methods that the schema defines.',
  },
  NOT_FOUND: {
    number: 31,
    http: 404,
    retryable: 'never',
    message: 'there is no such route',
    action: 'Use one of the routes that GET /openapi.json lists.',
  },
  METHOD_NOT_ALLOWED: {
    number: 32,
    http: 405,
    retryable: 'never',
    message: 'this route does not allow this HTTP method',
    action: 'Use one of the methods in the Allow header.',
  },
  BODY_TOO_LARGE: {
    number: 33,
    http: 413,
    retryable: 'never',
    message: 'the request body is over the limit',
    action: 'Send less, or raise bodyLimitBytes in the configuration.',
  },
  UNSUPPORTED_MEDIA_TYPE: {
    number: 34,
    http: 415,
    retryable: 'never',
    message: 'the content type is not supported',
    action:
      'Send a content-type that is taken here: for calls application/json, application/msgpack, application/protobuf or application/octet-stream; for regions application/json or application/octet-stream, with PATCH application/merge-patch+json.',
  },
  MALFORMED_BODY: {
    number: 35,
    http: 400,
    retryable: 'never',
    message: 'the body is not well-formed',
    action: 'Send one whole document of the form that the content type names; JSON is UTF-8.',
  },
  INVALID_INPUT: {
    number: 36,
    http: 400,
    retryable: 'never',
    message: 'the input does not fit the schema',
    action: 'Correct the fields that the JSON pointers name.',
  },
  SHUTTING_DOWN: {
    number: 37,
    http: 503,
    retryable: 'always',
    message: 'the gateway is shutting down',
    action: 'Send the call to another gateway, or again when this one is back.',
  },
  BUILD_FAILED: {
    number: 38,
    http: 500,
    retryable: 'never',
    message: 'building failed',
    action: 'Correct what the output names. Where a compiler or make is missing, isthmus doctor says how to get it.',
  },
  MALFORMED_MESSAGE: {
    number: 39,
    http: 502,
    retryable: 'never',
    message: 'the other side sent a message that is not laid out as the schema says',
    action: 'Build both sides from the same schema; the detail names the place.',
  },
  UNKNOWN_REGION: {
    number: 40,
    http: 404,
    retryable: 'never',
    message: 'there is no such region',
    action: 'Use a name that the schema or the configuration declares.',
  },
  UNKNOWN_ROW: {
    number: 41,
    http: 404,
    retryable: 'never',
    message: 'the region has no row with this key',
    action: 'Check the key; a row is there once its owner has written it.',
  },
  REGION_EMPTY: {
    number: 42,
    http: 503,
    retryable: 'always',
    message: 'nothing has been written to the region yet',
    action: 'Wait until its owner writes; watching it does that.',
  },
  REGION_READ_ONLY: {
    number: 43,
    http: 405,
    retryable: 'never',
    message: 'the region cannot be written from here',
    action: 'Declare the region with several writers, or attach to the memory with writing asked for.',
  },
  REGION_CONFLICT: {
    number: 44,
    http: 412,
    retryable: 'never',
    message: 'the region is at another version than the write expects',
    action: 'Read it again, make the change anew, and write with the version that was read.',
  },
  REGION_BUSY: {
    number: 45,
    http: 503,
    retryable: 'always',
    message: 'the region changed too fast to be read in one piece',
    action:
      'Try again. If it stays so, its writer writes without pause, or died in the midst of a write and left the counter of a seqlock odd.',
  },
  REGION_FULL: {
    number: 46,
    http: 409,
    retryable: 'never',
    message: 'the region has no room for another row',
    action: 'Raise rows in the schema.',
  },
  LOCK_TIMEOUT: {
    number: 47,
    http: 503,
    retryable: 'always',
    message: 'the lock was not free in time',
    action:
      'See who holds it: the detail names the process where the system knows it. A semaphore whose holder died stays taken: stop its programs, remove it, and start them again. Nothing was read or written.',
  },
  LOCK_OWNER_DIED: {
    number: 48,
    http: 503,
    retryable: 'always',
    message: 'the process that held the lock died while it held it',
    action:
      'The memory may be half-written: check it, then try again. A lock that cannot be recovered must be made anew.',
  },
  SEGMENT_MISSING: {
    number: 49,
    http: 503,
    retryable: 'always',
    message: 'there is no such segment of shared memory',
    action: 'Start the program that creates it, or let Isthmus create it; isthmus segments lists what there is.',
  },
  GUARD_MISSING: {
    number: 50,
    http: 503,
    retryable: 'always',
    message: 'there is no such lock or semaphore',
    action:
      'Start the program that creates it, and check its name or key. It may also have been removed while it was held.',
  },
  SEGMENT_EXISTS: {
    number: 51,
    http: 409,
    retryable: 'never',
    message: 'there is a segment of this name or key already',
    action: 'Attach to it, remove it first, or choose another name or key.',
  },
  SEGMENT_TOO_SMALL: {
    number: 52,
    http: 503,
    retryable: 'never',
    message: 'the segment is smaller than its layout',
    action: 'Compare the schema and the offset with the program that made it; isthmus schema from-c reads its header.',
  },
  SEGMENT_TRUNCATED: {
    number: 53,
    http: 503,
    retryable: 'always',
    message: 'the file behind the memory became shorter, or its file system ran full, while it was mapped',
    action: 'Make the file whole again, or free space; then try again.',
  },
  SEGMENT_MISMATCH: {
    number: 54,
    http: 503,
    retryable: 'never',
    message: 'the segment does not hold what was expected there',
    action: 'Check the name or key: the bytes that identify the layout are others, or its lock is none.',
  },
  TOO_MANY_WATCHERS: {
    number: 55,
    http: 429,
    retryable: 'always',
    message: 'too many watch already',
    action: 'Close a watch that is not needed, or raise http.maxWatchers.',
  },
  ORIGIN_REFUSED: {
    number: 56,
    http: 403,
    retryable: 'never',
    message: 'a page of this origin may not do this',
    action: 'Serve the page from the gateway itself, or add its origin to http.origins.',
  },
  INSTANCE_DRAINING: {
    number: 57,
    http: 503,
    retryable: 'always',
    message: 'the instance ends and takes no new calls',
    action: 'Call another instance, or connect again: whoever replaces it listens on a socket of its own.',
  },
  OVERLOADED: {
    number: 58,
    http: 503,
    retryable: 'always',
    message: 'there are more calls than can be answered in time',
    action: 'Try again later, with backoff; start more instances, or raise the limit that the detail names.',
  },
  CIRCUIT_OPEN: {
    number: 59,
    http: 503,
    retryable: 'always',
    message: 'the method failed so often that it is not called for a while',
    action: 'Try again later; see the log for the errors that it failed with.',
  },
  UNAUTHENTICATED: {
    number: 60,
    http: 401,
    retryable: 'never',
    message: 'the caller did not say who it is, or could not prove it',
    action: 'Send an API key or a token that this gateway knows, or a client certificate.',
  },
  FORBIDDEN: {
    number: 61,
    http: 403,
    retryable: 'never',
    message: 'the caller may not do this',
    action: 'Ask whoever runs the gateway for the scope that the detail names, or for the name in http.hosts.',
  },
  RATE_LIMITED: {
    number: 62,
    http: 429,
    retryable: 'always',
    message: 'the caller sent more requests than it may',
    action: 'Wait as long as the retry-after header says, and send fewer.',
  },
  ROLLOUT_FAILED: {
    number: 63,
    http: 500,
    retryable: 'always',
    message: 'the new instances did not come up, and the old ones go on',
    action: 'See the detail and the log: mend the program or its configuration, and roll out again.',
  },
  NO_BRIDGE: {
    number: 64,
    http: 503,
    retryable: 'always',
    message: 'no bridge runs for this project',
    action: 'Run isthmus start in the folder of the configuration first.',
  },
} as const satisfies Record<string, ErrorEntry>;

/** Every stable error code: what callers match on. */
export type ErrorCode = keyof typeof errors;

/** The code of a C status (`-number`), or `INTERNAL` for a number outside the list. */
export function errorCodeOf(status: number): ErrorCode {
  return codeByNumber.get(-status) ?? 'INTERNAL';
}

const codeByNumber = new Map<number, ErrorCode>(
  Object.entries(errors).map(([code, entry]) => [entry.number, code as ErrorCode]),
);

/** One invalid place of an input: a JSON pointer (RFC 6901) and what is wrong there. */
export interface InvalidField {
  readonly pointer: string;
  readonly message: string;
}

export interface IsthmusErrorOptions {
  /** What happened here in particular; appended to the list's message. */
  readonly detail?: string | undefined;
  readonly cause?: unknown;
  /** For `INVALID_INPUT`: each bad field. */
  readonly fields?: readonly InvalidField[] | undefined;
  /** For `HANDLER_REFUSED`: the handler's own code (1 or more) and its name where the schema declares one. */
  readonly handlerCode?: number | undefined;
  readonly handlerError?: string | undefined;
  /** When it may be different, in ms from now, where that is known. */
  readonly retryAfterMs?: number | undefined;
}

/** The only error class that Isthmus throws. Match on `code`; `retryable` depends on it alone. */
export class IsthmusError extends Error {
  override readonly name = 'IsthmusError';
  readonly code: ErrorCode;
  readonly detail: string;
  readonly fields: readonly InvalidField[];
  readonly handlerCode: number | undefined;
  readonly handlerError: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, options: IsthmusErrorOptions = {}) {
    const { detail = '', cause } = options;
    super(detail === '' ? errors[code].message : `${errors[code].message}: ${detail}`, { cause });
    this.code = code;
    this.detail = detail;
    this.fields = options.fields ?? [];
    this.handlerCode = options.handlerCode;
    this.handlerError = options.handlerError;
    this.retryAfterMs = options.retryAfterMs;
  }

  /** When sending the same call again is safe; see {@link Retryable}. */
  get retryable(): Retryable {
    return errors[this.code].retryable;
  }

  /** What the reader can do about it. */
  get action(): string {
    return errors[this.code].action;
  }

  /** The HTTP status that the gateway answers with. */
  get httpStatus(): number {
    return errors[this.code].http;
  }
}
