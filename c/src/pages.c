#include "pages.h"

#include <sys/mman.h>

void *isth__pages_map(size_t bytes) {
  void *mapped = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return NULL;
#ifdef MADV_NOHUGEPAGE
  /* Where the system gives huge pages to whoever does not ask, one byte would take 2 MiB. */
  (void)madvise(mapped, bytes, MADV_NOHUGEPAGE);
#endif
  return mapped;
}

void isth__pages_unmap(void *pages, size_t bytes) {
  if (pages != NULL) munmap(pages, bytes);
}
