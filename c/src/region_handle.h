/* region_handle.h: one process's access to one region, and what the files that implement it share. */
#ifndef ISTH_REGION_HANDLE_H
#define ISTH_REGION_HANDLE_H

#include "region_memory.h"

#include <string.h>

struct isth_region {
  /* What reading needs, in one cache line. */
  _Alignas(64) unsigned char *rows;
  uint64_t row_bytes, slots_at, slot_bytes;
  struct isth__region_header *header;
  uint32_t bytes;
  uint32_t max_rows;
  uint32_t buckets; /* of the index; 0: no key, and one row, which is always there */
  bool writable;

  isth__atomic_u32 *index;
  uint64_t epoch;          /* read once: who else may write the memory changes nothing here */
  isth__atomic_u32 *armed; /* 1: somebody waits for a change */
  uint32_t key_offset, key_bytes;
  bool key_is_text;
  bool fences; /* a writer that others cannot make fence */
  isth__atomic_u32 interrupts;
  uint32_t process_id;
  int lock_fd; /* of the lock among processes; -1: one writer */
  uint32_t lock_byte;
  isth__atomic_u64 patience_ns; /* how long a write waits for it */
  void *owner;
  void (*release)(void *owner);
  pthread_mutex_t mutex; /* held while a thread of this process writes */
};

/* How many rows there are, whatever the memory says. Acquire: what is in them (isth__region_add_row). */
static inline uint32_t isth__region_row_count(const isth_region *region) {
  if (region->buckets == 0) return 1;
  uint32_t rows = isth__load_acquire(&region->header->rows);
  return rows < region->max_rows ? rows : region->max_rows;
}

static inline struct isth__region_row *isth__region_row_at(const isth_region *region, uint32_t row) {
  return (struct isth__region_row *)(void *)(region->rows + row * region->row_bytes);
}

static inline struct isth__region_slot *isth__region_slot_at(const isth_region *region, struct isth__region_row *row,
                                                             uint64_t version) {
  unsigned char *slots = (unsigned char *)row + region->slots_at;
  return (struct isth__region_slot *)(void *)(slots + version % ISTH__REGION_SLOTS * region->slot_bytes);
}

/* Whether `size` bytes from `offset` lie within a value. */
static inline bool isth__region_part_valid(const isth_region *region, size_t offset, size_t size) {
  return size <= region->bytes && offset <= region->bytes - size;
}

/* Copies `size` bytes that begin `offset` bytes behind `words`, in relaxed loads of whole words. */
static inline void isth__region_load(const isth__atomic_u64 *words, size_t offset, void *to, size_t size) {
  unsigned char *bytes = to;
  uint64_t word;
  words += offset / sizeof word;
  size_t skip = offset % sizeof word;
  if (skip != 0 && size != 0) {
    size_t taken = size < sizeof word - skip ? size : sizeof word - skip;
    word = isth__load_relaxed(words++);
    memcpy(bytes, (unsigned char *)&word + skip, taken);
    bytes += taken;
    size -= taken;
  }
  for (; size >= sizeof word; size -= sizeof word, bytes += sizeof word) {
    word = isth__load_relaxed(words++);
    memcpy(bytes, &word, sizeof word);
  }
  if (size != 0) {
    word = isth__load_relaxed(words);
    memcpy(bytes, &word, size);
  }
}

/* The reverse, in relaxed stores. Bytes beside those stay what they are. */
static inline void isth__region_store(isth__atomic_u64 *words, size_t offset, const void *from, size_t size) {
  const unsigned char *bytes = from;
  uint64_t word;
  words += offset / sizeof word;
  size_t skip = offset % sizeof word;
  if (skip != 0 && size != 0) {
    size_t taken = size < sizeof word - skip ? size : sizeof word - skip;
    word = isth__load_relaxed(words);
    memcpy((unsigned char *)&word + skip, bytes, taken);
    isth__store_relaxed(words++, word);
    bytes += taken;
    size -= taken;
  }
  for (; size >= sizeof word; size -= sizeof word, bytes += sizeof word) {
    memcpy(&word, bytes, sizeof word);
    isth__store_relaxed(words++, word);
  }
  if (size != 0) {
    word = isth__load_relaxed(words);
    memcpy(&word, bytes, size);
    isth__store_relaxed(words, word);
  }
}

/* region_key.c: the field that tells rows apart. Of text only what lies before its NUL counts. */
struct isth__region_key {
  const unsigned char *bytes;
  size_t length; /* of what counts; zeros follow */
};
/* The key whose field lies at `bytes`, which must stay. */
struct isth__region_key isth__region_key_at(const isth_region *region, const void *bytes);
bool isth__region_row_has_key(const isth_region *region, uint32_t row, const struct isth__region_key *key);
/* Finds the row of a key. Returns 0 or UNKNOWN_ROW; then `bucket`, which may be NULL, gets the free one that a new row
 * takes, or `buckets` if there is none. */
int isth__region_find_row(const isth_region *region, const struct isth__region_key *key, uint32_t *row,
                          uint32_t *bucket);
/* Under the lock: the three steps of adding the next row. Its first value is written between the first and the second;
 * it is there with the third. */
void isth__region_key_store(isth_region *region, uint32_t row, const struct isth__region_key *key);
void isth__region_index_row(isth_region *region, uint32_t row, uint32_t bucket);
void isth__region_add_row(isth_region *region, uint32_t row);
/* Under the lock: does the third for a writer that died before it. */
void isth__region_finish_row(isth_region *region);

/* region_lock.c: lets one writer in at a time, among threads and, with several writers, among processes. Repairs what
 * one that died has left. Returns 0, LOCK_TIMEOUT or SYSTEM. */
int isth__region_lock(isth_region *region);
void isth__region_unlock(isth_region *region);

/* region_wait.c: under the lock: tells watchers that there is something new. `wake`: even if none has said that it
 * sleeps. */
void isth__region_announce(isth_region *region, bool wake);

#endif
