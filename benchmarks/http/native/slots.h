/*
 * slots.h: what Gin and its C worker share: a System V segment of slots, and two System V semaphores.
 *
 * A request goes into a free slot, which Go alone keeps track of. The slot's state says whose turn it is. Each side marks itself as
 * asleep before it looks at all slots once more and waits on its semaphore, so that the other raises that only then: a
 * call under load takes no system call at all.
 */
#ifndef SLOTS_H
#define SLOTS_H

#include "quote.h"

#include <stdalign.h>
#include <stdint.h>

enum { SLOTS = 256 };

enum slot_state { SLOT_FREE, SLOT_REQUESTED, SLOT_ANSWERED };

/* Which semaphore of the set wakes whom. */
enum { WAKE_WORKER, WAKE_SERVER, WAKE_COUNT };

typedef struct slot {
  alignas(64) _Atomic uint32_t state;
  uint32_t refused; /* with the text in `refusal` */
  quote_request request;
  quote_reply reply;
  char refusal[64];
} slot;

typedef struct slots {
  alignas(64) _Atomic uint32_t worker_sleeps;
  alignas(64) _Atomic uint32_t server_sleeps;
  slot slots[SLOTS];
} slots;

#endif
