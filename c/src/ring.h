/*
 * ring.h: records from exactly one producer to exactly one consumer.
 *
 *                 consumer position               producer position (private to the producer)
 *                        v                               v
 *   data: | free ... | record | record | record | record | 0 | free ... |
 *                                                         ^ the next record's length, already zero
 *
 * The consumer finds a record by its length becoming non-zero, so that a hand-over moves one cache line instead of two: there
 * is no shared producer index. For that the producer zeroes the next header's length before it publishes a record, and always
 * keeps that header's room free. Positions only grow; a position's place in the data is position mod capacity.
 *
 * Each side keeps its own position in private memory and never reads it back; what it reads of the other side's (the record's
 * length, the consumer position) it reads once and checks. A side that dies at any instruction leaves either a published
 * record or none.
 */
#ifndef ISTH_RING_H
#define ISTH_RING_H

#include "platform.h"

#include "record.h"

/* The shared part beside the data. The two lines are 128 bytes apart: adjacent-line prefetch moves lines in pairs. */
struct isth__ring_control {
  isth__atomic_u64 consumer_position; /* bytes given back; written by the consumer */
  unsigned char apart[120];
  isth__atomic_u32 sleeping; /* 1 while the consumer is about to sleep or sleeps; rarely written, so cached by both */
  isth__atomic_u32 draining; /* of lane 0's requests: 1 once the service wants no new ones. See wire.h */
  unsigned char apart_too[120];
};
_Static_assert(sizeof(struct isth__ring_control) == 256, "protocol layout");

struct isth__producer {
  struct isth__ring_control *control;
  unsigned char *data;
  uint32_t capacity;      /* a power of two */
  uint64_t position;      /* where the next record goes */
  uint64_t consumer_seen; /* the consumer's position when we last looked */
};

struct isth__consumer {
  struct isth__ring_control *control;
  unsigned char *data;
  uint32_t capacity;
  uint64_t position; /* the next record to take */
  uint64_t released; /* what the producer was last told */
};

/* What a header says beside the sizes. */
struct isth__header {
  uint16_t kind;
  uint16_t flags;
  int32_t status;
  uint32_t method;
  uint32_t metadata_bytes;
  uint32_t window;
  uint64_t call_id;
  uint64_t deadline_ns;
  isth_trace trace;
};

/* A record taken out: the header is a private copy, the payload and the metadata are in place. */
struct isth__taken {
  struct isth__header header;
  const unsigned char *payload;
  size_t size;
  const unsigned char *metadata; /* header.metadata_bytes of them */
};

/* The most payload a record of a ring can have, with what its metadata takes: half of the ring, less the header. Half, so
 * that a record always fits into an empty ring, wherever its position is. */
static inline size_t isth__ring_max_payload(uint32_t capacity) { return capacity / 2 - sizeof(struct isth__record); }

/* What metadata takes of a record: the payload behind it is aligned. */
static inline size_t isth__metadata_room(uint32_t metadata_bytes) { return (size_t)isth__align(metadata_bytes); }

/*
 * Claims a record with room for `size` bytes of payload, with what metadata takes, which must be within
 * isth__ring_max_payload. The caller writes them, and commits. Claiming again replaces a claim. Returns 0,
 * ISTH_E_RING_FULL, or ISTH_E_PEER_CORRUPT.
 */
int isth__producer_claim(struct isth__producer *producer, size_t size, struct isth__record **claimed);

/* Before a record is committed whose consumer waits for just this one: has what was written, `size` bytes behind the header, found sooner.
 * A record that others follow, or that others were sent before, costs twice as much with it. */
void isth__record_push(const struct isth__record *record, size_t size);

/* Publishes the claimed record with `size` bytes of payload behind its metadata, together at most as many as were claimed.
 * Returns true if the consumer sleeps and must be woken: then only this call says so. */
bool isth__producer_commit(struct isth__producer *producer, struct isth__record *record,
                           const struct isth__header *header, size_t size);

/* Where the payload lies, or, where there is any, the metadata. */
static inline void *isth__record_payload(struct isth__record *record) { return record + 1; }

/* Takes the next record without giving its room back. Returns 1, 0 if there is none, or ISTH_E_PEER_CORRUPT. Until release,
 * setting `position` back to what it was takes the same record again. */
int isth__consumer_take(struct isth__consumer *consumer, struct isth__taken *taken);

/* Gives the room of all records taken so far back to the producer. */
void isth__consumer_release(struct isth__consumer *consumer);

/* Says that the consumer is going to sleep. True: there is a record already, so it must not. */
bool isth__consumer_sleep(struct isth__consumer *consumer);
void isth__consumer_awake(struct isth__consumer *consumer);

#endif
