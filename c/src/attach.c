#include "attached.h"

#include "untorn.h"
#include "wire.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- what may have gone ---- */

static int fail_truncated(const isth_segment *segment, const unsigned char *address, isth_failure *failure) {
  if (failure == NULL) return ISTH_E_SEGMENT_TRUNCATED;
  struct stat status;
  const unsigned char *data = segment->data.bytes;
  if (data == NULL || address < data || address >= data + segment->bytes)
    return isth__fail(failure, ISTH_E_SEGMENT_TRUNCATED, "%s: the guard or the magic is gone", segment->place.text);
  if (segment->place.fd < 0 || fstat(segment->place.fd, &status) != 0)
    return isth__fail(failure, ISTH_E_SEGMENT_TRUNCATED, "%s: byte %zu of the struct is gone", segment->place.text,
                      (size_t)(address - data));
  return isth__fail(failure, ISTH_E_SEGMENT_TRUNCATED,
                    "%s: byte %zu of the struct is gone; there are %lld bytes now, of %llu", segment->place.text,
                    (size_t)(address - data), (long long)status.st_size, (unsigned long long)segment->place.bytes);
}

int isth__segment_touch(isth_segment *segment, void (*act)(void *), void *argument, isth_failure *failure) {
  const unsigned char *address;
  size_t count = sizeof segment->ranges / sizeof segment->ranges[0];
  if (isth__touch(segment->ranges, count, act, argument, &address)) return 0;
  return fail_truncated(segment, address, failure);
}

int isth__segment_reaches(const isth_segment *segment, size_t end, isth_failure *failure) {
  struct stat status;
  if (segment->place.fd < 0 || fstat(segment->place.fd, &status) != 0) return 0;
  uint64_t there = (uint64_t)status.st_size;
  if (there >= (uint64_t)segment->offset + end) return 0;
  size_t left = there > segment->offset ? (size_t)(there - segment->offset) : 0;
  return fail_truncated(segment, segment->data.bytes + left, failure);
}

/* ---- attaching ---- */

static int check_inside(const isth_segment *segment, const char *what, size_t offset, size_t bytes,
                        isth_failure *failure) {
  uint64_t all = segment->place.bytes;
  if (offset <= all && bytes <= all - offset) return 0;
  return isth__fail(failure, ISTH_E_SEGMENT_TOO_SMALL,
                    "%s has %llu bytes: %s, %zu bytes from %zu on, lies beyond its end", segment->place.text,
                    (unsigned long long)all, what, bytes, offset);
}

/* What is looked at once, inside isth__segment_touch. */
struct first_look {
  isth_segment *segment;
  const isth_segment_options *options;
  unsigned char *magic;
  bool is_other;
  int error;
  isth_failure *failure;
};

static void take_first_look(void *argument) {
  struct first_look *look = argument;
  const unsigned char *expected = look->options->magic;
  for (size_t i = 0; i < look->options->magic_bytes && !look->is_other; i++) {
    unsigned char byte;
    isth__untorn_load(&byte, look->magic + i, 1);
    look->is_other = byte != expected[i];
  }
  const struct isth__guard *guard = &look->segment->guard;
  if (!look->is_other && guard->way->look != NULL) look->error = guard->way->look(guard, look->failure);
}

static int check_contents(isth_segment *segment, const isth_segment_options *options, isth_failure *failure) {
  struct first_look look = {.segment = segment, .options = options, .failure = failure};
  struct isth__window window = {.base = NULL};
  if (options->magic_bytes > 0) {
    int error = isth__place_map(&segment->place, options->magic_offset, options->magic_bytes, false, &window, failure);
    if (error != 0) return error;
    look.magic = window.bytes;
    segment->ranges[2] = (struct isth__range){window.base, window.mapped};
  }
  int error = isth__segment_touch(segment, take_first_look, &look, failure);
  isth__place_unmap(&segment->place, &window);
  if (error != 0) return error;
  if (look.is_other)
    return isth__fail(failure, ISTH_E_SEGMENT_MISMATCH, "%s has another magic at %zu", segment->place.text,
                      options->magic_offset);
  return look.error;
}

