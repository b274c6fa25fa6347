/*
 * mend_posix.c: memory of a peer, which may cut it off while it is mapped.
 *
 * Each mapping is noted in a table that the handler for SIGBUS reads (fault.c). For a fault in one of them it puts private
 * zeros in the place of the whole mapping, and the access that faulted is done again. Nothing has to be given back, so
 * this works in the midst of anything; and mapping is paid for, but touching is not.
 */
#include "platform.h"

#ifdef ISTH_PLATFORM_POSIX

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "atomic.h"
#include "fault.h"

enum { ENTRIES = 64 };

struct mappings {
  /* `begin` 0: free. Written under the lock; read by the handler too, in the thread that has the mapping in use. */
  struct {
    _Atomic uintptr_t begin;
    _Atomic size_t bytes;
  } entries[ENTRIES];
  struct mappings *_Atomic next; /* never freed */
};

static struct mappings first_mappings;
static pthread_mutex_t mappings_lock = PTHREAD_MUTEX_INITIALIZER;

static bool note_mapping(uintptr_t begin, size_t bytes) {
  pthread_mutex_lock(&mappings_lock);
  bool noted = false;
  for (struct mappings *at = &first_mappings; at != NULL && !noted; at = isth__load_relaxed(&at->next)) {
    for (size_t i = 0; i < ENTRIES && !noted; i++) {
      if (isth__load_relaxed(&at->entries[i].begin) != 0) continue;
      isth__store_relaxed(&at->entries[i].bytes, bytes);
      isth__store_release(&at->entries[i].begin, begin); /* to isth__memory_mend */
      noted = true;
    }
    /* To isth__memory_mend. */
    if (!noted && isth__load_relaxed(&at->next) == NULL) isth__store_release(&at->next, calloc(1, sizeof *at));
  }
  pthread_mutex_unlock(&mappings_lock);
  return noted;
}

static void forget_mapping(uintptr_t begin) {
  pthread_mutex_lock(&mappings_lock);
  for (struct mappings *at = &first_mappings; at != NULL; at = isth__load_relaxed(&at->next))
    for (size_t i = 0; i < ENTRIES; i++)
      if (isth__load_relaxed(&at->entries[i].begin) == begin) isth__store_relaxed(&at->entries[i].begin, 0);
  pthread_mutex_unlock(&mappings_lock);
}

bool isth__memory_mend(const void *address) {
  /* From note_mapping. */
  for (struct mappings *at = &first_mappings; at != NULL; at = isth__load_acquire(&at->next)) {
    for (size_t i = 0; i < ENTRIES; i++) {
      /* Acquire, with the release in note_mapping: its size, and a mapping that is there. */
      uintptr_t begin = isth__load_acquire(&at->entries[i].begin), place = (uintptr_t)address;
      size_t bytes = isth__load_relaxed(&at->entries[i].bytes);
      if (begin == 0 || place < begin || place - begin >= bytes) continue;
      int errno_before = errno;
      void *zeros = mmap((void *)begin, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
      errno = errno_before;
      return zeros != MAP_FAILED;
    }
  }
  return false;
}

void *isth__memory_map(int fd, size_t bytes, bool writable) {
  isth__fault_install();
  void *mapped = mmap(NULL, bytes, PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED, fd, 0);
  if (mapped == MAP_FAILED) return NULL;
  if (note_mapping((uintptr_t)mapped, bytes)) return mapped;
  munmap(mapped, bytes);
  errno = ENOMEM;
  return NULL;
}

void isth__memory_unmap(void *mapped, size_t bytes) {
  if (mapped == NULL) return;
  forget_mapping((uintptr_t)mapped);
  munmap(mapped, bytes);
}

#endif
