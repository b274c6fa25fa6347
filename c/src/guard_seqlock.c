/*
 * guard_seqlock.c: a counter that is odd while somebody writes.
 *
 * Reading: an even counter, the data, and the same counter again. Writing: the counter goes from even to odd by
 * compare-and-swap, so that two of us exclude each other, and from odd to even the same way, which tells when somebody
 * else wrote meanwhile: a seqlock has one writer unless all of its writers agree on more. One that dies in between
 * leaves the counter odd, for us as for everybody.
 */
#include "guard.h"

#include "wire.h"

/* Pairs with seqlock_swap, or with what another program has in its place. */
static uint64_t seqlock_load(const struct isth__guard *guard) {
  if (guard->memory_bytes == 4) return isth__load_acquire((isth__atomic_u32 *)(void *)guard->memory);
  return isth__load_acquire((isth__atomic_u64 *)(void *)guard->memory);
}

/* To the next number, as wide as the counter is. */
static bool seqlock_swap(const struct isth__guard *guard, uint64_t from, uint64_t to) {
  if (guard->memory_bytes == 4) {
    uint32_t expected = (uint32_t)from;
    return atomic_compare_exchange_strong((isth__atomic_u32 *)(void *)guard->memory, &expected, (uint32_t)to);
  }
  return atomic_compare_exchange_strong((isth__atomic_u64 *)(void *)guard->memory, &from, to);
}

uint64_t isth__seqlock_version(const struct isth__guard *guard, uint64_t counter) {
  return (guard->memory_bytes == 4 ? (uint32_t)counter : counter) / 2;
}

static int seqlock_take(struct isth__guard *guard, struct isth__hold *hold) {
  uint64_t first = seqlock_load(guard);
  do {
    uint64_t counter = hold->counter = seqlock_load(guard);
    if ((counter & 1) != 0) continue;
    if (!hold->exclusive) return 0;
    if (!seqlock_swap(guard, counter, counter + 1)) continue;
    hold->held = true;
    /* The odd counter before the data: whoever sees any of the data sees it, or the even one of after. With the fence of
     * a reader in seqlock_release. */
    isth__fence_release();
    return 0;
  } while (isth__patience_wait(&hold->patience));
  bool is_stuck = (first & 1) != 0 && hold->counter == first;
  return isth__fail(hold->failure, ISTH_E_REGION_BUSY,
                    is_stuck ? "the seqlock's counter stays at %llu, as after a writer that died"
                             : "the seqlock's writers leave no time in between, at %llu",
                    (unsigned long long)hold->counter);
}

static int seqlock_release(struct isth__guard *guard, struct isth__hold *hold) {
  if (!hold->exclusive) {
    /* The data before the counter; with the fence of a writer in seqlock_take. */
    isth__fence_acquire();
    return seqlock_load(guard) == hold->counter ? 0 : ISTH__GUARD_MOVED;
  }
  hold->held = false;
  if (seqlock_swap(guard, hold->counter + 1, hold->changed ? hold->counter + 2 : hold->counter)) return 0;
  return isth__fail(hold->failure, ISTH_E_REGION_BUSY, "somebody else wrote at the same time");
}

const struct isth__guard_way isth__seqlock = {.take = seqlock_take, .release = seqlock_release};
