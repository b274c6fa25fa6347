/* patience.h: waiting for what cannot be slept on: ever longer pauses, up to a time. */
#ifndef ISTH_PATIENCE_H
#define ISTH_PATIENCE_H

#include "platform.h"

struct isth__patience {
  uint64_t until_ns; /* by isth__now_ns(); 0: no waiting at all */
  uint64_t pause_ns;
  unsigned int spins;
};

struct isth__patience isth__patience_begin(uint64_t timeout_ns);
/* Waits a little before the next try: some spins first, then 50 us, doubling up to 5 ms. False, at once, when the time
 * is over. */
bool isth__patience_wait(struct isth__patience *patience);

#endif
