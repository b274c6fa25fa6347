/* segment_fuzz.c: a segment of another program under any guard that lies in it, at any place, with any bytes in it. */
#include "untorn.h"

#include "fuzz.h"

#include <isthmus/segment.h>
#include <sys/mman.h>
#include <unistd.h>

enum { BYTES = 512, STRUCT_MOST = 128 };

static int fd;
static unsigned char *shared;

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc;
  (void)argv;
  fd = memfd_create("fuzz", MFD_CLOEXEC);
  CHECK(fd >= 0);
  CHECK_EQUAL(ftruncate(fd, BYTES), 0);
  shared = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK(shared != MAP_FAILED);
  return 0;
}

/* Copies between any two places, against memcpy. */
static void copy(struct fuzz_input *input) {
  size_t size = fuzz_below(input, STRUCT_MOST), at = fuzz_below(input, 64);
  unsigned char *ours = malloc(size + 1), *theirs = malloc(at + size + 1);
  CHECK(ours != NULL && theirs != NULL);
  memset(theirs, 0, at + size + 1);
  (void)fuzz_bytes(input, theirs + at, size);
  isth__untorn_load(ours, theirs + at, size);
  CHECK(memcmp(ours, theirs + at, size) == 0);
  memset(theirs, 0, at + size + 1);
  isth__untorn_store(theirs + at, ours, size);
  if (size > 0) isth__untorn_reserve(theirs + at, size);
  CHECK(memcmp(ours, theirs + at, size) == 0 && theirs[at + size] == 0);
  free(ours);
  free(theirs);
}

/* What it is attached with: mostly right, now and then at a bound. */
static isth_segment_options options_of(struct fuzz_input *input) {
  static const isth_guard_kind guards[] = {ISTH_GUARD_NONE, ISTH_GUARD_SEQLOCK, ISTH_GUARD_MUTEX, ISTH_GUARD_FLOCK};
  isth_segment_options options = {.name = {.kind = ISTH_SEGMENT_FD, .fd = fd},
                                  .offset = fuzz_below(input, 256),
                                  .bytes = 1 + fuzz_below(input, STRUCT_MOST),
                                  .writable = fuzz_below(input, 2) == 0,
                                  .guard = {.kind = guards[fuzz_below(input, 4)],
                                            .offset = fuzz_below(input, 32) * 8,
                                            .width = fuzz_below(input, 2) == 0 ? 4 : 8}};
  switch (fuzz_below(input, 8)) {
  case 0: options.offset = (size_t)fuzz_nasty(input, BYTES); break;
  case 1: options.bytes = (size_t)fuzz_nasty(input, BYTES - options.offset); break;
  case 2: options.guard.offset = (size_t)fuzz_nasty(input, BYTES); break;
  case 3: options.guard.width = (size_t)fuzz_number(input, 1); break;
  default: break;
  }
  return options;
}

/* So that a mutex is one for the first look at least. */
static void make_mutex(struct fuzz_input *input, const isth_segment_options *options) {
  pthread_mutexattr_t attributes;
  pthread_mutex_t mutex;
  if (options->guard.offset > BYTES - sizeof mutex) return;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  if (fuzz_below(input, 2) == 0) pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  CHECK_EQUAL(pthread_mutex_init(&mutex, &attributes), 0);
  memcpy(shared + options->guard.offset, &mutex, sizeof mutex);
  pthread_mutexattr_destroy(&attributes);
  if (fuzz_below(input, 2) == 0) fuzz_scribble(input, shared + options->guard.offset, sizeof mutex);
}

static void use(struct fuzz_input *input, isth_segment *segment, size_t bytes) {
  size_t at = fuzz_below(input, STRUCT_MOST), size = fuzz_below(input, STRUCT_MOST);
  unsigned char *value = calloc(1, size + 1);
  isth_segment_stamp stamp;
  isth_failure failure;
  uint64_t expected = fuzz_below(input, 3);
  CHECK(value != NULL);
  int error;
  if (fuzz_below(input, 2) == 0) {
    error = isth_segment_read(segment, at, value, size, 0, &stamp, &failure);
  } else {
    error = isth_segment_write(segment, at, value, size, expected == 0 ? NULL : &expected, 0, &stamp, &failure);
  }
  CHECK(error <= 0);
  if (error == 0) CHECK(at <= bytes && size <= bytes - at);
  if (error != 0) CHECK(memchr(failure.message, 0, sizeof failure.message) != NULL);
  free(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input input = {data, size};
  copy(&input);
  memset(shared, 0, BYTES);
  fuzz_scribble(&input, shared, BYTES);
  const isth_segment_options options = options_of(&input);
  if (options.guard.kind == ISTH_GUARD_MUTEX) make_mutex(&input, &options);
  isth_segment *segment;
  isth_failure failure = {0, ""};
  int error = isth_segment_attach(&segment, &options, &failure);
  CHECK((error == 0) == (segment != NULL));
  if (error != 0) {
    CHECK(failure.error == error && failure.message[0] != '\0');
    return 0;
  }
  while (input.left > 0) {
    if (fuzz_below(&input, 3) == 0) {
      fuzz_scribble(&input, shared, BYTES);
    } else {
      use(&input, segment, options.bytes);
    }
  }
  isth_segment_detach(segment);
  return 0;
}
