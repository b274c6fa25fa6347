#include "region_handle.h"

#include "failpoint.h"

/* The version after `latest`. Never 0 nor ISTH_ANY_VERSION, whatever somebody has written into the memory. */
static uint64_t next_version(uint64_t latest) { return latest < ISTH_ANY_VERSION - 1 ? latest + 1 : 1; }

/* Asks for the lines of the slot that the next write will go to, which readers may still have in their caches. */
static inline void prefetch_slot(const isth_region *region, struct isth__region_row *row, uint64_t version) {
  const unsigned char *slot = (const unsigned char *)isth__region_slot_at(region, row, version);
  isth__prefetch_write(slot);
  isth__prefetch_write(slot + 64);
}

/* The writer of region_memory.h: makes `size` bytes from `offset`, and for the rest what the value was so far, the
 * latest value. */
static void publish_value(isth_region *region, struct isth__region_row *row, size_t offset, const void *part,
                          size_t size, isth_stamp *stamp) {
  uint64_t latest = isth__load_relaxed(&row->latest);
  uint64_t version = next_version(latest);
  struct isth__region_slot *slot = isth__region_slot_at(region, row, version);
  isth__prefetch_write(row); /* it is on its way while the clock is read */
  int64_t time_ns = isth__real_now_ns();
  isth__store_relaxed(&slot->sequence, 0);
  isth__fence_release(); /* with isth__fence_acquire in read_row */
  ISTH__FAILPOINT(region_invalidated);
  isth__store_relaxed(&slot->time_ns, (uint64_t)time_ns);
  if (size < region->bytes) {
    const struct isth__region_slot *old = isth__region_slot_at(region, row, latest);
    for (size_t word = 0; word * 8 < region->bytes; word++)
      isth__store_relaxed(&slot->value[word], latest == 0 ? 0 : isth__load_relaxed(&old->value[word]));
  }
  isth__region_store(slot->value, offset, part, size);
  ISTH__FAILPOINT(region_stored);
  isth__store_release(&slot->sequence, version); /* to read_row */
  ISTH__FAILPOINT(region_valid);
  isth__store_release(&row->latest, version); /* to read_row */
  ISTH__FAILPOINT(region_latest);
  prefetch_slot(region, row, next_version(version));
  if (stamp != NULL) *stamp = (isth_stamp){version, time_ns};
}

/* Whether the row, of which nobody can write another version now, is at the version that is expected. */
static int check_expected(const isth_region *region, struct isth__region_row *row, uint64_t expected,
                          isth_stamp *stamp) {
  uint64_t latest = isth__load_relaxed(&row->latest);
  if (expected == ISTH_ANY_VERSION || expected == latest) return 0;
  if (stamp != NULL) {
    uint64_t time_ns = latest == 0 ? 0 : isth__load_relaxed(&isth__region_slot_at(region, row, latest)->time_ns);
    *stamp = (isth_stamp){latest, (int64_t)time_ns};
  }
  return ISTH_E_REGION_CONFLICT;
}

static int replace_part(isth_region *region, uint32_t number, size_t offset, const void *part, size_t size,
                        uint64_t expected, isth_stamp *stamp) {
  struct isth__region_row *row = isth__region_row_at(region, number);
  int error = check_expected(region, row, expected, stamp);
  if (error != 0) return error;
  publish_value(region, row, offset, part, size, stamp);
  isth__region_announce(region, false);
  return 0;
}

static int lock_and_replace(isth_region *region, uint32_t row, size_t offset, const void *part, size_t size,
                            uint64_t expected, isth_stamp *stamp) {
  int error = isth__region_lock(region);
  if (error != 0) return error;
  error = replace_part(region, row, offset, part, size, expected, stamp);
  isth__region_unlock(region);
  return error;
}

int isth_region_write(isth_region *region, uint32_t row, const void *value, uint64_t expected, isth_stamp *stamp) {
  if (!region->writable) return ISTH_E_REGION_READ_ONLY;
  if (row >= isth__region_row_count(region)) return ISTH_E_INVALID_ARGUMENT;
  if (region->buckets != 0) {
    struct isth__region_key key = isth__region_key_at(region, (const unsigned char *)value + region->key_offset);
    if (!isth__region_row_has_key(region, row, &key)) return ISTH_E_INVALID_ARGUMENT;
  }
  return lock_and_replace(region, row, 0, value, region->bytes, expected, stamp);
}

int isth_region_write_part(isth_region *region, uint32_t row, size_t offset, const void *part, size_t size,
                           uint64_t expected, isth_stamp *stamp) {
  if (!region->writable) return ISTH_E_REGION_READ_ONLY;
  if (row >= isth__region_row_count(region) || !isth__region_part_valid(region, offset, size))
    return ISTH_E_INVALID_ARGUMENT;
  bool within_key = offset < (size_t)region->key_offset + region->key_bytes && offset + size > region->key_offset;
  if (size != 0 && within_key) return ISTH_E_INVALID_ARGUMENT;
  return lock_and_replace(region, row, offset, part, size, expected, stamp);
}

/* Killed before it has a bucket, the row is not there; after that, the next writer adds it (isth__region_finish_row). */
static int add_row(isth_region *region, const struct isth__region_key *key, const void *value, uint32_t bucket,
                   uint32_t *number, isth_stamp *stamp) {
  *number = isth__region_row_count(region);
  if (*number == region->max_rows || bucket == region->buckets) return ISTH_E_REGION_FULL;
  struct isth__region_row *row = isth__region_row_at(region, *number);
  isth__store_relaxed(&row->latest, 0); /* one who died here may have written it */
  isth__region_key_store(region, *number, key);
  ISTH__FAILPOINT(region_keyed);
  publish_value(region, row, 0, value, region->bytes, stamp);
  isth__region_index_row(region, *number, bucket);
  ISTH__FAILPOINT(region_indexed);
  isth__region_add_row(region, *number);
  ISTH__FAILPOINT(region_added);
  isth__region_announce(region, false);
  return 0;
}

static int put_row(isth_region *region, const void *value, uint64_t expected, uint32_t *number, isth_stamp *stamp) {
  struct isth__region_key key = isth__region_key_at(region, (const unsigned char *)value + region->key_offset);
  uint32_t bucket;
  if (isth__region_find_row(region, &key, number, &bucket) == 0)
    return replace_part(region, *number, 0, value, region->bytes, expected, stamp);
  if (expected == ISTH_ANY_VERSION || expected == 0) return add_row(region, &key, value, bucket, number, stamp);
  if (stamp != NULL) *stamp = (isth_stamp){0, 0};
  return ISTH_E_REGION_CONFLICT;
}

int isth_region_put(isth_region *region, const void *value, uint64_t expected, uint32_t *row, isth_stamp *stamp) {
  if (region->buckets == 0) return ISTH_E_INVALID_ARGUMENT;
  if (!region->writable) return ISTH_E_REGION_READ_ONLY;
  int error = isth__region_lock(region);
  if (error != 0) return error;
  uint32_t number;
  error = put_row(region, value, expected, &number, stamp);
  isth__region_unlock(region);
  if (error == 0 && row != NULL) *row = number;
  return error;
}
