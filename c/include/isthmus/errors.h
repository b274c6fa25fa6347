/* Generated from packages/schema/src/errors.ts by `npm run gen`, do not edit. */
/* errors.h: every error that Isthmus reports. */
#ifndef ISTHMUS_ERRORS_H
#define ISTHMUS_ERRORS_H

#include <isthmus/api.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A status: 0, one of these errors, or, of a call, the handler's own code (1 or more). Numbers are never reused. */
typedef enum isth_error {
  ISTH_OK = 0,
  /* an internal error of Isthmus */
  ISTH_E_INTERNAL = -1,
  /* an argument or option is not valid */
  ISTH_E_INVALID_ARGUMENT = -2,
  /* memory could not be allocated */
  ISTH_E_OUT_OF_MEMORY = -3,
  /* a system call failed */
  ISTH_E_SYSTEM = -4,
  /* this platform is not supported */
  ISTH_E_UNSUPPORTED_PLATFORM = -5,
  /* the native addon is not built for this platform */
  ISTH_E_NATIVE_MISSING = -6,
  /* the configuration is not valid */
  ISTH_E_CONFIG_INVALID = -7,
  /* the schema is not valid */
  ISTH_E_SCHEMA_INVALID = -8,
  /* another process already listens on this socket */
  ISTH_E_SOCKET_IN_USE = -9,
  /* the service has no live instance */
  ISTH_E_NO_INSTANCE = -10,
  /* the instance went away during the call */
  ISTH_E_INSTANCE_LOST = -11,
  /* the peer does not speak the Isthmus protocol */
  ISTH_E_NOT_ISTHMUS = -12,
  /* the two sides speak different protocol versions */
  ISTH_E_PROTOCOL_MISMATCH = -13,
  /* the two sides were built from different schemas */
  ISTH_E_SCHEMA_MISMATCH = -14,
  /* the peer did not finish the handshake in time */
  ISTH_E_HANDSHAKE_TIMEOUT = -15,
  /* the instance serves as many channels as it allows */
  ISTH_E_CHANNEL_LIMIT = -16,
  /* the shared segment is not acceptable */
  ISTH_E_SEGMENT_REFUSED = -17,
  /* permission was denied */
  ISTH_E_PERMISSION_DENIED = -18,
  /* the peer wrote values into shared memory that break the protocol, so the channel was closed */
  ISTH_E_PEER_CORRUPT = -19,
  /* the client or service is closed */
  ISTH_E_CLOSED = -20,
  /* the request ring is full */
  ISTH_E_RING_FULL = -21,
  /* as many calls are in flight as one of the sides allows */
  ISTH_E_TOO_MANY_CALLS = -22,
  /* the request is larger than the ring allows */
  ISTH_E_RECORD_TOO_LARGE = -23,
  /* the reply is larger than the ring or the buffer allows */
  ISTH_E_REPLY_TOO_LARGE = -24,
  /* no reply came before the deadline */
  ISTH_E_DEADLINE_EXCEEDED = -25,
  /* the caller cancelled the call */
  ISTH_E_CANCELLED = -26,
  /* the handler refused the call */
  ISTH_E_HANDLER_REFUSED = -27,
  /* a reply, or a value in a region, does not fit the schema */
  ISTH_E_HANDLER_FAULT = -28,
  /* there is no service of this name */
  ISTH_E_UNKNOWN_SERVICE = -29,
  /* the service has no method of this name or number */
  ISTH_E_UNKNOWN_METHOD = -30,
  /* there is no such route */
  ISTH_E_NOT_FOUND = -31,
  /* this route does not allow this HTTP method */
  ISTH_E_METHOD_NOT_ALLOWED = -32,
  /* the request body is over the limit */
  ISTH_E_BODY_TOO_LARGE = -33,
  /* the content type is not supported */
  ISTH_E_UNSUPPORTED_MEDIA_TYPE = -34,
  /* the body is not well-formed */
  ISTH_E_MALFORMED_BODY = -35,
  /* the input does not fit the schema */
  ISTH_E_INVALID_INPUT = -36,
  /* the gateway is shutting down */
  ISTH_E_SHUTTING_DOWN = -37,
  /* building failed */
  ISTH_E_BUILD_FAILED = -38,
  /* the other side sent a message that is not laid out as the schema says */
  ISTH_E_MALFORMED_MESSAGE = -39,
  /* there is no such region */
  ISTH_E_UNKNOWN_REGION = -40,
  /* the region has no row with this key */
  ISTH_E_UNKNOWN_ROW = -41,
  /* nothing has been written to the region yet */
  ISTH_E_REGION_EMPTY = -42,
  /* the region cannot be written from here */
  ISTH_E_REGION_READ_ONLY = -43,
  /* the region is at another version than the write expects */
  ISTH_E_REGION_CONFLICT = -44,
  /* the region changed too fast to be read in one piece */
  ISTH_E_REGION_BUSY = -45,
  /* the region has no room for another row */
  ISTH_E_REGION_FULL = -46,
  /* the lock was not free in time */
  ISTH_E_LOCK_TIMEOUT = -47,
  /* the process that held the lock died while it held it */
  ISTH_E_LOCK_OWNER_DIED = -48,
  /* there is no such segment of shared memory */
  ISTH_E_SEGMENT_MISSING = -49,
  /* there is no such lock or semaphore */
  ISTH_E_GUARD_MISSING = -50,
  /* there is a segment of this name or key already */
  ISTH_E_SEGMENT_EXISTS = -51,
  /* the segment is smaller than its layout */
  ISTH_E_SEGMENT_TOO_SMALL = -52,
  /* the file behind the memory became shorter, or its file system ran full, while it was mapped */
  ISTH_E_SEGMENT_TRUNCATED = -53,
  /* the segment does not hold what was expected there */
  ISTH_E_SEGMENT_MISMATCH = -54,
  /* too many watch already */
  ISTH_E_TOO_MANY_WATCHERS = -55,
  /* a page of this origin may not do this */
  ISTH_E_ORIGIN_REFUSED = -56,
  /* the instance ends and takes no new calls */
  ISTH_E_INSTANCE_DRAINING = -57,
  /* there are more calls than can be answered in time */
  ISTH_E_OVERLOADED = -58,
  /* the method failed so often that it is not called for a while */
  ISTH_E_CIRCUIT_OPEN = -59,
  /* the caller did not say who it is, or could not prove it */
  ISTH_E_UNAUTHENTICATED = -60,
  /* the caller may not do this */
  ISTH_E_FORBIDDEN = -61,
  /* the caller sent more requests than it may */
  ISTH_E_RATE_LIMITED = -62,
  /* the new instances did not come up, and the old ones go on */
  ISTH_E_ROLLOUT_FAILED = -63,
  /* no bridge runs for this project */
  ISTH_E_NO_BRIDGE = -64
} isth_error;

/*
 * The stable code of a status, as callers in TypeScript and over HTTP see it ("RING_FULL"); what happened, in one
 * sentence; and what to do about it. Never NULL: 0 is "OK", a handler's own code is HANDLER_REFUSED, and a number outside
 * the list is INTERNAL. Constant text, not to be freed; may be called from any thread and from a signal handler.
 */
ISTH_API const char *isth_error_name(int error);
ISTH_API const char *isth_error_message(int error);
ISTH_API const char *isth_error_action(int error);

#ifdef __cplusplus
}
#endif
#endif
