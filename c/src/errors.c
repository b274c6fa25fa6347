/* Generated from packages/schema/src/errors.ts by `npm run gen`, do not edit. */
/* errors.c: the texts of every error. */
#include <isthmus/errors.h>

#include <stddef.h>

typedef struct error_texts {
  const char *name;
  const char *message;
  const char *action;
} error_texts;

/* Indexed by an error's number, which is its negative. One text a line, however long: changes are then short diffs. */
/* clang-format off */
static const error_texts all_error_texts[] = {
    [0] =
    {"OK",
     "success",
     "Nothing: there was no error."},
    [1] =
    {"INTERNAL",
     "an internal error of Isthmus",
     "Report it with the detail text: it is a bug."},
    [2] =
    {"INVALID_ARGUMENT",
     "an argument or option is not valid",
     "Correct the argument that the detail names."},
    [3] =
    {"OUT_OF_MEMORY",
     "memory could not be allocated",
     "Give the process more memory, or ask for smaller rings or fewer calls in flight."},
    [4] =
    {"SYSTEM",
     "a system call failed",
     "See the detail: it names the call and the system error."},
    [5] =
    {"UNSUPPORTED_PLATFORM",
     "this platform is not supported",
     "Use Linux on a little-endian 64-bit machine."},
    [6] =
    {"NATIVE_MISSING",
     "the native addon is not built for this platform",
     "Install a C compiler (Debian: apt-get install gcc libc6-dev) and run npm rebuild @isthmus/native."},
    [7] =
    {"CONFIG_INVALID",
     "the configuration is not valid",
     "Correct the key that the detail names."},
    [8] =
    {"SCHEMA_INVALID",
     "the schema is not valid",
     "Correct the type or name that the detail names."},
    [9] =
    {"SOCKET_IN_USE",
     "another process already listens on this socket",
     "Stop the other instance or give this one another socket path."},
    [10] =
    {"NO_INSTANCE",
     "the service has no live instance",
     "Start an instance, or wait for one to come back."},
    [11] =
    {"INSTANCE_LOST",
     "the instance went away during the call",
     "Try again if the method is idempotent; the call may or may not have been executed."},
    [12] =
    {"NOT_ISTHMUS",
     "the peer does not speak the Isthmus protocol",
     "Check the socket path: something else listens there."},
    [13] =
    {"PROTOCOL_MISMATCH",
     "the two sides speak different protocol versions",
     "Build both sides with the same version of Isthmus."},
    [14] =
    {"SCHEMA_MISMATCH",
     "the two sides were built from different schemas",
     "Run isthmus gen and rebuild the side that is behind; the detail names what differs."},
    [15] =
    {"HANDSHAKE_TIMEOUT",
     "the peer did not finish the handshake in time",
     "Check that the instance is running and not stopped or overloaded."},
    [16] =
    {"CHANNEL_LIMIT",
     "the instance serves as many channels as it allows",
     "Close channels that are not used, or raise max_channels or max_total_bytes on the service."},
    [17] =
    {"SEGMENT_REFUSED",
     "the shared segment is not acceptable",
     "A client brings a memfd of the agreed size, sealed against resizing, within max_segment_bytes, and wake-ups that are ends of Unix stream socketpairs; an instance brings the memory of its regions, as large as the schema that the client was built from says."},
    [18] =
    {"PERMISSION_DENIED",
     "permission was denied",
     "Check the mode and owner of the socket and its folder, and whom the service allows (allowed_uids, allowed_gids); or the mode and owner of the segment, lock or semaphore that the detail names."},
    [19] =
    {"PEER_CORRUPT",
     "the peer wrote values into shared memory that break the protocol, so the channel was closed",
     "Look for memory corruption in the peer; the channel is opened anew by itself."},
    [20] =
    {"CLOSED",
     "the client or service is closed",
     "Do not call after closing."},
    [21] =
    {"RING_FULL",
     "the request ring is full",
     "Slow down and try again, add instances or threads, or raise requestRingBytes."},
    [22] =
    {"TOO_MANY_CALLS",
     "as many calls are in flight as one of the sides allows",
     "Slow down and try again, or raise maxInFlight; for calls with many replies, max_streams of the service. A segment has no such option."},
    [23] =
    {"RECORD_TOO_LARGE",
     "the request is larger than the ring allows",
     "Send less, or raise requestRingBytes: a record may take half of its ring."},
    [24] =
    {"REPLY_TOO_LARGE",
     "the reply is larger than the ring or the buffer allows",
     "Raise replyRingBytes on the client (a record may take half of its ring), or pass a larger buffer."},
    [25] =
    {"DEADLINE_EXCEEDED",
     "no reply came before the deadline",
     "Give the call more time, or find out why the handler is slow."},
    [26] =
    {"CANCELLED",
     "the caller cancelled the call",
     "Nothing: the caller asked for it."},
    [27] =
    {"HANDLER_REFUSED",
     "the handler refused the call",
     "Correct the input as the handler says."},
    [28] =
    {"HANDLER_FAULT",
     "a reply, or a value in a region, does not fit the schema",
     "Correct the handler, or the program that wrote it: the detail says what is missing or cannot be represented."},
    [29] =
    {"UNKNOWN_SERVICE",
     "there is no service of this name",
     "Use one of the services that GET /openapi.json lists."},
    [30] =
    {"UNKNOWN_METHOD",
     "the service has no method of this name or number",
     "Use one of the methods that the schema defines."},
    [31] =
    {"NOT_FOUND",
     "there is no such route",
     "Use one of the routes that GET /openapi.json lists."},
    [32] =
    {"METHOD_NOT_ALLOWED",
     "this route does not allow this HTTP method",
     "Use one of the methods in the Allow header."},
    [33] =
    {"BODY_TOO_LARGE",
     "the request body is over the limit",
     "Send less, or raise bodyLimitBytes in the configuration."},
    [34] =
    {"UNSUPPORTED_MEDIA_TYPE",
     "the content type is not supported",
     "Send a content-type that is taken here: for calls application/json, application/msgpack, application/protobuf or application/octet-stream; for regions application/json or application/octet-stream, with PATCH application/merge-patch+json."},
    [35] =
    {"MALFORMED_BODY",
     "the body is not well-formed",
     "Send one whole document of the form that the content type names; JSON is UTF-8."},
    [36] =
    {"INVALID_INPUT",
     "the input does not fit the schema",
     "Correct the fields that the JSON pointers name."},
    [37] =
    {"SHUTTING_DOWN",
     "the gateway is shutting down",
     "Send the call to another gateway, or again when this one is back."},
    [38] =
    {"BUILD_FAILED",
     "building failed",
     "Correct what the output names. Where a compiler or make is missing, isthmus doctor says how to get it."},
    [39] =
    {"MALFORMED_MESSAGE",
     "the other side sent a message that is not laid out as the schema says",
     "Build both sides from the same schema; the detail names the place."},
    [40] =
    {"UNKNOWN_REGION",
     "there is no such region",
     "Use a name that the schema or the configuration declares."},
    [41] =
    {"UNKNOWN_ROW",
     "the region has no row with this key",
     "Check the key; a row is there once its owner has written it."},
    [42] =
    {"REGION_EMPTY",
     "nothing has been written to the region yet",
     "Wait until its owner writes; watching it does that."},
    [43] =
    {"REGION_READ_ONLY",
     "the region cannot be written from here",
     "Declare the region with several writers, or attach to the memory with writing asked for."},
    [44] =
    {"REGION_CONFLICT",
     "the region is at another version than the write expects",
     "Read it again, make the change anew, and write with the version that was read."},
    [45] =
    {"REGION_BUSY",
     "the region changed too fast to be read in one piece",
     "Try again. If it stays so, its writer writes without pause, or died in the midst of a write and left the counter of a seqlock odd."},
    [46] =
    {"REGION_FULL",
     "the region has no room for another row",
     "Raise rows in the schema."},
    [47] =
    {"LOCK_TIMEOUT",
     "the lock was not free in time",
     "See who holds it: the detail names the process where the system knows it. A semaphore whose holder died stays taken: stop its programs, remove it, and start them again. Nothing was read or written."},
    [48] =
    {"LOCK_OWNER_DIED",
     "the process that held the lock died while it held it",
     "The memory may be half-written: check it, then try again. A lock that cannot be recovered must be made anew."},
    [49] =
    {"SEGMENT_MISSING",
     "there is no such segment of shared memory",
     "Start the program that creates it, or let Isthmus create it; isthmus segments lists what there is."},
    [50] =
    {"GUARD_MISSING",
     "there is no such lock or semaphore",
     "Start the program that creates it, and check its name or key. It may also have been removed while it was held."},
    [51] =
    {"SEGMENT_EXISTS",
     "there is a segment of this name or key already",
     "Attach to it, remove it first, or choose another name or key."},
    [52] =
    {"SEGMENT_TOO_SMALL",
     "the segment is smaller than its layout",
     "Compare the schema and the offset with the program that made it; isthmus schema from-c reads its header."},
    [53] =
    {"SEGMENT_TRUNCATED",
     "the file behind the memory became shorter, or its file system ran full, while it was mapped",
     "Make the file whole again, or free space; then try again."},
    [54] =
    {"SEGMENT_MISMATCH",
     "the segment does not hold what was expected there",
     "Check the name or key: the bytes that identify the layout are others, or its lock is none."},
    [55] =
    {"TOO_MANY_WATCHERS",
     "too many watch already",
     "Close a watch that is not needed, or raise http.maxWatchers."},
    [56] =
    {"ORIGIN_REFUSED",
     "a page of this origin may not do this",
     "Serve the page from the gateway itself, or add its origin to http.origins."},
    [57] =
    {"INSTANCE_DRAINING",
     "the instance ends and takes no new calls",
     "Call another instance, or connect again: whoever replaces it listens on a socket of its own."},
    [58] =
    {"OVERLOADED",
     "there are more calls than can be answered in time",
     "Try again later, with backoff; start more instances, or raise the limit that the detail names."},
    [59] =
    {"CIRCUIT_OPEN",
     "the method failed so often that it is not called for a while",
     "Try again later; see the log for the errors that it failed with."},
    [60] =
    {"UNAUTHENTICATED",
     "the caller did not say who it is, or could not prove it",
     "Send an API key or a token that this gateway knows, or a client certificate."},
    [61] =
    {"FORBIDDEN",
     "the caller may not do this",
     "Ask whoever runs the gateway for the scope that the detail names, or for the name in http.hosts."},
    [62] =
    {"RATE_LIMITED",
     "the caller sent more requests than it may",
     "Wait as long as the retry-after header says, and send fewer."},
    [63] =
    {"ROLLOUT_FAILED",
     "the new instances did not come up, and the old ones go on",
     "See the detail and the log: mend the program or its configuration, and roll out again."},
    [64] =
    {"NO_BRIDGE",
     "no bridge runs for this project",
     "Run isthmus start in the folder of the configuration first."},
};
/* clang-format on */

static const error_texts *find_error_texts(int error) {
  const int count = (int)(sizeof all_error_texts / sizeof all_error_texts[0]);
  if (error > 0) error = ISTH_E_HANDLER_REFUSED;
  if (error <= -count || all_error_texts[-error].name == NULL) error = ISTH_E_INTERNAL;
  return &all_error_texts[-error];
}

const char *isth_error_name(int error) { return find_error_texts(error)->name; }

const char *isth_error_message(int error) { return find_error_texts(error)->message; }

const char *isth_error_action(int error) { return find_error_texts(error)->action; }
