/*
 * calls.h: which calls of a client are in flight.
 *
 * A call id is its slot's number and the slot's generation: (generation << 16) | slot. A reply that comes after its call has
 * ended carries an old generation, so it can never be taken for another call's.
 */
#ifndef ISTH_CALLS_H
#define ISTH_CALLS_H

#include "platform.h"

#include <isthmus/client.h>

enum { ISTH__MAX_CALLS = 1 << 16 };

struct isth__call_slot {
  uint64_t id;   /* of the call in it, or 0 */
  uint64_t last; /* the last id that this slot had; 0: none */
  uint64_t deadline_ns;
  isth_reply_callback callback;
  void *user;
  uint32_t lane;
  bool many; /* it has many replies: see flow.h */
  bool manual_credit;
};

struct isth__calls {
  uint32_t capacity;
  uint32_t begun; /* slots that ever had a call: the first ones. The others were not touched yet, and cost no memory */
  uint32_t free_count; /* of those */
  struct isth__call_slot *slots;
  uint32_t *free; /* a stack of their numbers */
  /* No deadline in flight is earlier; 0: none has one. Only recomputed by a scan, so that ending a call costs nothing. */
  uint64_t next_deadline_ns;
  /* A scan that was cut short because its caller had no room: where it goes on (0: none), and the earliest deadline so far. */
  uint32_t scan_at;
  uint64_t scan_earliest_ns;
};

/* 0 or ISTH_E_OUT_OF_MEMORY. */
int isth__calls_init(struct isth__calls *calls, uint32_t capacity);
void isth__calls_destroy(struct isth__calls *calls);

static inline uint32_t isth__calls_in_flight(const struct isth__calls *calls) {
  return calls->begun - calls->free_count;
}

/* The slot and id that the next begin takes; NULL if all are taken. */
struct isth__call_slot *isth__calls_next(struct isth__calls *calls, uint64_t *id);
/* Takes the slot that next gave. What else is in it is set by the caller. */
void isth__calls_begin(struct isth__calls *calls, struct isth__call_slot *slot, uint64_t id, uint64_t deadline_ns);
/* Gives a call in flight another deadline; 0: none. */
void isth__calls_rearm(struct isth__calls *calls, struct isth__call_slot *slot, uint64_t deadline_ns);

/* The slot of a call in flight, or NULL. */
struct isth__call_slot *isth__calls_find(struct isth__calls *calls, uint64_t id);
void isth__calls_end(struct isth__calls *calls, struct isth__call_slot *slot);

/* Finds up to `max` calls in flight whose deadline is at or before `now_ns`, and sets next_deadline_ns anew once it has seen
 * all. The caller ends them. */
size_t isth__calls_expired(struct isth__calls *calls, uint64_t now_ns, struct isth__call_slot **found, size_t max);

#endif
