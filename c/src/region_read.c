#include "region_handle.h"

#include "failpoint.h"

/* So often a reader would have to be overtaken by three whole writes in the midst of one copy: only memory that
 * somebody has written nonsense into comes to that. */
enum { MOST_TRIES = 1000 };

/* The reader of region_memory.h. */
static inline int read_row(const isth_region *region, uint32_t number, size_t offset, void *part, size_t size,
                           isth_stamp *stamp) {
  if (number >= isth__region_row_count(region)) return ISTH_E_INVALID_ARGUMENT;
  struct isth__region_row *row = isth__region_row_at(region, number);
  for (int tries = 0; tries < MOST_TRIES; tries++) {
    uint64_t version = isth__load_acquire(&row->latest); /* from publish_value */
    if (version == 0) {
      memset(part, 0, size);
      if (stamp != NULL) *stamp = (isth_stamp){0, 0};
      return ISTH_E_REGION_EMPTY;
    }
    struct isth__region_slot *slot = isth__region_slot_at(region, row, version);
    if (isth__load_acquire(&slot->sequence) != version) continue; /* from publish_value */
    uint64_t time_ns = isth__load_relaxed(&slot->time_ns);
    isth__region_load(slot->value, offset, part, size);
    ISTH__FAILPOINT(region_copied);
    isth__fence_acquire(); /* with isth__fence_release in publish_value */
    if (isth__load_relaxed(&slot->sequence) != version) continue;
    if (stamp != NULL) *stamp = (isth_stamp){version, (int64_t)time_ns};
    return 0;
  }
  return ISTH_E_REGION_BUSY;
}

int isth_region_read(const isth_region *region, uint32_t row, void *value, isth_stamp *stamp) {
  return read_row(region, row, 0, value, region->bytes, stamp);
}

int isth_region_read_part(const isth_region *region, uint32_t row, size_t offset, void *part, size_t size,
                          isth_stamp *stamp) {
  if (!isth__region_part_valid(region, offset, size)) return ISTH_E_INVALID_ARGUMENT;
  return read_row(region, row, offset, part, size, stamp);
}

int isth_region_stamp(const isth_region *region, uint32_t row, isth_stamp *stamp) {
  unsigned char nothing[1];
  int error = read_row(region, row, 0, nothing, 0, stamp);
  return error == ISTH_E_REGION_EMPTY ? 0 : error;
}
