#include "region_handle.h"

struct isth__region_key isth__region_key_at(const isth_region *region, const void *bytes) {
  struct isth__region_key key = {bytes, region->key_bytes};
  if (region->key_is_text) key.length = strnlen(bytes, region->key_bytes);
  return key;
}

static inline size_t key_words(const isth_region *region) { return (region->key_bytes + 7u) / 8; }

/* The eight bytes of a key from `word` times eight; zeros behind its end. */
static inline uint64_t key_word(const struct isth__region_key *key, size_t word) {
  uint64_t value = 0;
  size_t at = word * sizeof value;
  if (at < key->length) {
    size_t left = key->length - at;
    memcpy(&value, key->bytes + at, left < sizeof value ? left : sizeof value);
  }
  return value;
}

/* Seeded with the epoch, which nobody can choose: else it were easy to find keys that all meet. */
static uint64_t hash_start(const isth_region *region) { return region->epoch; }

static uint64_t hash_word(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
  return hash ^ hash >> 32;
}

static uint32_t first_bucket(const isth_region *region, uint64_t hash) {
  return (uint32_t)hash_word(hash, 0) & (region->buckets - 1);
}

bool isth__region_row_has_key(const isth_region *region, uint32_t row, const struct isth__region_key *key) {
  const isth__atomic_u64 *words = isth__region_row_at(region, row)->key;
  for (size_t i = 0; i < key_words(region); i++)
    if (isth__load_relaxed(&words[i]) != key_word(key, i)) return false;
  return true;
}

int isth__region_find_row(const isth_region *region, const struct isth__region_key *key, uint32_t *row,
                          uint32_t *bucket) {
  uint64_t hash = hash_start(region);
  for (size_t i = 0; i < key_words(region); i++) hash = hash_word(hash, key_word(key, i));
  uint32_t at = first_bucket(region, hash);
  if (bucket != NULL) *bucket = region->buckets;
  for (uint32_t tries = 0; tries < region->buckets; tries++, at = (at + 1) & (region->buckets - 1)) {
    uint32_t number = isth__load_acquire(&region->index[at]); /* from isth__region_index_row: the row's key */
    if (number == 0) {
      if (bucket != NULL) *bucket = at;
      break;
    }
    /* A row that is being added, whose bucket comes before it, is not there yet. */
    if (number > isth__region_row_count(region) || !isth__region_row_has_key(region, number - 1, key)) continue;
    *row = number - 1;
    return 0;
  }
  return ISTH_E_UNKNOWN_ROW;
}

void isth__region_key_store(isth_region *region, uint32_t row, const struct isth__region_key *key) {
  isth__atomic_u64 *words = isth__region_row_at(region, row)->key;
  for (size_t i = 0; i < key_words(region); i++) isth__store_relaxed(&words[i], key_word(key, i));
}

void isth__region_index_row(isth_region *region, uint32_t row, uint32_t bucket) {
  isth__store_release(&region->index[bucket], row + 1); /* to isth__region_find_row */
}

void isth__region_add_row(isth_region *region, uint32_t row) {
  isth__store_release(&region->header->rows, row + 1); /* to isth__region_row_count */
}

void isth__region_finish_row(isth_region *region) {
  uint32_t row = isth__region_row_count(region);
  if (region->buckets == 0 || row == region->max_rows) return;
  /* If it has a bucket it has its key and its value too. If not, its key may be any bytes, and no bucket leads to it. */
  uint64_t hash = hash_start(region);
  const isth__atomic_u64 *words = isth__region_row_at(region, row)->key;
  for (size_t i = 0; i < key_words(region); i++) hash = hash_word(hash, isth__load_relaxed(&words[i]));
  uint32_t at = first_bucket(region, hash);
  for (uint32_t tries = 0; tries < region->buckets; tries++, at = (at + 1) & (region->buckets - 1)) {
    uint32_t number = isth__load_acquire(&region->index[at]); /* from isth__region_index_row */
    if (number == row + 1) isth__region_add_row(region, row);
    if (number == 0 || number == row + 1) return;
  }
}
