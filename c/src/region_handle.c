#include "region_handle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { FIRST_PATIENCE_NS = 100000000 };

int isth__region_open(isth_region **region, const isth_region_type *type, const struct isth__region_access *access) {
  struct isth__region_layout layout;
  isth__region_layout(type, &layout);
  int lock_fd = -1;
  if (access->writable && type->writers == ISTH_WRITERS_MANY) {
    /* The lock belongs to an open file, and all who were passed the descriptor share one: so each opens its own. */
    lock_fd = isth__reopen(access->lock_fd, O_RDWR);
    if (lock_fd < 0) return lock_fd == -ENOTSUP ? ISTH_E_UNSUPPORTED_PLATFORM : ISTH_E_SYSTEM;
  }
  isth_region *opened = aligned_alloc(_Alignof(isth_region), sizeof *opened);
  if (opened == NULL) {
    if (lock_fd >= 0) close(lock_fd);
    return ISTH_E_OUT_OF_MEMORY;
  }
  struct isth__region_header *header = (struct isth__region_header *)(void *)access->memory;
  *opened = (isth_region){
      .rows = access->memory + layout.rows_at,
      .row_bytes = layout.row_bytes,
      .slots_at = layout.slots_at,
      .slot_bytes = layout.slot_bytes,
      .header = header,
      .bytes = type->bytes,
      .max_rows = type->rows,
      .buckets = layout.buckets,
      .writable = access->writable,
      .index = (isth__atomic_u32 *)(void *)(access->memory + sizeof *header),
      .key_offset = type->key_offset,
      .key_bytes = type->key_bytes,
      .key_is_text = type->key_is_text,
      .fences = access->writable && !isth__fence_register(),
      .epoch = isth__load_relaxed(&header->epoch),
      .armed = (isth__atomic_u32 *)(void *)access->watch_line,
      .lock_fd = lock_fd,
      .lock_byte = type->id,
      .patience_ns = FIRST_PATIENCE_NS,
      .process_id = (uint32_t)getpid(),
      .owner = access->owner,
      .release = access->release,
  };
  pthread_mutex_init(&opened->mutex, NULL);
  *region = opened;
  return 0;
}

void isth_region_close(isth_region *region) {
  if (region == NULL) return;
  if (region->lock_fd >= 0) close(region->lock_fd);
  pthread_mutex_destroy(&region->mutex);
  if (region->release != NULL) region->release(region->owner);
  free(region);
}

size_t isth_region_bytes(const isth_region *region) { return region->bytes; }

bool isth_region_writable(const isth_region *region) { return region->writable; }

uint64_t isth_region_epoch(const isth_region *region) { return region->epoch; }

uint32_t isth_region_rows(const isth_region *region) { return isth__region_row_count(region); }

/* From isth__region_announce: whoever sees the count sees what was written before. */
uint64_t isth_region_changes(const isth_region *region) { return isth__load_acquire(&region->header->changes); }

uint64_t isth_region_recovered(const isth_region *region) { return isth__load_relaxed(&region->header->recovered); }

uint32_t isth_region_holder(const isth_region *region) { return isth__load_relaxed(&region->header->writer); }

int isth_region_find(const isth_region *region, const void *key, uint32_t *row) {
  if (region->buckets == 0) return ISTH_E_INVALID_ARGUMENT;
  struct isth__region_key wanted = isth__region_key_at(region, key);
  return isth__region_find_row(region, &wanted, row, NULL);
}
