/* region_value_test.c: one process, one value: reading, writing, versions, and every error. */
#include "region_fixture.h"

#include "random.h"

#include <time.h>

static void runs_with_either_kind(void (*test)(struct region_fixture *, isth_region *), uint32_t bytes) {
  for (int many = 0; many < 2; many++) {
    struct region_fixture fixture;
    fixture_open(&fixture,
                 (isth_region_type){.bytes = bytes, .rows = 1, .writers = many ? ISTH_WRITERS_MANY : ISTH_WRITERS_ONE});
    isth_region *region = fixture_writer(&fixture);
    test(&fixture, region);
    isth_region_close(region);
    fixture_close(&fixture);
  }
}

static void empty(struct region_fixture *fixture, isth_region *region) {
  unsigned char value[64], part[5] = {1, 1, 1, 1, 1}, zeros[64] = {0};
  isth_stamp stamp = {9, 9};
  (void)fixture;
  memset(value, 1, sizeof value);
  CHECK_EQUAL(isth_region_read(region, 0, value, &stamp), ISTH_E_REGION_EMPTY);
  CHECK(memcmp(value, zeros, sizeof value) == 0);
  CHECK(stamp.version == 0 && stamp.time_ns == 0);
  CHECK_EQUAL(isth_region_read(region, 0, value, NULL), ISTH_E_REGION_EMPTY);
  CHECK_EQUAL(isth_region_read_part(region, 0, 59, part, 5, NULL), ISTH_E_REGION_EMPTY);
  CHECK(memcmp(part, zeros, sizeof part) == 0);
  stamp = (isth_stamp){9, 9};
  CHECK_EQUAL(isth_region_stamp(region, 0, &stamp), 0);
  CHECK(stamp.version == 0 && stamp.time_ns == 0);
  CHECK_EQUAL(isth_region_stamp(region, 0, NULL), 0);
}

static void an_empty_region_reads_as_zeros(void) { runs_with_either_kind(empty, 64); }

static int64_t wall_ns(void) {
  struct timespec now;
  CHECK_EQUAL(clock_gettime(CLOCK_REALTIME, &now), 0);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void counts(struct region_fixture *fixture, isth_region *region) {
  isth_region *reader = fixture_reader(fixture);
  unsigned char value[64], seen[64];
  for (uint64_t version = 1; version <= 20; version++) {
    isth_stamp stamp, again = {0, 0};
    int64_t before_ns = wall_ns();
    value_fill(value, sizeof value, version);
    CHECK_EQUAL(isth_region_write(region, 0, value, ISTH_ANY_VERSION, &stamp), 0);
    CHECK_EQUAL(stamp.version, version);
    CHECK(stamp.time_ns >= before_ns && stamp.time_ns <= wall_ns());
    CHECK_EQUAL(isth_region_read(reader, 0, seen, &again), 0);
    CHECK(memcmp(seen, value, sizeof value) == 0);
    CHECK(again.version == version && again.time_ns == stamp.time_ns);
    again = (isth_stamp){0, 0};
    CHECK_EQUAL(isth_region_stamp(reader, 0, &again), 0);
    CHECK(again.version == version && again.time_ns == stamp.time_ns);
    CHECK_EQUAL(isth_region_changes(reader), version);
    CHECK_EQUAL(isth_region_holder(reader), 0);
  }
  CHECK_EQUAL(isth_region_write(region, 0, value, ISTH_ANY_VERSION, NULL), 0);
  CHECK_EQUAL(isth_region_read(reader, 0, seen, NULL), 0);
  CHECK_EQUAL(isth_region_recovered(reader), 0);
  isth_region_close(reader);
}

static void each_write_has_a_version_and_a_time(void) { runs_with_either_kind(counts, 64); }

static void conflicts(struct region_fixture *fixture, isth_region *region) {
  unsigned char value[64] = {1};
  isth_stamp stamp, first;
  (void)fixture;
  stamp = (isth_stamp){9, 9};
  CHECK_EQUAL(isth_region_write(region, 0, value, 1, &stamp), ISTH_E_REGION_CONFLICT);
  CHECK(stamp.version == 0 && stamp.time_ns == 0);
  CHECK_EQUAL(isth_region_write(region, 0, value, 0, &first), 0);
  CHECK_EQUAL(isth_region_write(region, 0, value, 0, &stamp), ISTH_E_REGION_CONFLICT);
  CHECK(stamp.version == 1 && stamp.time_ns == first.time_ns);
  CHECK_EQUAL(isth_region_write(region, 0, value, 2, NULL), ISTH_E_REGION_CONFLICT);
  CHECK_EQUAL(isth_region_write_part(region, 0, 0, value, 1, 2, NULL), ISTH_E_REGION_CONFLICT);
  CHECK_EQUAL(isth_region_changes(region), 1);
  CHECK_EQUAL(isth_region_write(region, 0, value, 1, &stamp), 0);
  CHECK_EQUAL(stamp.version, 2);
  CHECK_EQUAL(isth_region_write_part(region, 0, 0, value, 1, 2, &stamp), 0);
  CHECK_EQUAL(stamp.version, 3);
}

static void a_write_can_depend_on_the_version(void) { runs_with_either_kind(conflicts, 64); }

static void refuses(struct region_fixture *fixture, isth_region *region) {
  unsigned char value[64] = {1};
  uint32_t row;
  isth_stamp stamp;
  CHECK_EQUAL(isth_region_write(region, 0, value, ISTH_ANY_VERSION, NULL), 0);
  static const size_t parts[][2] = {
      {0, 65}, {64, 1}, {65, 0}, {63, 2}, {SIZE_MAX, 1}, {1, SIZE_MAX}, {SIZE_MAX, SIZE_MAX}};
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
    CHECK_EQUAL(isth_region_read_part(region, 0, parts[i][0], value, parts[i][1], NULL), ISTH_E_INVALID_ARGUMENT);
    CHECK_EQUAL(isth_region_write_part(region, 0, parts[i][0], value, parts[i][1], ISTH_ANY_VERSION, NULL),
                ISTH_E_INVALID_ARGUMENT);
  }
  CHECK_EQUAL(isth_region_read(region, 1, value, NULL), ISTH_E_INVALID_ARGUMENT);
  CHECK_EQUAL(isth_region_read(region, UINT32_MAX, value, NULL), ISTH_E_INVALID_ARGUMENT);
  CHECK_EQUAL(isth_region_read_part(region, 1, 0, value, 1, NULL), ISTH_E_INVALID_ARGUMENT);
  CHECK_EQUAL(isth_region_stamp(region, 1, &stamp), ISTH_E_INVALID_ARGUMENT);
  CHECK_EQUAL(isth_region_write(region, 1, value, ISTH_ANY_VERSION, NULL), ISTH_E_INVALID_ARGUMENT);
  CHECK_EQUAL(isth_region_write_part(region, 1, 0, value, 1, ISTH_ANY_VERSION, NULL), ISTH_E_INVALID_ARGUMENT);
  /* Without a key. */
  CHECK_EQUAL(isth_region_put(region, value, ISTH_ANY_VERSION, &row, NULL), ISTH_E_INVALID_ARGUMENT);
  CHECK_EQUAL(isth_region_find(region, value, &row), ISTH_E_INVALID_ARGUMENT);
  isth_region *reader = fixture_reader(fixture);
  CHECK_EQUAL(isth_region_write(reader, 0, value, ISTH_ANY_VERSION, NULL), ISTH_E_REGION_READ_ONLY);
  CHECK_EQUAL(isth_region_write_part(reader, 0, 0, value, 1, ISTH_ANY_VERSION, NULL), ISTH_E_REGION_READ_ONLY);
  isth_region_close(reader);
  CHECK_EQUAL(isth_region_changes(region), 1);
}

