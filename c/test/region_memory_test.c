/* region_memory_test.c: which regions there can be, and how large their memory is. */
#include "region_fixture.h"

static const isth_region_type value = {.id = 1, .name = "state", .bytes = 64, .rows = 1};
static const isth_region_type table = {.id = 1, .name = "market", .bytes = 64, .rows = 64, .key_bytes = 8};

static bool valid_with(isth_region_type type) { return isth__region_type_valid(&type); }

#define VALID_WITH(type, field, number) valid_with(with_##field(type, number))
#define DEFINE_WITH(field, field_type)                                                                                 \
  static isth_region_type with_##field(isth_region_type type, field_type number) {                                     \
    type.field = number;                                                                                               \
    return type;                                                                                                       \
  }
DEFINE_WITH(id, uint32_t)
DEFINE_WITH(name, const char *)
DEFINE_WITH(bytes, uint32_t)
DEFINE_WITH(rows, uint32_t)
DEFINE_WITH(key_offset, uint32_t)
DEFINE_WITH(key_bytes, uint32_t)
DEFINE_WITH(writers, isth_writers)

static void types_have_bounds(void) {
  CHECK(isth__region_type_valid(&value));
  CHECK(isth__region_type_valid(&table));
  CHECK(!VALID_WITH(value, id, 0));
  CHECK(VALID_WITH(value, id, ISTH_MAX_REGIONS));
  CHECK(!VALID_WITH(value, id, ISTH_MAX_REGIONS + 1));
  CHECK(!VALID_WITH(value, name, NULL));
  CHECK(!VALID_WITH(value, name, ""));
  char name[ISTH_NAME_BYTES + 1];
  memset(name, 'a', sizeof name);
  name[ISTH_NAME_BYTES - 1] = '\0';
  CHECK(VALID_WITH(value, name, name));
  name[ISTH_NAME_BYTES - 1] = 'a';
  name[ISTH_NAME_BYTES] = '\0';
  CHECK(!VALID_WITH(value, name, name));
  CHECK(!VALID_WITH(value, bytes, 0));
  CHECK(VALID_WITH(value, bytes, 1));
  CHECK(VALID_WITH(value, bytes, 65536));
  CHECK(!VALID_WITH(value, bytes, 65537));
  CHECK(!VALID_WITH(value, rows, 0));
  CHECK(!VALID_WITH(value, rows, 2)); /* without a key */
  CHECK(!VALID_WITH(table, rows, 0));
  CHECK(VALID_WITH(table, rows, 1));
  CHECK(VALID_WITH(table, rows, 1048576));
  CHECK(!VALID_WITH(table, rows, 1048577));
  CHECK(VALID_WITH(table, key_offset, 56));
  CHECK(!VALID_WITH(table, key_offset, 57));
  CHECK(!VALID_WITH(table, key_offset, UINT32_MAX));
  CHECK(!VALID_WITH(table, key_offset, UINT32_MAX - 7)); /* where the sum wraps around */
  CHECK(VALID_WITH(table, key_bytes, 64));
  CHECK(!VALID_WITH(table, key_bytes, 65));
  CHECK(!VALID_WITH(table, key_bytes, UINT32_MAX));
  CHECK(VALID_WITH(value, writers, ISTH_WRITERS_MANY));
  CHECK(!VALID_WITH(value, writers, (isth_writers)2));
}

/* Nothing overlaps, all is aligned, and all is inside. */
static void check_layout(const isth_region_type *type) {
  struct isth__region_layout layout;
  isth__region_layout(type, &layout);
  CHECK_EQUAL(layout.buckets & (layout.buckets - 1), 0);
  if (type->key_bytes == 0) {
    CHECK_EQUAL(layout.buckets, 0);
  } else {
    CHECK(layout.buckets >= 2 * type->rows && layout.buckets < 4 * type->rows + 2);
  }
  CHECK(layout.rows_at >= sizeof(struct isth__region_header) + 4 * (uint64_t)layout.buckets);
  CHECK(layout.slots_at >= sizeof(struct isth__region_row) + type->key_bytes);
  CHECK(layout.slot_bytes >= sizeof(struct isth__region_slot) + type->bytes);
  CHECK(layout.row_bytes >= layout.slots_at + 4 * layout.slot_bytes);
  CHECK(layout.total >= layout.rows_at + type->rows * layout.row_bytes);
  CHECK_EQUAL(layout.rows_at % 64, 0);
  CHECK_EQUAL(layout.row_bytes % 64, 0);
  CHECK_EQUAL(layout.slots_at % 64, 0);
  CHECK_EQUAL(layout.slot_bytes % 64, 0);
  CHECK_EQUAL(layout.total % ISTH__REGION_ALIGN, 0);
  CHECK_EQUAL(isth__region_memory_bytes(type), layout.total);
}

