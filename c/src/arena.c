#include "arena.h"

#include <sys/mman.h>

#ifndef MAP_NORESERVE /* nothing is reserved there */
#define MAP_NORESERVE 0
#endif

enum { LEAST_BYTES = 1 << 16, KEPT_BYTES = 1 << 20 };

unsigned char *isth__arena_room(struct isth__arena *arena, size_t bytes) {
  if (bytes <= arena->capacity && arena->bytes != NULL) return arena->bytes;
  size_t capacity = LEAST_BYTES;
  while (capacity < bytes) capacity *= 2;
  void *mapped = mmap(NULL, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) return NULL;
  isth__arena_free(arena);
  *arena = (struct isth__arena){mapped, capacity};
  return arena->bytes;
}

void isth__arena_trim(struct isth__arena *arena, size_t used) {
  if (used > KEPT_BYTES) madvise(arena->bytes, arena->capacity, MADV_DONTNEED);
}

void isth__arena_free(struct isth__arena *arena) {
  if (arena->bytes != NULL) munmap(arena->bytes, arena->capacity);
  *arena = (struct isth__arena){NULL, 0};
}