/* The part of the struct that is the guard's. */
static void exclude_guard(isth_segment *segment, const isth_segment_options *options) {
  size_t from = options->guard.offset, to = from + isth__guard_bytes(&options->guard);
  size_t begin = options->offset, end = begin + options->bytes;
  if (from == to || to <= begin || from >= end) return;
  segment->own_from = from > begin ? from - begin : 0;
  segment->own_to = (to < end ? to : end) - begin;
}

static int attach_segment(isth_segment *segment, const isth_segment_options *options, isth_failure *failure) {
  /* A mutex is memory that whoever reads must write. */
  size_t guard_bytes = isth__guard_bytes(&options->guard);
  bool writes_guard = options->writable || options->guard.kind == ISTH_GUARD_MUTEX;
  int error = isth__place_open(&segment->place, &options->name, writes_guard, failure);
  if (error == ISTH_E_PERMISSION_DENIED && !options->writable && writes_guard)
    return isth__fail(failure, error, "%s cannot be opened for writing, which taking a mutex is", segment->place.text);
  if (error != 0) return error;
  error = check_inside(segment, "the struct", options->offset, options->bytes, failure);
  if (error == 0 && guard_bytes > 0)
    error = check_inside(segment, "the guard", options->guard.offset, guard_bytes, failure);
  if (error == 0 && options->magic_bytes > 0)
    error = check_inside(segment, "the magic", options->magic_offset, options->magic_bytes, failure);
  if (error != 0) return error;
  error = isth__place_map(&segment->place, options->offset, options->bytes, options->writable, &segment->data, failure);
  if (error == 0 && guard_bytes > 0)
    error = isth__place_map(&segment->place, options->guard.offset, guard_bytes, writes_guard, &segment->lock, failure);
  if (error == 0)
    error = isth__guard_open(&segment->guard, &options->guard, &segment->place, segment->lock.bytes, options->writable,
                             failure);
  if (error != 0) return error;
  exclude_guard(segment, options);
  segment->ranges[0] = (struct isth__range){segment->data.base, segment->data.mapped};
  segment->ranges[1] = segment->lock.base != NULL
                           ? (struct isth__range){segment->lock.base, segment->lock.mapped}
                           : (struct isth__range){segment->guard.memory, segment->guard.memory_bytes};
  isth__fault_install();
  error = check_contents(segment, options, failure);
  segment->ranges[2] = (struct isth__range){.begin = NULL};
  return error;
}

int isth_segment_attach(isth_segment **segment, const isth_segment_options *options, isth_failure *failure) {
  *segment = NULL;
  if (options->bytes == 0) return isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "a struct has at least one byte");
  if (options->magic == NULL && options->magic_bytes > 0)
    return isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "the magic's bytes are missing");
  isth_segment *attached = calloc(1, sizeof *attached);
  if (attached == NULL) return isth__fail(failure, ISTH_E_OUT_OF_MEMORY, "no memory for a segment");
  /* Closed in any case, also where it was not opened. */
  attached->place.fd = attached->guard.file = -1;
  attached->offset = options->offset;
  attached->bytes = options->bytes;
  attached->writable = options->writable;
  int error = attach_segment(attached, options, failure);
  if (error != 0) {
    isth_segment_detach(attached);
    return error;
  }
  *segment = attached;
  return 0;
}

void isth_segment_detach(isth_segment *segment) {
  if (segment == NULL) return;
  isth__guard_close(&segment->guard);
  isth__place_unmap(&segment->place, &segment->lock);
  isth__place_unmap(&segment->place, &segment->data);
  isth__place_close(&segment->place);
  free(segment);
}

bool isth_segment_current(const isth_segment *segment) {
  return isth__place_current(&segment->place) && isth__guard_current(&segment->guard);
}

uint64_t isth_segment_identity(const isth_segment *segment) { return segment->place.identity; }