static void layouts_have_room_for_everything(void) {
  static const uint32_t sizes[] = {1, 7, 8, 47, 48, 49, 64, 4096, 65535, 65536};
  static const uint32_t rows[] = {1, 2, 3, 64, 65, 1048576};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    isth_region_type type = with_bytes(value, sizes[i]);
    check_layout(&type);
    for (size_t j = 0; j < sizeof rows / sizeof rows[0]; j++) {
      type = with_rows(with_key_bytes(with_bytes(table, sizes[i]), sizes[i]), rows[j]);
      check_layout(&type);
      type = with_key_bytes(type, 1);
      check_layout(&type);
    }
  }
  /* What README and ARCHITECTURE may say of it. */
  CHECK_EQUAL(isth__region_memory_bytes(&value), 896);
  isth_region_type largest = with_rows(with_key_bytes(with_bytes(table, 65536), 65536), 1048576);
  CHECK(isth__region_memory_bytes(&largest) < (uint64_t)1 << 39);
}

static void fresh_memory_is_an_empty_region(void) {
  struct region_fixture fixture;
  fixture_open(&fixture, table);
  isth_region *region = fixture_reader(&fixture);
  CHECK_EQUAL(isth_region_bytes(region), 64);
  CHECK_EQUAL(isth_region_rows(region), 0);
  CHECK_EQUAL(isth_region_epoch(region), FIXTURE_EPOCH);
  CHECK_EQUAL(isth_region_changes(region), 0);
  CHECK_EQUAL(isth_region_recovered(region), 0);
  CHECK_EQUAL(isth_region_holder(region), 0);
  CHECK(!isth_region_writable(region));
  isth_region_close(region);
  fixture_close(&fixture);
  fixture_open(&fixture, value);
  region = fixture_writer(&fixture);
  CHECK_EQUAL(isth_region_rows(region), 1);
  CHECK(isth_region_writable(region));
  isth_region_close(region);
  fixture_close(&fixture);
}

static void closing_gives_everything_back(void) {
  struct region_fixture fixture;
  size_t descriptors = count_descriptors(), segments = count_segments();
  isth_region_type shared = value;
  shared.writers = ISTH_WRITERS_MANY;
  fixture_open(&fixture, shared);
  CHECK_EQUAL(count_descriptors(), descriptors + 1);
  isth_region *writer = fixture_writer(&fixture), *reader = fixture_reader(&fixture);
  CHECK_EQUAL(count_descriptors(), descriptors + 2); /* the writer's own opening, for the lock */
  CHECK_EQUAL(count_segments(), segments + 2);
  isth_region_close(reader);
  CHECK_EQUAL(count_segments(), segments + 1);
  isth_region_close(writer);
  CHECK_EQUAL(count_descriptors(), descriptors + 1);
  isth_region_close(NULL);
  /* A descriptor that cannot be opened again. */
  struct isth__region_access access = {
      .memory = fixture.memory, .watch_line = fixture.watch, .writable = true, .lock_fd = -1};
  CHECK_EQUAL(isth__region_open(&writer, &fixture.type, &access), ISTH_E_SYSTEM);
  fixture_close(&fixture);
  CHECK_EQUAL(count_descriptors(), descriptors);
}

int main(void) {
  static const struct test_case tests[] = {
      {"types have bounds", types_have_bounds},
      {"layouts have room for everything", layouts_have_room_for_everything},
      {"fresh memory is an empty region", fresh_memory_is_an_empty_region},
      {"closing gives everything back", closing_gives_everything_back},
  };
  return RUN_TESTS("region_memory_test", tests);
}
