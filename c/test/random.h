/* random.h: a small generator with a seed, so that a failure can be had again: ISTH_TEST_SEED sets it. */
#ifndef ISTH_TEST_RANDOM_H
#define ISTH_TEST_RANDOM_H

#include <stdint.h>
#include <stdlib.h>

struct random {
  uint64_t state;
};

static inline struct random random_start(uint64_t seed) {
  const char *given = getenv("ISTH_TEST_SEED");
  return (struct random){(given == NULL ? seed : strtoull(given, NULL, 10)) * 2 + 1};
}

/* xorshift64*: Marsaglia's generator with a multiplication, which is plenty for tests. */
static inline uint64_t random_next(struct random *random) {
  random->state ^= random->state >> 12;
  random->state ^= random->state << 25;
  random->state ^= random->state >> 27;
  return random->state * UINT64_C(2685821657736338717);
}

static inline uint64_t random_below(struct random *random, uint64_t bound) { return random_next(random) % bound; }

#endif
