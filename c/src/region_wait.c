/*
 * region_wait.c: sleeping until there is something new, and waking who sleeps.
 *
 * Who waits says so in `armed`, fences, and looks at `changes` once more before it sleeps on it; the writer adds to
 * `changes`, fences, and looks at `armed`: Dekker's pattern (atomic.h), so that one of the two sees the other. Who waits
 * fences for the writer too: a fence of its own would have each write wait until no reader has its lines any more.
 *
 * The writer clears `armed` before it adds to `changes`, and wakes because of what it cleared. If it cleared it
 * afterwards, it could clear what somebody has stored who knows this change already, and waits for the next one: that
 * would not wake him.
 */
#include "region_handle.h"

#include "failpoint.h"

/* `armed` lies in memory that everybody may write: who clears it unseen makes others sleep at most so long. */
enum { SLICE_NS = 100000000 };
/* The same where the system does not let who waits fence for others: by then, what a writer has stored is seen. */
enum { UNSURE_SLICE_NS = 1000000 };

void isth__region_announce(isth_region *region, bool wake) {
  isth__atomic_u64 *changes = &region->header->changes;
  if (isth__load_relaxed(region->armed) != 0 && isth__exchange_relaxed(region->armed, 0) != 0) wake = true;
  isth__store_release(changes, isth__load_relaxed(changes) + 1); /* to isth_region_changes */
  if (region->fences) {
    isth__fence();
  } else {
    isth__fence_compiler();
  }
  if (wake || isth__load_relaxed(region->armed) != 0) isth__futex_wake(changes);
  ISTH__FAILPOINT(region_announced);
}

int isth_region_wait(const isth_region *region, uint64_t changes, uint64_t timeout_ns) {
  uint32_t interrupts = isth__load_relaxed(&region->interrupts);
  uint64_t until_ns = isth__after_ns(timeout_ns);
  /* Acquire, and before the first `armed`: whoever cleared it for this very change did so before. */
  while (isth_region_changes(region) == changes && isth__load_relaxed(&region->interrupts) == interrupts) {
    uint64_t now_ns = isth__now_ns();
    if (now_ns >= until_ns) return ISTH_E_DEADLINE_EXCEEDED;
    isth__store_relaxed(region->armed, 1);
    ISTH__FAILPOINT(region_armed);
    uint64_t slice_ns = isth__fence_others() ? SLICE_NS : UNSURE_SLICE_NS;
    isth__fence(); /* with the one in isth__region_announce, of writers that fence themselves */
    if (isth_region_changes(region) != changes) break;
    uint64_t left_ns = until_ns - now_ns;
    /* The low half of `changes`, on little-endian machines. */
    if (isth__futex_wait(&region->header->changes, (uint32_t)changes, left_ns < slice_ns ? left_ns : slice_ns) == 0)
      break;
  }
  return 0;
}

void isth_region_interrupt(const isth_region *region) {
  /* Of the caller's view only: no region is an object that is constant. */
  isth__add_relaxed(&((isth_region *)(uintptr_t)region)->interrupts, 1);
  isth__futex_wake(&region->header->changes);
}