static void bad_arguments_are_refused(void) { runs_with_either_kind(refuses, 64); }

/* Any sizes and parts, against a plain array. */
static void parts(struct region_fixture *fixture, isth_region *region) {
  struct random random = random_start(fixture->type.bytes);
  size_t bytes = isth_region_bytes(region);
  /* Exactly as large as the value, so that a sanitizer sees any byte too many. */
  unsigned char *model = calloc(1, bytes), *seen = malloc(bytes);
  CHECK(model != NULL && seen != NULL);
  isth_region *reader = fixture_reader(fixture);
  uint64_t version = 0;
  for (int round = is_slow() ? 200 : 3000; round > 0; round--) {
    size_t offset = random_below(&random, bytes + 1), size = random_below(&random, bytes - offset + 1);
    if (random_below(&random, 2) == 0 && size > 20) size = random_below(&random, 20);
    unsigned char *part = malloc(size + 1);
    CHECK(part != NULL);
    for (size_t i = 0; i < size; i++) part[i] = (unsigned char)random_next(&random);
    isth_stamp stamp = {0, 0};
    if (random_below(&random, 3) == 0) {
      memset(part, 1, size);
      CHECK_EQUAL(isth_region_read_part(reader, 0, offset, part, size, &stamp), version == 0 ? ISTH_E_REGION_EMPTY : 0);
      CHECK(memcmp(part, model + offset, size) == 0);
      CHECK_EQUAL(stamp.version, version);
    } else {
      memcpy(model + offset, part, size);
      CHECK_EQUAL(isth_region_write_part(region, 0, offset, part, size, version, &stamp), 0);
      CHECK_EQUAL(stamp.version, ++version);
      CHECK_EQUAL(isth_region_read(reader, 0, seen, NULL), 0);
      CHECK(memcmp(seen, model, bytes) == 0);
    }
    free(part);
  }
  isth_region_close(reader);
  free(model);
  free(seen);
}

static void parts_change_nothing_beside_them(void) {
  static const uint32_t sizes[] = {1, 2, 7, 8, 9, 16, 63, 64, 100, 4097};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) runs_with_either_kind(parts, sizes[i]);
}

int main(void) {
  static const struct test_case tests[] = {
      {"an empty region reads as zeros", an_empty_region_reads_as_zeros},
      {"each write has a version and a time", each_write_has_a_version_and_a_time},
      {"a write can depend on the version", a_write_can_depend_on_the_version},
      {"bad arguments are refused", bad_arguments_are_refused},
      {"parts change nothing beside them", parts_change_nothing_beside_them},
  };
  return RUN_TESTS("region_value_test", tests);
}
