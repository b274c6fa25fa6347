#include "untorn.h"

#include "atomic.h"

#include <string.h>

typedef _Atomic uint16_t untorn_u16;
typedef _Atomic uint8_t untorn_u8;

/* The largest access that `address` is aligned for and `bytes` leave room for. */
static inline size_t untorn_step(const unsigned char *address, size_t bytes) {
  size_t step = 8;
  while (((uintptr_t)address & (step - 1)) != 0 || step > bytes) step /= 2;
  return step;
}

void isth__untorn_load(unsigned char *to, unsigned char *shared, size_t bytes) {
  for (size_t step; bytes > 0; to += step, shared += step, bytes -= step) {
    step = untorn_step(shared, bytes);
    if (step == 8) {
      uint64_t value = isth__load_relaxed((isth__atomic_u64 *)(void *)shared);
      memcpy(to, &value, sizeof value);
    } else if (step == 4) {
      uint32_t value = isth__load_relaxed((isth__atomic_u32 *)(void *)shared);
      memcpy(to, &value, sizeof value);
    } else if (step == 2) {
      uint16_t value = isth__load_relaxed((untorn_u16 *)(void *)shared);
      memcpy(to, &value, sizeof value);
    } else {
      *to = isth__load_relaxed((untorn_u8 *)shared);
    }
  }
}

void isth__untorn_store(unsigned char *shared, const unsigned char *from, size_t bytes) {
  for (size_t step; bytes > 0; from += step, shared += step, bytes -= step) {
    step = untorn_step(shared, bytes);
    if (step == 8) {
      uint64_t value;
      memcpy(&value, from, sizeof value);
      isth__store_relaxed((isth__atomic_u64 *)(void *)shared, value);
    } else if (step == 4) {
      uint32_t value;
      memcpy(&value, from, sizeof value);
      isth__store_relaxed((isth__atomic_u32 *)(void *)shared, value);
    } else if (step == 2) {
      uint16_t value;
      memcpy(&value, from, sizeof value);
      isth__store_relaxed((untorn_u16 *)(void *)shared, value);
    } else {
      isth__store_relaxed((untorn_u8 *)shared, *from);
    }
  }
}

/* Stores the byte that is there, unless somebody else stores one first. No addition of 0, of which compilers know that
 * it changes nothing: clang makes a mere load of it. */
static inline void untorn_touch(untorn_u8 *shared) {
  uint8_t there = isth__load_relaxed(shared);
  atomic_compare_exchange_strong_explicit(shared, &there, there, memory_order_relaxed, memory_order_relaxed);
}

void isth__untorn_reserve(unsigned char *shared, size_t bytes) {
  enum { SMALLEST_PAGE = 4096 };
  for (size_t at = 0; at < bytes; at += SMALLEST_PAGE) untorn_touch((untorn_u8 *)(shared + at));
  untorn_touch((untorn_u8 *)(shared + bytes - 1));
}

/* ---- the digest ---- */

static const uint64_t DIGEST_PRIMES[5] = {0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9,
                                          0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5};
#define PRIME(n) DIGEST_PRIMES[(n)-1]

static inline uint64_t digest_rotate(uint64_t value, int bits) { return value << bits | value >> (64 - bits); }

static inline uint64_t digest_round(uint64_t lane, uint64_t input) {
  return digest_rotate(lane + input * PRIME(2), 31) * PRIME(1);
}

static inline uint64_t digest_u64(const unsigned char *data) {
  uint64_t value;
  memcpy(&value, data, sizeof value);
  return value;
}

void isth__digest_begin(struct isth__digest *digest) {
  *digest = (struct isth__digest){{PRIME(1) + PRIME(2), PRIME(2), 0, -PRIME(1)}, 0};
}

void isth__digest_add(struct isth__digest *digest, const unsigned char *data, size_t bytes) {
  for (size_t at = 0; at < bytes; at += 32)
    for (size_t i = 0; i < 4; i++) digest->lanes[i] = digest_round(digest->lanes[i], digest_u64(data + at + 8 * i));
  digest->bytes += bytes;
}

static uint64_t digest_merge(const struct isth__digest *digest) {
  static const int turns[4] = {1, 7, 12, 18};
  if (digest->bytes < 32) return PRIME(5);
  uint64_t hash = 0;
  for (size_t i = 0; i < 4; i++) hash += digest_rotate(digest->lanes[i], turns[i]);
  for (size_t i = 0; i < 4; i++) hash = (hash ^ digest_round(0, digest->lanes[i])) * PRIME(1) + PRIME(4);
  return hash;
}

uint64_t isth__digest_end(struct isth__digest *digest, const unsigned char *data, size_t bytes) {
  size_t whole = bytes / 32 * 32;
  isth__digest_add(digest, data, whole);
  uint64_t hash = digest_merge(digest) + digest->bytes + (bytes - whole);
  const unsigned char *end = data + bytes;
  data += whole;
  for (; end - data >= 8; data += 8)
    hash = digest_rotate(hash ^ digest_round(0, digest_u64(data)), 27) * PRIME(1) + PRIME(4);
  if (end - data >= 4) {
    uint32_t value;
    memcpy(&value, data, sizeof value);
    hash = digest_rotate(hash ^ value * PRIME(1), 23) * PRIME(2) + PRIME(3);
    data += 4;
  }
  for (; data < end; data++) hash = digest_rotate(hash ^ *data * PRIME(5), 11) * PRIME(1);
  hash = (hash ^ hash >> 33) * PRIME(2);
  hash = (hash ^ hash >> 29) * PRIME(3);
  return hash ^ hash >> 32;
}
