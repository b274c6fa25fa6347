/* region_fuzz.c: a region of several writers, into whose memory one of them writes anything: every call ends, with an error that it
 * has, and touches nothing outside. */
#include "region_handle.h"

#include "fuzz.h"

#include <unistd.h>

enum { VALUE_BYTES = 40, KEY_AT = 4, KEY_BYTES = 12, ROWS = 5, EPOCH = 4711 };

static int lock_fd;
static unsigned char *watch_line;

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  void *line;
  (void)argc;
  (void)argv;
  lock_fd = isth__memory_create(4096);
  CHECK(lock_fd >= 0);
  CHECK_EQUAL(posix_memalign(&line, 64, ISTH__REGION_WATCH_BYTES), 0);
  watch_line = line;
  return 0;
}

static isth_region_type type_of(struct fuzz_input *input) {
  isth_region_type type = {.id = 1, .name = "table", .bytes = VALUE_BYTES, .rows = 1, .writers = ISTH_WRITERS_MANY};
  uint64_t choice = fuzz_below(input, 3);
  if (choice == 0) return type;
  type.rows = ROWS;
  type.key_offset = KEY_AT;
  type.key_bytes = choice == 1 ? KEY_BYTES : 4;
  type.key_is_text = choice == 1;
  return type;
}

static bool may_read(int error) {
  return error == 0 || error == ISTH_E_REGION_EMPTY || error == ISTH_E_REGION_BUSY || error == ISTH_E_INVALID_ARGUMENT;
}

static bool may_write(int error) {
  return error == 0 || error == ISTH_E_REGION_CONFLICT || error == ISTH_E_INVALID_ARGUMENT ||
         error == ISTH_E_REGION_FULL;
}

/* One call of any kind. The value is exactly as large as it has to be. */
static void call(struct fuzz_input *input, isth_region *region, unsigned char *value) {
  uint32_t row = (uint32_t)fuzz_below(input, ROWS + 1), found = 0;
  uint64_t expected = fuzz_below(input, 2) == 0 ? ISTH_ANY_VERSION : fuzz_below(input, 3);
  size_t offset = fuzz_below(input, VALUE_BYTES + 2), size = fuzz_below(input, VALUE_BYTES + 1);
  isth_stamp stamp;
  value[KEY_AT] = (unsigned char)('a' + fuzz_below(input, ROWS + 2));
  switch (fuzz_below(input, 8)) {
  case 0: CHECK(may_read(isth_region_read(region, row, value, &stamp))); break;
  case 1: CHECK(may_read(isth_region_read_part(region, row, offset, value, size, &stamp))); break;
  case 2: CHECK(may_read(isth_region_stamp(region, row, &stamp))); break;
  case 3:
    if (region->buckets != 0 && isth_region_find(region, value + KEY_AT, &found) == 0) CHECK(found < ROWS);
    break;
  case 4: CHECK(may_write(isth_region_put(region, value, expected, &found, &stamp)) && found < ROWS); break;
  case 5: CHECK(may_write(isth_region_write(region, row, value, expected, &stamp))); break;
  case 6: CHECK(may_write(isth_region_write_part(region, row, offset, value, size, expected, &stamp))); break;
  default:
    CHECK(isth_region_rows(region) <= ROWS);
    CHECK_EQUAL(isth_region_epoch(region), EPOCH);
    (void)isth_region_wait(region, isth_region_changes(region), 0);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input input = {data, size};
  const isth_region_type type = type_of(&input);
  size_t bytes = (size_t)isth__region_memory_bytes(&type);
  void *memory;
  isth_region *region;
  CHECK_EQUAL(posix_memalign(&memory, ISTH__REGION_ALIGN, bytes), 0);
  memset(memory, 0, bytes);
  memset(watch_line, 0, ISTH__REGION_WATCH_BYTES);
  isth__region_memory_init(memory, &type, EPOCH);
  const struct isth__region_access access = {
      .memory = memory, .watch_line = watch_line, .writable = true, .lock_fd = lock_fd};
  CHECK_EQUAL(isth__region_open(&region, &type, &access), 0);
  unsigned char *value = calloc(1, VALUE_BYTES);
  CHECK(value != NULL);
  while (input.left > 0) {
    switch (fuzz_below(&input, 4)) {
    case 0: fuzz_scribble(&input, memory, bytes); break;
    case 1: {
      /* A word of the header, the index or the first row, where numbers mean most. */
      uint64_t word = fuzz_nasty(&input, ROWS);
      memcpy((unsigned char *)memory + fuzz_below(&input, bytes / 8 < 96 ? bytes / 8 : 96) * 8, &word, sizeof word);
      break;
    }
    default: call(&input, region, value);
    }
  }
  free(value);
  isth_region_close(region);
  free(memory);
  return 0;
}
