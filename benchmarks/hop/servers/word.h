/* word.h: one word in memory that two processes share, alone on its cache line. */
#ifndef HOP_WORD_H
#define HOP_WORD_H

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

typedef uint64_t hop_word;

enum { HOP_WORD_BYTES = 4096 };

/* The word in the file at `path`, which is made where it is missing. NULL: it cannot be. */
static inline hop_word *hop_map_word(const char *path) {
  int file = open(path, O_RDWR | O_CREAT, 0600);
  if (file < 0 || ftruncate(file, HOP_WORD_BYTES) != 0) return NULL;
  void *memory = mmap(NULL, HOP_WORD_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  return memory == MAP_FAILED ? NULL : memory;
}

static inline void hop_store(hop_word *word, uint64_t value) { __atomic_store_n(word, value, __ATOMIC_RELEASE); }

static inline void hop_await(const hop_word *word, uint64_t value) {
  while (__atomic_load_n(word, __ATOMIC_ACQUIRE) != value) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
  }
}

#endif
