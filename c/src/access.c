/* access.c: reading and writing an attached segment, under its guard. */
#include "attached.h"

#include "untorn.h"
#include "wire.h"

#include <string.h>

/* One access. All that touches shared memory runs inside isth__segment_touch. */
struct visit {
  isth_segment *segment;
  size_t offset, size;
  unsigned char *to;         /* reading */
  const unsigned char *from; /* writing */
  const uint64_t *expected;
  bool versioned; /* the version is asked for */
  uint64_t version;
  struct isth__hold hold;
  int error;
};

static bool is_seqlock(const isth_segment *segment) { return segment->guard.kind == ISTH_GUARD_SEQLOCK; }

static size_t later_of(size_t a, size_t b) { return a > b ? a : b; }
static size_t earlier_of(size_t a, size_t b) { return a < b ? a : b; }

/* ---- copying ---- */

/* The digest of the whole struct, but for the guard's bytes, from a copy in pieces, of which what is asked for is kept:
 * so it is of the same bytes. */
static uint64_t copy_and_digest(struct visit *visit) {
  enum { PIECE = 2048 };
  const isth_segment *segment = visit->segment;
  unsigned char piece[PIECE];
  struct isth__digest digest;
  isth__digest_begin(&digest);
  size_t begin = 0, end, keep_to = visit->offset + visit->size;
  for (;; begin = end) {
    end = earlier_of(begin + PIECE, segment->bytes);
    isth__untorn_load(piece, segment->data.bytes + begin, end - begin);
    size_t from = later_of(begin, visit->offset), to = earlier_of(end, keep_to);
    if (visit->to != NULL && from < to) memcpy(visit->to + (from - visit->offset), piece + (from - begin), to - from);
    from = later_of(begin, segment->own_from);
    to = earlier_of(end, segment->own_to);
    if (from < to) memset(piece + (from - begin), 0, to - from);
    if (end == segment->bytes) return isth__digest_end(&digest, piece, end - begin);
    isth__digest_add(&digest, piece, end - begin);
  }
}

/* The version of what is there; reading, with a copy of what is asked for. */
static uint64_t find_version(struct visit *visit) {
  if (!is_seqlock(visit->segment)) return copy_and_digest(visit);
  if (visit->to != NULL) isth__untorn_load(visit->to, visit->segment->data.bytes + visit->offset, visit->size);
  return isth__seqlock_version(&visit->segment->guard, visit->hold.counter);
}

/* All but the guard's bytes. */
static void store_value(const struct visit *visit) {
  const isth_segment *segment = visit->segment;
  size_t begin = visit->offset, end = begin + visit->size;
  size_t before = earlier_of(end, later_of(begin, segment->own_from)),
         after = later_of(begin, earlier_of(end, segment->own_to));
  if (segment->own_from == segment->own_to) before = after = end;
  isth__untorn_store(segment->data.bytes + begin, visit->from, before - begin);
  isth__untorn_store(segment->data.bytes + after, visit->from + (after - begin), end - after);
}

/* ---- under the guard ---- */

static int take_guard(struct visit *visit) {
  struct isth__guard *guard = &visit->segment->guard;
  return guard->way->take(guard, &visit->hold);
}

static int release_guard(struct visit *visit) {
  struct isth__guard *guard = &visit->segment->guard;
  return guard->way->release(guard, &visit->hold);
}

static void read_visit(void *argument) {
  struct visit *visit = argument;
  isth_segment *segment = visit->segment;
  do {
    visit->error = take_guard(visit);
    if (visit->error != 0) return;
    if (visit->hold.owner_died) {
      (void)release_guard(visit);
      visit->error = isth__fail(visit->hold.failure, ISTH_E_LOCK_OWNER_DIED, "the lock of %s can be used again",
                                segment->place.text);
      return;
    }
    if (visit->versioned) {
      visit->version = find_version(visit);
    } else {
      isth__untorn_load(visit->to, segment->data.bytes + visit->offset, visit->size);
    }
    visit->error = release_guard(visit);
  } while (visit->error == ISTH__GUARD_MOVED && isth__patience_wait(&visit->hold.patience));
  if (visit->error == ISTH__GUARD_MOVED)
    visit->error =
        isth__fail(visit->hold.failure, ISTH_E_REGION_BUSY, "%s changed each time it was read", segment->place.text);
}

