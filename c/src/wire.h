/*
 * wire.h: the handshake on the control socket, a Unix stream socket. All fields little-endian.
 *
 *   client                                service
 *     | -- hello: version, schema hash -->  |
 *     | <-- offer: status, hash, lanes ---- |   status below 0: refused, the connection ends. Where the hello asks for
 *     |                                     |   it, the text of the schema follows the offer, and the connection ends.
 *     | -- attach: shape, descriptors --->  |   descriptors: the memory, the end of the client's wake-up that
 *     |                                     |   signals, and for each lane the end of its wake-up to wait on
 *     | <-- welcome: status, descriptors -- |   descriptors: the memories of the service's regions (regions.h), if it has any
 *     | <-- drain: one byte --------------- |   at most once, at any later time; and nothing else: end of file means that
 *     |                                     |   the peer has gone
 *
 * A service that drains says so twice: by that byte, which wakes a client that sleeps, and by a word in the shared memory
 * (ring.h), which a client sees before its next request without a system call. What was sent in between is served as ever.
 *
 * The first 16 bytes of hello and offer have this form in every version, so that any two versions can name each other's.
 */
#ifndef ISTH_WIRE_H
#define ISTH_WIRE_H

#include "platform.h"

#include <isthmus/types.h>

/* "ISTHMUS" and a NUL, read as a little-endian number. */
#define ISTH__MAGIC UINT64_C(0x0053554d48545349)

enum {
  ISTH__HELLO_ANY_SCHEMA = 1u << 0, /* do not compare hashes */
  ISTH__HELLO_WANT_TEXT = 1u << 1,  /* only describe yourself: send the text, then end */
  ISTH__MAX_TEXT_BYTES = 1 << 20,
  ISTH__MAX_FDS = 2 + ISTH_MAX_LANES
};

/* The byte that says that the service drains. */
#define ISTH__DRAIN 'D'

struct isth__hello {
  uint64_t magic;
  uint32_t version;
  uint32_t flags;
  uint8_t hash[32];
  uint8_t reserved[16];
};
_Static_assert(sizeof(struct isth__hello) == 64, "protocol layout");

struct isth__offer {
  uint64_t magic;
  uint32_t version;
  int32_t status;
  uint8_t hash[32];
  uint32_t lanes;
  uint32_t text_bytes; /* of the text that follows */
  uint64_t max_segment_bytes;
  char service[ISTH_NAME_BYTES];
};
_Static_assert(sizeof(struct isth__offer) == 128, "protocol layout");

struct isth__attach {
  uint32_t lanes;
  uint32_t request_bytes;
  uint32_t reply_bytes;
  uint32_t descriptors;
  uint64_t segment_bytes;
  uint64_t reserved;
};
_Static_assert(sizeof(struct isth__attach) == 32, "protocol layout");

/* The memories that a service's regions lie in. */
enum isth__memory {
  ISTH__MEMORY_OWNED,  /* what only the service writes: sealed, so that nobody else can */
  ISTH__MEMORY_SHARED, /* what clients write as well */
  ISTH__MEMORY_WATCH,  /* how watchers ask to be woken: a line for each region, which everybody writes */
  ISTH__MEMORIES
};

struct isth__welcome {
  int32_t status;
  uint32_t reserved;
  uint64_t memory_bytes[ISTH__MEMORIES]; /* 0: there is none. The descriptors of the others come along, in this order */
  char message[ISTH_MESSAGE_BYTES];      /* terminated; empty on success */
};
_Static_assert(sizeof(struct isth__welcome) == 32 + ISTH_MESSAGE_BYTES, "protocol layout");

/* Writes a failure (which may be NULL) and returns its error. */
int isth__fail(isth_failure *failure, int error, const char *format, ...) ISTH_PRINTF(3, 4);

/* Fills in `address` for a path; false if the path is empty or longer than 107 bytes. */
struct sockaddr_un;
bool isth__socket_address(struct sockaddr_un *address, const char *path);

/* Sends a whole message with descriptors attached to its first byte, or receives up to `size` bytes and descriptors: at most
 * `*count`, which becomes how many came. Where they are more, or this process can have no more (EMFILE), all are closed. Never
 * block: they return bytes moved, 0 at end of file, or a negative errno (-EAGAIN: try later; -EPROTO: surplus descriptors). */
ptrdiff_t isth__send(int socket, const void *bytes, size_t size, const int *descriptors, size_t count);
ptrdiff_t isth__receive(int socket, void *bytes, size_t size, int *descriptors, size_t *count);

/* Writes a hash as the first 16 of its hexadecimal digits, which is how messages name it, into 17 bytes. */
void isth__hash_text(const uint8_t hash[32], char text[17]);

#endif
