#include "patience.h"

#include <time.h>

enum { PATIENCE_SPINS = 32, PATIENCE_FIRST_NS = 50000, PATIENCE_MOST_NS = 5000000 };

struct isth__patience isth__patience_begin(uint64_t timeout_ns) {
  return (struct isth__patience){timeout_ns == 0 ? 0 : isth__after_ns(timeout_ns), PATIENCE_FIRST_NS, 0};
}

bool isth__patience_wait(struct isth__patience *patience) {
  if (patience->until_ns == 0) return false;
  uint64_t now_ns = isth__now_ns();
  if (now_ns >= patience->until_ns) return false;
  if (patience->spins < PATIENCE_SPINS) {
    patience->spins++;
    isth__pause();
    return true;
  }
  uint64_t left_ns = patience->until_ns - now_ns;
  const struct timespec pause = {0, (long)(left_ns < patience->pause_ns ? left_ns : patience->pause_ns)};
  nanosleep(&pause, NULL);
  if (patience->pause_ns < PATIENCE_MOST_NS / 2) {
    patience->pause_ns *= 2;
  } else {
    patience->pause_ns = PATIENCE_MOST_NS;
  }
  return true;
}
