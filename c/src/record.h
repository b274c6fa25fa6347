/*
 * record.h: what a ring carries.
 *
 *   0        4     6      8       12      16       24           32        48       56         60
 *   | length | kind | flags | status | method | call id | deadline | trace id | span id | metadata | window | one cache line
 *   | metadata block of a request, if any: metadata.h, up to the next multiple of 64 |
 *   | payload, aligned to 64                                |
 *
 * All fields are little-endian. `length` counts header, metadata and payload; the next record begins at the next
 * multiple of 64. It is also the commit word: 0 until the record is published, and the last thing its producer writes.
 *
 *   client                                    service
 *     | -- REQUEST ------------------------->   |
 *     | <----------------------------- REPLY -- |   ends the call; none comes where the request has ONE_WAY
 *     | <------------------------ REPLY_MORE -- |   any number before the REPLY, where the request has MANY
 *     | -- CREDIT, CANCEL ------------------->  |   of such a call, at any time; without a payload
 *
 * A request of method 0 is a ping, which the serving thread answers by itself, with status 0 and no payload: it needs no handler
 * and is no call. Methods number from 1.
 *
 * The window of a request with MANY is how many bytes of REPLY_MORE, headers included, may have been sent without a
 * CREDIT that gives them back. While that many have, no further one is; but one may always be under way.
 */
#ifndef ISTH_RECORD_H
#define ISTH_RECORD_H

#include <isthmus/types.h>

#include "atomic.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "Isthmus needs a little-endian machine: records are read in place"
#endif

enum { ISTH__RECORD_ALIGN = 64 };

enum isth__record_kind {
  ISTH__RECORD_PADDING = 1, /* nothing: fills the end of the ring when the next record does not fit there */
  ISTH__RECORD_REQUEST = 2,
  ISTH__RECORD_REPLY = 3,
  ISTH__RECORD_REPLY_MORE = 4,
  ISTH__RECORD_CREDIT = 5,
  ISTH__RECORD_CANCEL = 6
};

/* The largest window. Replies that no ring has room for wait in the service's memory: this bounds how many. */
enum { ISTH__MAX_WINDOW = 4 << 20 };

enum { ISTH__METHOD_PING = 0 };

/* Flags of a request; at most one of them. Other records have none. */
enum { ISTH__FLAG_ONE_WAY = 1, ISTH__FLAG_MANY = 2 };

struct isth__record {
  isth__atomic_u32 length;
  uint16_t kind;
  uint16_t flags;
  int32_t status; /* of a reply: 0, a negative ISTH_E_ error, or the handler's own code */
  uint32_t method;
  uint64_t call_id;
  uint64_t deadline_ns; /* CLOCK_MONOTONIC; 0: none */
  isth_trace trace;
  uint32_t metadata_bytes;
  uint32_t window; /* of a request with MANY: the window; of a CREDIT: the bytes given back */
};

_Static_assert(sizeof(struct isth__record) == 64, "the header is one cache line");
_Static_assert(offsetof(struct isth__record, length) == 0, "protocol layout");
_Static_assert(offsetof(struct isth__record, kind) == 4, "protocol layout");
_Static_assert(offsetof(struct isth__record, flags) == 6, "protocol layout");
_Static_assert(offsetof(struct isth__record, status) == 8, "protocol layout");
_Static_assert(offsetof(struct isth__record, method) == 12, "protocol layout");
_Static_assert(offsetof(struct isth__record, call_id) == 16, "protocol layout");
_Static_assert(offsetof(struct isth__record, deadline_ns) == 24, "protocol layout");
_Static_assert(offsetof(struct isth__record, trace) == 32, "protocol layout");
_Static_assert(offsetof(struct isth__record, metadata_bytes) == 56, "protocol layout");
_Static_assert(offsetof(struct isth__record, window) == 60, "protocol layout");

static inline uint64_t isth__align(uint64_t bytes) {
  return (bytes + (ISTH__RECORD_ALIGN - 1)) & ~(uint64_t)(ISTH__RECORD_ALIGN - 1);
}

/* What one of many replies takes of its call's window. */
static inline uint64_t isth__reply_cost(size_t payload_bytes) { return sizeof(struct isth__record) + payload_bytes; }

#endif
