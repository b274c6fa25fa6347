/*
 * region_lock.c: one writer at a time. Among processes it is a lock of the kernel's on the open file of the memory
 * (F_OFD_SETLK), which the kernel gives back when its owner dies. Not a robust mutex of pthreads: its list lies inside
 * the mutex, so that whoever may write the memory could make every other writer write anywhere.
 */
#include "region_handle.h"

#include <errno.h>
#include <time.h>

#include "failpoint.h"

enum { SPINS = 16, PAUSES = 32, FIRST_SLEEP_NS = 10000, LAST_SLEEP_NS = 500000 };

/* Returns 0, EBUSY or another errno. */
static int try_lock(isth_region *region) {
  int error = pthread_mutex_trylock(&region->mutex);
  if (error != 0) return error;
  error = isth__lock_try(region->lock_fd, region->lock_byte);
  if (error != 0) pthread_mutex_unlock(&region->mutex);
  return error;
}

/* Waits before the next attempt: a writer is done within microseconds, unless the system has other plans. */
static void back_off(unsigned int attempts) {
  if (attempts < SPINS) {
    for (int i = 0; i < PAUSES; i++) isth__pause();
    return;
  }
  long sleep_ns = attempts - SPINS < 6 ? FIRST_SLEEP_NS << (attempts - SPINS) : LAST_SLEEP_NS;
  const struct timespec sleep = {0, sleep_ns};
  nanosleep(&sleep, NULL);
}

static int wait_for_lock(isth_region *region) {
  uint64_t until_ns = 0;
  for (unsigned int attempts = 0;; attempts++) {
    int error = try_lock(region);
    if (error != EBUSY) return error == 0 ? 0 : ISTH_E_SYSTEM;
    if (attempts == 0) until_ns = isth__after_ns(isth__load_relaxed(&region->patience_ns));
    if (isth__now_ns() >= until_ns) return ISTH_E_LOCK_TIMEOUT;
    back_off(attempts);
  }
}

/* The last one who held the lock died with it. The latest values are whole in any case; what it did not come to is done
 * here. */
static void recover(isth_region *region) {
  struct isth__region_header *header = region->header;
  isth__store_relaxed(&header->recovered, isth__load_relaxed(&header->recovered) + 1);
  isth__region_finish_row(region);
  isth__region_announce(region, true);
}

void isth_region_set_patience(isth_region *region, uint64_t ns) { isth__store_relaxed(&region->patience_ns, ns); }

int isth__region_lock(isth_region *region) {
  if (region->lock_fd < 0) {
    pthread_mutex_lock(&region->mutex);
    return 0;
  }
  ISTH__FAILPOINT(region_lock);
  int error = wait_for_lock(region);
  if (error != 0) return error;
  ISTH__FAILPOINT(region_locked);
  if (isth__load_relaxed(&region->header->writer) != 0) recover(region);
  /* What the writer stores comes after this: publish_value has a release fence before all that others can see. */
  isth__store_relaxed(&region->header->writer, region->process_id);
  ISTH__FAILPOINT(region_marked);
  return 0;
}

void isth__region_unlock(isth_region *region) {
  if (region->lock_fd >= 0) {
    isth__store_release(&region->header->writer, 0); /* to isth__region_lock of the next writer */
    ISTH__FAILPOINT(region_unmarked);
    isth__lock_release(region->lock_fd, region->lock_byte);
    ISTH__FAILPOINT(region_unlocked);
  }
  pthread_mutex_unlock(&region->mutex);
}
