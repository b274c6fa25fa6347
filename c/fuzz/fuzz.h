/*
 * fuzz.h: what the fuzzers share: an input read as numbers and choices. Each is a libFuzzer target (fuzz/run.sh); a check that fails
 * (test/check.h) ends it as a crash does. Shared memory lies on the heap where that can be, so that AddressSanitizer sees
 * a step past its end.
 */
#ifndef ISTH_FUZZ_H
#define ISTH_FUZZ_H

#include "platform.h"

#include "../test/check.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

struct fuzz_input {
  const uint8_t *at;
  size_t left;
};

/* The next `bytes` as a little-endian number; zeros where the input has ended. */
static inline uint64_t fuzz_number(struct fuzz_input *input, size_t bytes) {
  uint64_t number = 0;
  size_t count = bytes < input->left ? bytes : input->left;
  memcpy(&number, input->at, count);
  input->at += count;
  input->left -= count;
  return number;
}

static inline uint64_t fuzz_below(struct fuzz_input *input, uint64_t bound) {
  return fuzz_number(input, bound <= 256 ? 1 : bound <= 65536 ? 2 : 8) % bound;
}

/* A number that is likely to hurt whoever counts on less than `bound`: at a bound, about one, or any. */
static inline uint64_t fuzz_nasty(struct fuzz_input *input, uint64_t bound) {
  switch (fuzz_below(input, 6)) {
  case 0: return 0;
  case 1: return bound;
  case 2: return bound - 64 + fuzz_below(input, 129);
  case 3: return UINT64_MAX - fuzz_below(input, 256);
  case 4: return fuzz_number(input, 8);
  default: return fuzz_number(input, 8) % (bound == 0 ? 1 : bound);
  }
}

/* Up to `size` bytes of the input, at `to`. Returns how many. */
static inline size_t fuzz_bytes(struct fuzz_input *input, void *to, size_t size) {
  size_t count = size < input->left ? size : input->left;
  memcpy(to, input->at, count);
  input->at += count;
  input->left -= count;
  return count;
}

/* Writes a few bytes of the input anywhere in a memory. */
static inline void fuzz_scribble(struct fuzz_input *input, unsigned char *memory, size_t size) {
  size_t at = fuzz_below(input, size), count = fuzz_below(input, 65);
  (void)fuzz_bytes(input, memory + at, count < size - at ? count : size - at);
}

/* Reads each byte, as a program would that takes them. */
static inline void fuzz_read(const void *bytes, size_t size) {
  const volatile unsigned char *byte = bytes;
  for (size_t i = 0; i < size; i++) (void)byte[i];
}

#endif
