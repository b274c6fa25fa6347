/*
 * region_memory.h: how one region lies in memory. Both sides compute it from the region's type, which the schema gives
 * them; nothing in memory describes the memory, so there is nothing to forge.
 *
 *   | header | index: buckets (tables only) | row 0 | row 1 | ...
 *   row:  | control: latest, key | slot 0 | slot 1 | slot 2 | slot 3 |
 *   slot: | sequence | time | the value |
 *
 * A row's version v lies in slot v mod 4, so that a write never touches the value that is the latest one, nor the two
 * before it.
 *
 * Writing version v (region_write.c), of which only one at a time goes on:
 *   1. the slot's sequence = 0; release fence; time and value, in relaxed stores; sequence = v (release)
 *   2. latest = v (release)
 *   3. changes + 1 (release), and a wake-up if somebody waits (region_wait.c)
 * Reading (region_read.c):
 *   1. v = latest (acquire); the slot's sequence (acquire) must be v; time and value, in relaxed loads
 *   2. acquire fence; the sequence (relaxed) must still be v; else begin again
 *
 * Why no reader gets a torn value: a load that sees anything of a later write to the slot also sees, after its fence,
 * that write's sequence 0 or a later one. And why a writer may be killed anywhere: until `latest` names it, nobody
 * looks at what it wrote. A reader is only disturbed by a writer that completes three writes, and begins a fourth,
 * during its one copy.
 *
 * c/model has all of this, waiting and adding rows as models, which are checked.
 */
#ifndef ISTH_REGION_MEMORY_H
#define ISTH_REGION_MEMORY_H

#include "platform.h"

#include <isthmus/region.h>

#include "atomic.h"

enum {
  ISTH__REGION_SLOTS = 4,
  ISTH__REGION_WATCH_BYTES = 64, /* a region's line in the watch memory; zeroed at first */
  ISTH__REGION_ALIGN = 128,      /* pairs of cache lines, which are fetched together */
  ISTH__REGION_MAX_BYTES = 65536,
  ISTH__REGION_MAX_ROWS = 1048576
};

struct isth__region_header {
  isth__atomic_u64 epoch; /* constant */
  isth__atomic_u32 rows;  /* how many there are; only grows */
  unsigned char apart[116];
  /* What each write changes lies apart from what does not change. */
  isth__atomic_u64 changes; /* its low half is what watchers sleep on */
  isth__atomic_u64 recovered;
  isth__atomic_u32 writer; /* the process that is writing, where there are several; 0: nobody is */
  unsigned char apart_too[108];
};
_Static_assert(sizeof(struct isth__region_header) == 256, "protocol layout");

struct isth__region_row {
  isth__atomic_u64 latest; /* the version of the latest value; 0: nothing was written */
  isth__atomic_u64 key[];  /* constant once the row can be found; of text, zeros from its NUL on */
};
_Static_assert(sizeof(struct isth__region_row) == 8, "protocol layout");

struct isth__region_slot {
  isth__atomic_u64 sequence; /* the version that lies here; 0: it is being written, or never was */
  isth__atomic_u64 time_ns;
  isth__atomic_u64 value[];
};
_Static_assert(sizeof(struct isth__region_slot) == 16, "protocol layout");

/* In bytes, from the region's beginning unless said otherwise. */
struct isth__region_layout {
  uint32_t buckets; /* of the index, a power of two; 0: no key */
  uint64_t rows_at;
  uint64_t row_bytes;
  uint64_t slots_at; /* from the row's beginning */
  uint64_t slot_bytes;
  uint64_t total; /* a multiple of ISTH__REGION_ALIGN */
};

/* Whether all of its numbers are within bounds, those of its key too, and it has a name. Everything below takes only
 * such types. */
bool isth__region_type_valid(const isth_region_type *type);

void isth__region_layout(const isth_region_type *type, struct isth__region_layout *layout);

/* The size of its memory: a multiple of ISTH__REGION_ALIGN, less than 2^39. Regions can lie one behind the other. */
uint64_t isth__region_memory_bytes(const isth_region_type *type);

/* Makes zeroed memory a region that nobody has written. Only its owner calls it, before anybody else has the memory. */
void isth__region_memory_init(unsigned char *memory, const isth_region_type *type, uint64_t epoch);

/* How this process comes at a region's memory. */
struct isth__region_access {
  unsigned char *memory; /* isth__region_memory_bytes of it, aligned to ISTH__REGION_ALIGN; initialised by the owner */
  unsigned char *watch_line; /* ISTH__REGION_WATCH_BYTES, writable by all, aligned to 64 */
  bool writable;             /* `memory` is mapped for writing */
  /* Of a region with several writers that is writable: the descriptor of its memory, only used during
   * isth__region_open, which opens it again. Else not looked at. */
  int lock_fd;
  /* What keeps the mappings: `release(owner)` is called once, by isth_region_close. `release` may be NULL. */
  void *owner;
  void (*release)(void *owner);
};

/*
 * Makes a region of its memory. Nothing of `type` and `access` is referred to afterwards. On failure `release` is not
 * called. Regions of one process that lie in the same memory keep out of each other's way where there are several
 * writers; of a region with one writer only one that is writable may be made.
 * Errors: OUT_OF_MEMORY, SYSTEM (no descriptor for the lock, or no /proc), UNSUPPORTED_PLATFORM (it has no such lock).
 */
int isth__region_open(isth_region **region, const isth_region_type *type, const struct isth__region_access *access);

#endif
