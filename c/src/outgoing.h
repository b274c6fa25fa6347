/*
 * outgoing.h: replies from other threads than the serving thread, which alone may write into its lanes' reply rings.
 *
 *   any thread:      parcel -- isth__post --> outgoing queue of a serving thread
 *   serving thread:  outgoing queue -- isth__outgoing_collect --> each lane's queue -- isth__lane_pump --> reply ring
 *
 * A queue and the ways that lead to it live until the last who refers to them lets go, which may be long after the
 * lane, the channel and the service have gone.
 */
#ifndef ISTH_OUTGOING_H
#define ISTH_OUTGOING_H

#include "platform.h"

#include <pthread.h>
#include <stdarg.h>

#include "ring.h"

struct isth__lane;
struct isth__stream;

/* A reply in private memory. */
struct isth__parcel {
  struct isth__parcel *next;
  struct isth__way *way; /* referred to; NULL: it never left the serving thread */
  struct isth__header header;
  size_t size;
  bool posted; /* counted in the way's waiting_bytes */
  unsigned char payload[];
};

struct isth__parcels {
  struct isth__parcel *first, *last;
};

struct isth__outgoing {
  isth__atomic_u32 references;
  isth__atomic_u32 pending;  /* something was posted and not collected yet */
  isth__atomic_u32 sleeping; /* the serving thread is about to sleep or sleeps */
  uint64_t max_waiting_bytes;
  uint32_t max_deferred;
  pthread_mutex_t lock;
  /* Under the lock. */
  bool closed;
  int signal; /* the end of the serving thread's wake-up that signals; not used once closed */
  struct isth__parcels parcels;
};

/* The way back to the client of one lane. */
struct isth__way {
  isth__atomic_u32 references;
  isth__atomic_u32 deferred;      /* calls that responders will answer */
  isth__atomic_u64 waiting_bytes; /* in parcels that were posted and not sent yet */
  struct isth__outgoing *outgoing;
  size_t most; /* bytes of the largest payload */
  /* Under the lock of `outgoing`. */
  struct isth__lane *lane; /* only the serving thread uses it; NULL once it has let go */
  struct isth__stream *streams;
};

/* NULL: out of memory. */
struct isth__outgoing *isth__outgoing_create(uint64_t max_waiting_bytes, uint32_t max_deferred);
/* What is posted from now on, and what was not collected, is dropped. */
void isth__outgoing_close(struct isth__outgoing *outgoing);
void isth__outgoing_release(struct isth__outgoing *outgoing);

/* Before sleeping: says so. False: something was posted, so that the serving thread must not sleep. */
bool isth__outgoing_sleep(struct isth__outgoing *outgoing);
void isth__outgoing_awake(struct isth__outgoing *outgoing);

/* Moves what was posted to its lanes. */
void isth__outgoing_collect(struct isth__outgoing *outgoing);

/* A lane's way, made when it is first asked for. On the serving thread. NULL: out of memory. */
struct isth__way *isth__lane_way(struct isth__lane *lane);
struct isth__way *isth__way_retain(struct isth__way *way);
void isth__way_release(struct isth__way *way);
/* Whether its client or its service has gone. */
bool isth__way_gone(const struct isth__way *way);

/* A parcel with room for `size` bytes, at least ISTH_MESSAGE_BYTES, so that it can carry any error instead. `way` may
 * be NULL. NULL: out of memory. */
struct isth__parcel *isth__parcel_create(struct isth__way *way, const struct isth__header *header, size_t size);
void isth__parcel_free(struct isth__parcel *parcel);
/* Makes it a reply with an error and a message, as isth_refuse does. */
void isth__parcel_fail(struct isth__parcel *parcel, int status, const char *format, va_list arguments);

/*
 * Posts a parcel. Thread-safe; the second is for who holds the lock. Returns 0: the parcel is the queue's. Else it is
 * still the caller's: CANCELLED where the client has gone, CLOSED where the service has, OUT_OF_MEMORY where it and
 * others that wait would be more than `max_waiting_bytes`.
 */
int isth__post(struct isth__parcel *parcel, uint64_t max_waiting_bytes);
int isth__post_locked(struct isth__parcel *parcel, uint64_t max_waiting_bytes);

/* Puts a parcel behind the others of a lane. On the serving thread. */
void isth__lane_queue(struct isth__lane *lane, struct isth__parcel *parcel);

/* Writes a lane's parcels into its reply ring while there is room. Returns how many, or ISTH_E_PEER_CORRUPT. */
int isth__lane_pump(struct isth__lane *lane);

/* Ends a lane's part in all this: its parcels are dropped, its streams told that their client has gone. */
void isth__lane_leave(struct isth__lane *lane);

#endif
