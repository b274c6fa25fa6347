/*
 * region_hostile_test.c: memory of several writers, into which one of them writes anything at all. Nothing outside of
 * it is touched (its neighbours are pages that cannot be), every call ends, and with an error that it has; and the next
 * good write puts it right.
 */
#include "region_handle.h"

#include "random.h"
#include "region_fixture.h"

enum { PAGE = 4096, ROW_BYTES = 72, KEY_AT = 8, KEY_BYTES = 20, ROWS = 6 };

/* A table whose memory ends, or begins, at a page that faults. */
struct cell {
  isth_region_type type;
  unsigned char *pages, *memory;
  size_t page_bytes, bytes;
  isth__atomic_u32 *armed;
  isth_region *region;
  int fd;
};

static void cell_open(struct cell *cell, bool at_the_end) {
  cell->type = (isth_region_type){.id = 1,
                                  .name = "table",
                                  .bytes = ROW_BYTES,
                                  .rows = ROWS,
                                  .key_offset = KEY_AT,
                                  .key_bytes = KEY_BYTES,
                                  .key_is_text = true,
                                  .writers = ISTH_WRITERS_MANY};
  cell->bytes = isth__region_memory_bytes(&cell->type);
  size_t inner = (cell->bytes + PAGE - 1) / PAGE * PAGE;
  cell->page_bytes = inner + 2 * PAGE;
  cell->pages = mmap(NULL, cell->page_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(cell->pages != MAP_FAILED);
  CHECK_EQUAL(mprotect(cell->pages + PAGE, inner, PROT_READ | PROT_WRITE), 0);
  cell->memory = cell->pages + PAGE + (at_the_end ? inner - cell->bytes : 0);
  cell->armed = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  cell->fd = isth__memory_create(PAGE); /* for the lock */
  CHECK(cell->armed != MAP_FAILED && cell->fd >= 0);
  isth__region_memory_init(cell->memory, &cell->type, FIXTURE_EPOCH);
  const struct isth__region_access access = {
      .memory = cell->memory, .watch_line = (void *)cell->armed, .writable = true, .lock_fd = cell->fd};
  CHECK_EQUAL(isth__region_open(&cell->region, &cell->type, &access), 0);
}

static void cell_close(struct cell *cell) {
  isth_region_close(cell->region);
  munmap(cell->pages, cell->page_bytes);
  munmap(cell->armed, PAGE);
  close(cell->fd);
}

static void put_key(isth_region *region, unsigned int key) {
  unsigned char value[ROW_BYTES] = {0};
  value[KEY_AT] = (unsigned char)('a' + key);
  CHECK_EQUAL(isth_region_put(region, value, ISTH_ANY_VERSION, NULL, NULL), 0);
}

/* Does one call of any kind. Buffers are exactly as large as they have to be. */
static void call_anything(struct cell *cell, struct random *random) {
  isth_region *region = cell->region;
  unsigned char *value = calloc(1, ROW_BYTES);
  CHECK(value != NULL);
  value[KEY_AT] = (unsigned char)('a' + random_below(random, ROWS + 2));
  uint32_t row = (uint32_t)random_below(random, ROWS + 1), found = 0;
  uint64_t expected = random_below(random, 2) == 0 ? ISTH_ANY_VERSION : random_below(random, 3);
  isth_stamp stamp = {0, 0};
  int error = 0;
  switch (random_below(random, 8)) {
  case 0:
    error = isth_region_read(region, row, value, &stamp);
    CHECK(error == 0 || error == ISTH_E_REGION_EMPTY || error == ISTH_E_REGION_BUSY ||
          error == ISTH_E_INVALID_ARGUMENT);
    break;
  case 1:
    error = isth_region_read_part(region, row, 71, value, 1, &stamp);
    CHECK(error == 0 || error == ISTH_E_REGION_EMPTY || error == ISTH_E_REGION_BUSY ||
          error == ISTH_E_INVALID_ARGUMENT);
    break;
  case 2:
    error = isth_region_stamp(region, row, &stamp);
    CHECK(error == 0 || error == ISTH_E_REGION_BUSY || error == ISTH_E_INVALID_ARGUMENT);
    break;
  case 3:
    error = isth_region_find(region, value + KEY_AT, &found);
    CHECK(error == 0 || error == ISTH_E_UNKNOWN_ROW);
    CHECK(found < ROWS);
    break;
  case 4:
    error = isth_region_put(region, value, expected, &found, &stamp);
    CHECK(error == 0 || error == ISTH_E_REGION_CONFLICT || error == ISTH_E_REGION_FULL);
    CHECK(found < ROWS);
    break;
  case 5:
    error = isth_region_write(region, row, value, expected, &stamp);
    CHECK(error == 0 || error == ISTH_E_REGION_CONFLICT || error == ISTH_E_INVALID_ARGUMENT);
    break;
  case 6:
    error = isth_region_write_part(region, row, 30, value, 42, expected, &stamp);
    CHECK(error == 0 || error == ISTH_E_REGION_CONFLICT || error == ISTH_E_INVALID_ARGUMENT);
    break;
  default:
    error = isth_region_wait(region, isth_region_changes(region), 1000);
    CHECK(error == 0 || error == ISTH_E_DEADLINE_EXCEEDED);
    CHECK(isth_region_rows(region) <= ROWS);
    CHECK_EQUAL(isth_region_epoch(region), FIXTURE_EPOCH);
  }
  free(value);
}

/* Words that mean most: small numbers, the largest ones, and any. */
static uint64_t bad_word(struct random *random) {
  uint64_t word = random_next(random);
  switch (random_below(random, 4)) {
  case 0: return word % 8;
  case 1: return UINT64_MAX - word % 8;
  case 2: return (word % 8) | (word % 64) << 32;
  default: return word;
  }
}

static void scribble(struct cell *cell, struct random *random) {
  isth__atomic_u64 *words = (isth__atomic_u64 *)(void *)cell->memory;
  /* One word, or all of the header and the index, or everything. */
  size_t count = cell->bytes / 8, header = (sizeof(struct isth__region_header) + 64) / 8;
  switch (random_below(random, 3)) {
  case 0: isth__store_relaxed(&words[random_below(random, count)], bad_word(random)); break;
  case 1:
    for (size_t i = 0; i < header; i++) isth__store_relaxed(&words[i], bad_word(random));
    break;
  default:
    for (size_t i = 0; i < count; i++) isth__store_relaxed(&words[i], bad_word(random));
  }
  isth__store_relaxed(cell->armed, (uint32_t)bad_word(random));
}

static void any_bytes_do_no_harm(void) {
  struct random random = random_start(5);
  for (int round = is_slow() ? 40 : 400; round > 0; round--) {
    struct cell cell;
    cell_open(&cell, round % 2 == 0);
    for (unsigned int key = 0; key < random_below(&random, ROWS + 1); key++) put_key(cell.region, key);
    for (int i = 0; i < 20; i++) {
      scribble(&cell, &random);
      for (int calls = 0; calls < 10; calls++) call_anything(&cell, &random);
    }
    cell_close(&cell);
  }
}

struct scribbler {
  struct cell cell;
  isth__atomic_u32 stop;
};

static void *scribble_on(void *argument) {
  struct scribbler *scribbler = argument;
  struct random random = random_start(6);
  while (isth__load_relaxed(&scribbler->stop) == 0) scribble(&scribbler->cell, &random);
  return NULL;
}

static void any_bytes_at_any_time_do_no_harm(void) {
  for (int at_the_end = 0; at_the_end < 2; at_the_end++) {
    struct scribbler scribbler = {.stop = 0};
    struct random random = random_start(7);
    pthread_t thread;
    cell_open(&scribbler.cell, at_the_end);
    CHECK_EQUAL(pthread_create(&thread, NULL, scribble_on, &scribbler), 0);
    for (int calls = is_slow() ? 500 : 20000; calls > 0; calls--) call_anything(&scribbler.cell, &random);
    isth__store_relaxed(&scribbler.stop, 1);
    CHECK_EQUAL(pthread_join(thread, NULL), 0);
    cell_close(&scribbler.cell);
  }
}

/* ---- one thing at a time ---- */

static void check_mended(isth_region *region) {
  unsigned char value[ROW_BYTES] = {0}, seen[ROW_BYTES];
  isth_stamp written, stamp;
  value[KEY_AT] = 'a';
  value[0] = 42;
  CHECK_EQUAL(isth_region_write(region, 0, value, ISTH_ANY_VERSION, &written), 0);
  CHECK_EQUAL(isth_region_read(region, 0, seen, &stamp), 0);
  CHECK(memcmp(seen, value, sizeof value) == 0);
  CHECK_EQUAL(stamp.version, written.version);
  CHECK(stamp.version != 0 && stamp.version != ISTH_ANY_VERSION);
}

static void the_next_write_mends_a_row(void) {
  static const uint64_t versions[] = {0, 2, 1000, UINT64_MAX - 1, UINT64_MAX - 2, UINT64_MAX};
  struct cell cell;
  cell_open(&cell, true);
  put_key(cell.region, 0);
  struct isth__region_row *row = isth__region_row_at(cell.region, 0);
  for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
    unsigned char value[ROW_BYTES];
    isth_stamp stamp;
    isth__store_relaxed(&row->latest, versions[i]);
    int wanted = versions[i] == 0 ? ISTH_E_REGION_EMPTY : ISTH_E_REGION_BUSY;
    CHECK_EQUAL(isth_region_read(cell.region, 0, value, NULL), wanted);
    CHECK_EQUAL(isth_region_stamp(cell.region, 0, &stamp), versions[i] == 0 ? 0 : ISTH_E_REGION_BUSY);
    check_mended(cell.region);
  }
  /* A sequence that is not what `latest` says. */
  isth__store_relaxed(&isth__region_slot_at(cell.region, row, isth__load_relaxed(&row->latest))->sequence, 0);
  CHECK_EQUAL(isth_region_stamp(cell.region, 0, NULL), ISTH_E_REGION_BUSY);
  check_mended(cell.region);
  cell_close(&cell);
}

