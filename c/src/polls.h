/* polls.h (internal): how one that waits `adaptive` polls before it sleeps, and whether it does, told by what that has found lately.
 *
 * Where the other side needs the very CPU that polls, or where records come farther apart than one polls for, polling only ever costs.
 * After ISTH__FRUITLESS_POLLS in a row that found nothing they may take one part in ISTH__SPARING of the time, until one finds something. Not
 * one wait in so many: where waking takes long, as on a virtual machine whose host is busy, waits are long, and polling is what ends that. */
#ifndef ISTH_POLLS_H
#define ISTH_POLLS_H

#include "platform.h"

enum {
  ISTH__FRUITLESS_POLLS = 32,
  ISTH__SPARING = 32,        /* a fruitless poll's time, and so many times that, until the next may begin */
  ISTH__LOOKS_PER_CLOCK = 32 /* looks for records between two looks at the clock */
};

/* One for whoever waits, of one thread. All zero: it pays to poll. */
struct isth__polls {
  uint64_t until_ns; /* when this poll ends */
  uint64_t next_ns;  /* after fruitless ones: when another may begin */
  uint32_t looks;    /* of this poll, that found nothing */
  bool polling;
  uint8_t fruitless; /* polls in a row that found nothing, up to ISTH__FRUITLESS_POLLS */
};

/* A wait begins. One that begins while another polls goes on with that, for its full time. Returns whether to poll. */
static inline bool isth__polls_begin(struct isth__polls *polls, uint64_t spin_ns) {
  uint64_t now_ns = isth__now_ns();
  if (!polls->polling) {
    if (polls->fruitless == ISTH__FRUITLESS_POLLS && now_ns < polls->next_ns) return false;
    polls->polling = true;
    polls->looks = 0;
    polls->next_ns =
        isth__later_ns(now_ns, spin_ns < UINT64_MAX / ISTH__SPARING ? spin_ns * ISTH__SPARING : UINT64_MAX);
  }
  polls->until_ns = isth__later_ns(now_ns, spin_ns);
  return true;
}

/* A look has found nothing. Returns whether to look again instead of sleeping. */
static inline bool isth__polls_go_on(struct isth__polls *polls) {
  if (!polls->polling) return false;
  return ++polls->looks % ISTH__LOOKS_PER_CLOCK != 0 || isth__now_ns() < polls->until_ns;
}

/* The wait ends in sleep. */
static inline void isth__polls_in_vain(struct isth__polls *polls) {
  if (!polls->polling) return;
  polls->polling = false;
  if (polls->fruitless < ISTH__FRUITLESS_POLLS) polls->fruitless++;
}

/* The wait ends, because something has come. What is there only after the time has passed came while this thread did not run: the CPU was
 * needed elsewhere, and polling kept it from there. */
static inline void isth__polls_found(struct isth__polls *polls) {
  if (!polls->polling) return;
  if (polls->looks >= ISTH__LOOKS_PER_CLOCK && isth__now_ns() >= polls->until_ns) {
    isth__polls_in_vain(polls);
  } else {
    polls->polling = false;
    polls->fruitless = 0;
  }
}

#endif
