/*
 * region.h: state that one side writes and many read: always the latest value, always in one piece.
 *
 * A region belongs to a service. Its memory has no name and lives as long as somebody has it mapped: what was last
 * written stays readable after the service has gone. Whoever connects to the service gets it mapped, read-only unless
 * the schema declares several writers. A region is one row, or, with a key, a table of up to so many rows, found by one
 * of their fields.
 *
 * Caveats first:
 *  - A reader never waits for a writer, and a writer never for a reader. A writer that is killed at any instruction
 *    leaves each row as it was before or after the write.
 *  - Values are copied, in and out. What is read of a region with several writers may be any bytes: whoever may write
 *    it may write what he likes. Generated functions check what they read.
 *  - A region belongs to the process that got it, not to one that it forks: that would share its locks.
 *  - Of a region with several writers, each of them may keep the others from writing: they then get LOCK_TIMEOUT, after
 *    100 ms each time (isth_region_set_patience).
 *  - All functions are thread-safe, but closing.
 */
#ifndef ISTHMUS_REGION_H
#define ISTHMUS_REGION_H

#include <isthmus/client.h>
#include <isthmus/service.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One process's access to one region. */
typedef struct isth_region isth_region;

/* What is known of a value beside its bytes. */
typedef struct isth_stamp {
  uint64_t version; /* of the row: 1 for what was written first; 0: nothing was */
  int64_t time_ns;  /* when it was written, by CLOCK_REALTIME: ns since 1970-01-01T00:00:00Z; 0: nothing was */
} isth_stamp;

/* ---- getting one ---- */

/* The region of this number (from 1, in the order of the schema), of the service itself, which may always write it. The
 * service's, valid from isth_service_open until isth_service_close: see isth_service_on_stop. NULL: there is no such
 * region. */
ISTH_API isth_region *isth_service_region(isth_service *service, uint32_t id);

/* The same of the instance that a client is connected to. The caller's: give it back with isth_region_close, before or
 * after the client is closed. Errors: UNKNOWN_REGION, OUT_OF_MEMORY, SYSTEM (no descriptor left for the writers' lock). */
ISTH_API int isth_client_region(isth_client *client, uint32_t id, isth_region **region);

/* Nothing may use the region any more, not even in isth_region_wait. NULL is allowed. */
ISTH_API void isth_region_close(isth_region *region);

/* ---- what it is ---- */

/* Bytes of a row's value. */
ISTH_API size_t isth_region_bytes(const isth_region *region);
/* Whether this process may write it. */
ISTH_API bool isth_region_writable(const isth_region *region);
/* A random number that the owner chose when it made the memory: versions of the same row can be compared where this is
 * equal. */
ISTH_API uint64_t isth_region_epoch(const isth_region *region);
/* How many rows there are, which only grows: their numbers are 0 to one less. 1 without a key. */
ISTH_API uint32_t isth_region_rows(const isth_region *region);
/* How many writes to any of its rows there were: what isth_region_wait compares. Repairing what a writer left that died
 * counts as one. */
ISTH_API uint64_t isth_region_changes(const isth_region *region);
/* How many times a writer was found to have died in the midst of a write, of a region with several writers. */
ISTH_API uint64_t isth_region_recovered(const isth_region *region);
/* The process that is writing just now, of a region with several writers; 0: none is. A hint, by that process's own
 * word, and as its own PID namespace counts: for the message that goes with LOCK_TIMEOUT. */
ISTH_API uint32_t isth_region_holder(const isth_region *region);

/* The number of the row whose key field has the bytes at `key`, as they are in the struct; of text, up to its NUL. Errors:
 * UNKNOWN_ROW, and INVALID_ARGUMENT where the region has no key. */
ISTH_API int isth_region_find(const isth_region *region, const void *key, uint32_t *row);

/* ---- reading ---- */

/* Copies a row's latest value, isth_region_bytes() of them. `stamp` may be NULL. Errors: REGION_EMPTY (nothing was
 * written; the value is zeroed), INVALID_ARGUMENT (no such row), REGION_BUSY (overwritten again and again while it was
 * read: the value is of no use). */
ISTH_API int isth_region_read(const isth_region *region, uint32_t row, void *value, isth_stamp *stamp);

/* The same of `size` bytes from `offset` of the value: one field, or some. */
ISTH_API int isth_region_read_part(const isth_region *region, uint32_t row, size_t offset, void *part, size_t size,
                                   isth_stamp *stamp);

/* Only the stamp of the latest value; version 0 where nothing was written. Errors: INVALID_ARGUMENT, REGION_BUSY. */
ISTH_API int isth_region_stamp(const isth_region *region, uint32_t row, isth_stamp *stamp);

/* ---- writing ---- */

/* How long, in ns, each write through `region` from now on waits while another thread or process writes: 0 to only try.
 * 100 ms at first. Where there is one writer, its threads wait for each other without a bound: none of them takes long. */
ISTH_API void isth_region_set_patience(isth_region *region, uint64_t ns);

/* What a write may depend on: see isth_region_write. */
#define ISTH_ANY_VERSION UINT64_MAX

/*
 * Makes a copy of `value` the latest one. `expected`: only if the row is at this version (0: nothing was written);
 * ISTH_ANY_VERSION: whatever it is. `stamp` (may be NULL) gets the new one's; after REGION_CONFLICT, that of what is
 * there. In a table the value's key must be that of the row.
 * Errors: REGION_READ_ONLY, REGION_CONFLICT, INVALID_ARGUMENT (no such row, another key), LOCK_TIMEOUT (others held the
 * writers' lock for as long as isth_region_set_patience says), SYSTEM.
 */
ISTH_API int isth_region_write(isth_region *region, uint32_t row, const void *value, uint64_t expected,
                               isth_stamp *stamp);

/* Makes the latest value, with `size` bytes from `offset` replaced, the latest one: no write in between is lost. Of a
 * row that nobody has written, the other bytes are zeros. Errors: as isth_region_write; INVALID_ARGUMENT also for a
 * part of the key. */
ISTH_API int isth_region_write_part(isth_region *region, uint32_t row, size_t offset, const void *part, size_t size,
                                    uint64_t expected, isth_stamp *stamp);

/* In a table: writes to the row that has the value's key, or to a new one. `row` (may be NULL) gets its number. Errors:
 * as isth_region_write; REGION_FULL; INVALID_ARGUMENT without a key. */
ISTH_API int isth_region_put(isth_region *region, const void *value, uint64_t expected, uint32_t *row,
                             isth_stamp *stamp);

/* ---- watching ---- */

/* Waits until isth_region_changes() is another number than `changes`, at most `timeout_ns`, without using the CPU.
 * Returns 0, maybe although it still is that number, or DEADLINE_EXCEEDED. Costs a writer one system call for each
 * wake-up, however many wait. A wake-up can be up to 100 ms late if another client writes over what all watchers share.
 * A writer that dies between making a value the latest and counting it wakes nobody: read once more when the service has
 * gone (isth_client_check). With several writers, the next one counts it. */
ISTH_API int isth_region_wait(const isth_region *region, uint64_t changes, uint64_t timeout_ns);

/* Ends every isth_region_wait on this region in this process, and maybe in others, which then begin again: returns 0
 * there although nothing may have changed. One that goes to sleep at this very moment ends up to 100 ms later.
 * Async-signal-safe. */
ISTH_API void isth_region_interrupt(const isth_region *region);

#ifdef __cplusplus
}
#endif
#endif
