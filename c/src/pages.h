/*
 * pages.h: zeros that take no memory until they are written, for tables of which most is never used.
 *
 * calloc does not promise that: what the allocator has from before, or at the end of its heap, it clears by writing.
 */
#ifndef ISTH_PAGES_H
#define ISTH_PAGES_H

#include "platform.h"

/* At least one byte, aligned to a page. NULL: out of memory. */
void *isth__pages_map(size_t bytes);

/* All that was mapped. To unmap NULL is allowed. */
void isth__pages_unmap(void *pages, size_t bytes);

#endif