/* Writes, or says why not. */
static int write_held(struct visit *visit) {
  isth_segment *segment = visit->segment;
  isth_failure *failure = visit->hold.failure;
  bool is_whole = visit->size == segment->bytes;
  if (visit->expected != NULL || is_seqlock(segment)) visit->version = find_version(visit);
  bool conflicts = visit->expected != NULL && *visit->expected != visit->version;
  /* What is there may be half-written, so nothing can be said about its version. */
  if (visit->hold.owner_died && (!is_whole || conflicts))
    return isth__fail(failure, ISTH_E_LOCK_OWNER_DIED, "the lock of %s can be used again", segment->place.text);
  if (conflicts)
    return isth__fail(failure, ISTH_E_REGION_CONFLICT, "%s is at version %llu, not %llu", segment->place.text,
                      (unsigned long long)visit->version, (unsigned long long)*visit->expected);
  visit->hold.changed = true;
  store_value(visit);
  if (is_seqlock(segment)) {
    visit->version = isth__seqlock_version(&segment->guard, visit->hold.counter + 2);
  } else if (visit->versioned) {
    visit->version = copy_and_digest(visit);
  }
  return 0;
}

static void write_visit(void *argument) {
  struct visit *visit = argument;
  /* A file system that is full says so here, before anything is held or changed. */
  isth__untorn_reserve(visit->segment->data.bytes + visit->offset, visit->size);
  visit->error = take_guard(visit);
  if (visit->error != 0) return;
  visit->error = write_held(visit);
  int error = release_guard(visit);
  if (visit->error == 0) visit->error = error;
}

/* Where the bytes end that an access depends on: those of the whole struct if its digest is taken. */
static size_t end_of(const struct visit *visit) {
  bool is_digested = (visit->versioned || visit->expected != NULL) && !is_seqlock(visit->segment);
  return is_digested ? visit->segment->bytes : visit->offset + visit->size;
}

static void release_visit(void *argument) { (void)release_guard(argument); }

static int make_visit(struct visit *visit, void (*act)(void *), isth_segment_stamp *stamp) {
  isth_failure *failure = visit->hold.failure;
  int error = isth__segment_touch(visit->segment, act, visit, failure);
  if (error == 0) {
    error = visit->error;
  } else if (visit->hold.held) {
    visit->hold.failure = NULL;
    (void)isth__segment_touch(visit->segment, release_visit, visit, NULL);
  }
  const struct isth__guard_way *way = visit->segment->guard.way;
  if (way->settle != NULL) way->settle(&visit->hold);
  if (stamp != NULL && (error == 0 || error == ISTH_E_REGION_CONFLICT)) stamp->version = visit->version;
  return error;
}

/* ---- the interface ---- */

static int check_range(const isth_segment *segment, size_t offset, size_t size, isth_failure *failure) {
  if (offset <= segment->bytes && size <= segment->bytes - offset) return 0;
  return isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "%zu bytes from %zu on lie beyond the struct's %zu", size, offset,
                    segment->bytes);
}

int isth_segment_read(isth_segment *segment, size_t offset, void *bytes, size_t size, uint64_t timeout_ns,
                      isth_segment_stamp *stamp, isth_failure *failure) {
  struct visit visit = {.segment = segment, .offset = offset, .size = size, .to = bytes, .versioned = stamp != NULL};
  int error = check_range(segment, offset, size, failure);
  if (error != 0) return error;
  visit.hold.patience = isth__patience_begin(timeout_ns);
  visit.hold.failure = failure;
  error = make_visit(&visit, read_visit, stamp);
  return error != 0 ? error : isth__segment_reaches(segment, end_of(&visit), failure);
}

static int check_write(const isth_segment *segment, size_t offset, size_t size, bool expects, isth_failure *failure) {
  if (!segment->writable)
    return isth__fail(failure, ISTH_E_REGION_READ_ONLY, "%s is not attached for writing", segment->place.text);
  int error = check_range(segment, offset, size, failure);
  if (error != 0) return error;
  if (size == 0) return isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "no bytes to write");
  if (offset >= segment->own_from && offset + size <= segment->own_to)
    return isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "these bytes are the guard's own");
  if (segment->guard.kind != ISTH_GUARD_NONE) return 0;
  if (expects)
    return isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "without a guard no version can be expected: name one");
  bool is_scalar = size == 1 || size == 2 || size == 4 || size == 8;
  if (size == segment->bytes || (is_scalar && (uintptr_t)(segment->data.bytes + offset) % size == 0)) return 0;
  return isth__fail(failure, ISTH_E_INVALID_ARGUMENT,
                    "without a guard only 1, 2, 4 or 8 aligned bytes can be written, or all: name one");
}

int isth_segment_write(isth_segment *segment, size_t offset, const void *bytes, size_t size, const uint64_t *expected,
                       uint64_t timeout_ns, isth_segment_stamp *stamp, isth_failure *failure) {
  struct visit visit = {.segment = segment,
                        .offset = offset,
                        .size = size,
                        .from = bytes,
                        .expected = expected,
                        .versioned = stamp != NULL};
  int error = check_write(segment, offset, size, expected != NULL, failure);
  if (error == 0) error = isth__segment_reaches(segment, end_of(&visit), failure);
  if (error != 0) return error;
  visit.hold.exclusive = true;
  visit.hold.patience = isth__patience_begin(timeout_ns);
  visit.hold.failure = failure;
  return make_visit(&visit, write_visit, stamp);
}