static void an_index_of_nonsense_finds_nothing(void) {
  static const uint32_t buckets[] = {1, 2, ROWS, ROWS + 1, UINT32_MAX};
  struct cell cell;
  cell_open(&cell, true);
  put_key(cell.region, 0);
  char key[KEY_BYTES] = "b";
  uint32_t row;
  for (size_t i = 0; i < sizeof buckets / sizeof buckets[0]; i++) {
    /* No bucket is free: the search ends all the same. */
    for (uint32_t at = 0; at < cell.region->buckets; at++) isth__store_relaxed(&cell.region->index[at], buckets[i]);
    CHECK_EQUAL(isth_region_find(cell.region, key, &row), ISTH_E_UNKNOWN_ROW);
    unsigned char value[ROW_BYTES] = {0};
    value[KEY_AT] = 'b';
    CHECK_EQUAL(isth_region_put(cell.region, value, ISTH_ANY_VERSION, &row, NULL), ISTH_E_REGION_FULL);
    /* And so does mending it. */
    isth__store_relaxed(&cell.region->header->writer, 1);
    check_mended(cell.region);
    CHECK_EQUAL(isth_region_recovered(cell.region), i + 1);
  }
  cell_close(&cell);
}

static void a_wrong_number_of_rows_is_bounded(void) {
  struct cell cell;
  cell_open(&cell, true);
  unsigned char value[ROW_BYTES] = {0};
  isth__store_relaxed(&cell.region->header->rows, UINT32_MAX);
  CHECK_EQUAL(isth_region_rows(cell.region), ROWS);
  CHECK_EQUAL(isth_region_read(cell.region, ROWS - 1, value, NULL), ISTH_E_REGION_EMPTY);
  CHECK_EQUAL(isth_region_read(cell.region, ROWS, value, NULL), ISTH_E_INVALID_ARGUMENT);
  CHECK_EQUAL(isth_region_write(cell.region, ROWS, value, ISTH_ANY_VERSION, NULL), ISTH_E_INVALID_ARGUMENT);
  CHECK_EQUAL(isth_region_put(cell.region, value, ISTH_ANY_VERSION, NULL, NULL), ISTH_E_REGION_FULL);
  isth__store_relaxed(&cell.region->header->rows, 0);
  CHECK_EQUAL(isth_region_rows(cell.region), 0);
  CHECK_EQUAL(isth_region_read(cell.region, 0, value, NULL), ISTH_E_INVALID_ARGUMENT);
  cell_close(&cell);
}

int main(void) {
  static const struct test_case tests[] = {
      {"any bytes do no harm", any_bytes_do_no_harm},
      {"any bytes at any time do no harm", any_bytes_at_any_time_do_no_harm},
      {"the next write mends a row", the_next_write_mends_a_row},
      {"an index of nonsense finds nothing", an_index_of_nonsense_finds_nothing},
      {"a wrong number of rows is bounded", a_wrong_number_of_rows_is_bounded},
  };
  return RUN_TESTS("region_hostile_test", tests);
}
