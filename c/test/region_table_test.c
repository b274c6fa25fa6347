/* region_table_test.c: tables: rows by key, in one process. */
#include "region_fixture.h"

#include "random.h"

enum { KEY_AT = 3, KEY_BYTES = 13, ROW_BYTES = 40, MODEL_ROWS = 24 };

static const isth_region_type text_table = {
    .bytes = ROW_BYTES, .rows = MODEL_ROWS, .key_offset = KEY_AT, .key_bytes = KEY_BYTES, .key_is_text = true};

static isth_region_type shared(isth_region_type type) {
  type.writers = ISTH_WRITERS_MANY;
  return type;
}

static void rows_are_found_by_key(void) {
  struct region_fixture fixture;
  fixture_open(&fixture, (isth_region_type){.bytes = 16, .rows = 3, .key_bytes = 8});
  isth_region *region = fixture_writer(&fixture), *reader = fixture_reader(&fixture);
  uint64_t value[2] = {0, 7}, key = 0; /* a key of zeros is a key like any other */
  uint32_t row = 99;
  isth_stamp stamp;
  CHECK_EQUAL(isth_region_find(reader, &key, &row), ISTH_E_UNKNOWN_ROW);
  CHECK_EQUAL(isth_region_read(reader, 0, value, NULL), ISTH_E_INVALID_ARGUMENT);
  CHECK_EQUAL(isth_region_put(region, value, ISTH_ANY_VERSION, &row, &stamp), 0);
  CHECK_EQUAL(row, 0);
  CHECK_EQUAL(stamp.version, 1);
  CHECK_EQUAL(isth_region_rows(reader), 1);
  for (uint64_t i = 1; i < 3; i++) {
    value[0] = i << 40;
    CHECK_EQUAL(isth_region_put(region, value, 0, NULL, &stamp), 0);
    CHECK_EQUAL(stamp.version, 1);
    CHECK_EQUAL(isth_region_find(reader, &value[0], &row), 0);
    CHECK_EQUAL(row, i);
  }
  CHECK_EQUAL(isth_region_find(reader, &key, &row), 0);
  CHECK_EQUAL(row, 0);
  /* Full: no other key fits, but those that are there can be written. */
  value[0] = 5;
  row = 99;
  CHECK_EQUAL(isth_region_put(region, value, ISTH_ANY_VERSION, &row, NULL), ISTH_E_REGION_FULL);
  CHECK_EQUAL(row, 99);
  CHECK_EQUAL(isth_region_find(reader, &value[0], &row), ISTH_E_UNKNOWN_ROW);
  value[0] = 0;
  CHECK_EQUAL(isth_region_put(region, value, 1, &row, &stamp), 0);
  CHECK_EQUAL(row, 0);
  CHECK_EQUAL(stamp.version, 2);
  CHECK_EQUAL(isth_region_rows(reader), 3);
  CHECK_EQUAL(isth_region_changes(reader), 4);
  CHECK_EQUAL(isth_region_put(reader, value, ISTH_ANY_VERSION, NULL, NULL), ISTH_E_REGION_READ_ONLY);
  isth_region_close(region);
  isth_region_close(reader);
  fixture_close(&fixture);
}

static void writes_to_rows_are_checked(void) {
  struct region_fixture fixture;
  fixture_open(&fixture, shared(text_table));
  isth_region *region = fixture_writer(&fixture);
  unsigned char value[ROW_BYTES] = {0}, part[ROW_BYTES] = {0};
  memcpy(value + KEY_AT, "BTC", 4);
  isth_stamp stamp = {9, 9};
  uint32_t row;
  CHECK_EQUAL(isth_region_write(region, 0, value, ISTH_ANY_VERSION, NULL), ISTH_E_INVALID_ARGUMENT); /* no row yet */
  CHECK_EQUAL(isth_region_write_part(region, 0, 0, part, 1, ISTH_ANY_VERSION, NULL), ISTH_E_INVALID_ARGUMENT);
  CHECK_EQUAL(isth_region_put(region, value, 3, &row, &stamp), ISTH_E_REGION_CONFLICT);
  CHECK(stamp.version == 0 && stamp.time_ns == 0);
  CHECK_EQUAL(isth_region_put(region, value, 3, &row, NULL), ISTH_E_REGION_CONFLICT);
  CHECK_EQUAL(isth_region_rows(region), 0);
  CHECK_EQUAL(isth_region_put(region, value, 0, &row, NULL), 0);
  CHECK_EQUAL(isth_region_put(region, value, 0, &row, &stamp), ISTH_E_REGION_CONFLICT);
  CHECK_EQUAL(stamp.version, 1);
  CHECK_EQUAL(isth_region_write(region, 0, value, 1, NULL), 0);
  value[KEY_AT + 1] = 'A';
  CHECK_EQUAL(isth_region_write(region, 0, value, ISTH_ANY_VERSION, NULL), ISTH_E_INVALID_ARGUMENT); /* another key */
  /* Parts: all but the key's bytes. */
  for (size_t offset = 0; offset <= ROW_BYTES; offset++) {
    for (size_t size = 0; size <= ROW_BYTES - offset; size++) {
      bool overlaps = false;
      for (size_t i = offset; i < offset + size; i++) overlaps |= i >= KEY_AT && i < KEY_AT + KEY_BYTES;
      int error = isth_region_write_part(region, 0, offset, part, size, ISTH_ANY_VERSION, NULL);
      CHECK_EQUAL(error, overlaps ? ISTH_E_INVALID_ARGUMENT : 0);
    }
  }
  CHECK_EQUAL(isth_region_read_part(region, 0, KEY_AT, part, KEY_BYTES, NULL), 0);
  CHECK(memcmp(part, "BTC", 4) == 0);
  isth_region_close(region);
  fixture_close(&fixture);
}

static void what_follows_the_nul_of_a_text_key_does_not_count(void) {
  struct region_fixture fixture;
  fixture_open(&fixture, text_table);
  isth_region *region = fixture_writer(&fixture);
  unsigned char value[ROW_BYTES] = {0};
  uint32_t row = 99;
  memcpy(value + KEY_AT, "BTC\0garbage!", 13);
  CHECK_EQUAL(isth_region_put(region, value, 0, NULL, NULL), 0);
  memcpy(value + KEY_AT, "BTC\0other", 10);
  CHECK_EQUAL(isth_region_put(region, value, 1, &row, NULL), 0);
  CHECK_EQUAL(row, 0);
  CHECK_EQUAL(isth_region_write(region, 0, value, 2, NULL), 0);
  CHECK_EQUAL(isth_region_find(region, "BTC\0zzzzzzzzz", &row), 0);
  CHECK_EQUAL(isth_region_find(region, "BTCx\0zzzzzzzz", &row), ISTH_E_UNKNOWN_ROW);
  CHECK_EQUAL(isth_region_find(region, "BT\0zzzzzzzzzz", &row), ISTH_E_UNKNOWN_ROW);
  CHECK_EQUAL(isth_region_find(region, "\0zzzzzzzzzzzz", &row), ISTH_E_UNKNOWN_ROW);
  isth_region_close(region);
  fixture_close(&fixture);
  /* Of bytes all count. */
  isth_region_type bytes = text_table;
  bytes.key_is_text = false;
  fixture_open(&fixture, bytes);
  region = fixture_writer(&fixture);
  CHECK_EQUAL(isth_region_put(region, value, 0, NULL, NULL), 0);
  value[KEY_AT + KEY_BYTES - 1] ^= 1;
  CHECK_EQUAL(isth_region_put(region, value, 0, &row, NULL), 0);
  CHECK_EQUAL(row, 1);
  isth_region_close(region);
  fixture_close(&fixture);
}

/* ---- any operations, against plain arrays ---- */

struct model {
  uint32_t rows;
  unsigned char values[MODEL_ROWS][ROW_BYTES];
  uint64_t versions[MODEL_ROWS], changes;
};

static bool same_key(const unsigned char *a, const unsigned char *b) {
  return strncmp((const char *)a, (const char *)b, KEY_BYTES) == 0;
}

static uint32_t model_find(const struct model *model, const unsigned char *key) {
  uint32_t row = 0;
  while (row < model->rows && !same_key(model->values[row] + KEY_AT, key)) row++;
  return row;
}

static void random_value(struct random *random, unsigned char value[ROW_BYTES]) {
  for (size_t i = 0; i < ROW_BYTES; i++) value[i] = (unsigned char)random_next(random);
  /* Few keys, some as long as the field, so without a NUL. */
  size_t length = random_below(random, 4) == 0 ? KEY_BYTES : random_below(random, 4);
  for (size_t i = 0; i < length; i++) value[KEY_AT + i] = (unsigned char)('a' + (i < 3 ? random_below(random, 3) : 0));
  if (length < KEY_BYTES) value[KEY_AT + length] = '\0';
}

static uint64_t random_expected(struct random *random, uint64_t version) {
  return random_below(random, 4) == 0   ? random_below(random, 5)
         : random_below(random, 2) == 0 ? version
                                        : ISTH_ANY_VERSION;
}

static int model_write(struct model *model, uint32_t row, const unsigned char *value, uint64_t expected) {
  if (expected != ISTH_ANY_VERSION && expected != model->versions[row]) return ISTH_E_REGION_CONFLICT;
  memcpy(model->values[row], value, ROW_BYTES);
  model->versions[row]++;
  model->changes++;
  return 0;
}

static void try_put(struct model *model, struct random *random, isth_region *region) {
  unsigned char value[ROW_BYTES];
  random_value(random, value);
  uint32_t row = model_find(model, value + KEY_AT), got = UINT32_MAX;
  uint64_t version = row < model->rows ? model->versions[row] : 0, expected = random_expected(random, version);
  int error;
  if (row < model->rows) {
    error = model_write(model, row, value, expected);
  } else if (expected != ISTH_ANY_VERSION && expected != 0) {
    error = ISTH_E_REGION_CONFLICT;
  } else if (row == MODEL_ROWS) {
    error = ISTH_E_REGION_FULL;
  } else {
    model->rows++;
    error = model_write(model, row, value, expected);
  }
  isth_stamp stamp = {77, 0};
  CHECK_EQUAL(isth_region_put(region, value, expected, &got, &stamp), error);
  if (error == 0) CHECK_EQUAL(got, row);
  if (error != ISTH_E_REGION_FULL) CHECK_EQUAL(stamp.version, error == 0 ? model->versions[row] : version);
}

static void try_write(struct model *model, struct random *random, isth_region *region) {
  unsigned char value[ROW_BYTES];
  random_value(random, value);
  uint32_t row = (uint32_t)random_below(random, MODEL_ROWS + 2);
  if (row < model->rows && random_below(random, 4) > 0) memcpy(value + KEY_AT, model->values[row] + KEY_AT, KEY_BYTES);
  uint64_t version = row < model->rows ? model->versions[row] : 0, expected = random_expected(random, version);
  int error = row >= model->rows || !same_key(model->values[row] + KEY_AT, value + KEY_AT)
                  ? ISTH_E_INVALID_ARGUMENT
                  : model_write(model, row, value, expected);
  CHECK_EQUAL(isth_region_write(region, row, value, expected, NULL), error);
}

static void try_find(const struct model *model, struct random *random, const isth_region *reader) {
  unsigned char value[ROW_BYTES];
  random_value(random, value);
  uint32_t row = model_find(model, value + KEY_AT), got = UINT32_MAX;
  CHECK_EQUAL(isth_region_find(reader, value + KEY_AT, &got), row < model->rows ? 0 : ISTH_E_UNKNOWN_ROW);
  CHECK_EQUAL(got, row < model->rows ? row : UINT32_MAX);
}

static void any_operations_do_what_arrays_do(void) {
  struct random random = random_start(11);
  for (int round = is_slow() ? 4 : 40; round > 0; round--) {
    struct region_fixture fixture;
    struct model model = {.rows = 0};
    fixture_open(&fixture, round % 2 == 0 ? text_table : shared(text_table));
    isth_region *region = fixture_writer(&fixture), *reader = fixture_reader(&fixture);
    for (int i = 0; i < 500; i++) {
      switch (random_below(&random, 3)) {
      case 0: try_put(&model, &random, region); break;
      case 1: try_write(&model, &random, region); break;
      default: try_find(&model, &random, reader);
      }
      CHECK_EQUAL(isth_region_rows(reader), model.rows);
      CHECK_EQUAL(isth_region_changes(reader), model.changes);
    }
    for (uint32_t row = 0; row < model.rows; row++) {
      unsigned char value[ROW_BYTES];
      isth_stamp stamp;
      CHECK_EQUAL(isth_region_read(reader, row, value, &stamp), 0);
      CHECK(memcmp(value, model.values[row], ROW_BYTES) == 0);
      CHECK_EQUAL(stamp.version, model.versions[row]);
    }
    isth_region_close(region);
    isth_region_close(reader);
    fixture_close(&fixture);
  }
}

/* ---- sizes ---- */

static void fill_table(uint32_t rows, uint32_t key_bytes, uint32_t bytes) {
  struct region_fixture fixture;
  fixture_open(&fixture, (isth_region_type){.bytes = bytes, .rows = rows, .key_bytes = key_bytes});
  isth_region *region = fixture_writer(&fixture), *reader = fixture_reader(&fixture);
  unsigned char *value = calloc(1, bytes);
  uint32_t row, keys = key_bytes == 1 ? 256 : UINT32_MAX;
  CHECK(value != NULL);
  for (uint32_t i = 0; i < rows; i++) {
    memcpy(value + key_bytes - (key_bytes < 4 ? key_bytes : 4), &i, key_bytes < 4 ? key_bytes : 4);
    CHECK_EQUAL(isth_region_put(region, value, 0, &row, NULL), 0);
    CHECK_EQUAL(row, i);
  }
  for (uint32_t i = 0; i < rows + 10 && i < keys; i++) {
    memcpy(value + key_bytes - (key_bytes < 4 ? key_bytes : 4), &i, key_bytes < 4 ? key_bytes : 4);
    CHECK_EQUAL(isth_region_find(reader, value, &row), i < rows ? 0 : ISTH_E_UNKNOWN_ROW);
    if (i < rows) CHECK_EQUAL(row, i);
    if (i >= rows) CHECK_EQUAL(isth_region_put(region, value, 0, NULL, NULL), ISTH_E_REGION_FULL);
  }
  free(value);
  isth_region_close(region);
  isth_region_close(reader);
  fixture_close(&fixture);
}

static void tables_of_all_sizes_fill_up(void) {
  fill_table(1, 4, 4);
  fill_table(1, 1, 1);
  fill_table(2, 2, 9);
  fill_table(256, 1, 8);
  fill_table(1000, 300, 301);
  fill_table(3, 65536, 65536);
  fill_table(is_slow() ? 2000 : 100000, 8, 8);
}

int main(void) {
  static const struct test_case tests[] = {
      {"rows are found by key", rows_are_found_by_key},
      {"writes to rows are checked", writes_to_rows_are_checked},
      {"what follows the NUL of a text key does not count", what_follows_the_nul_of_a_text_key_does_not_count},
      {"any operations do what arrays do", any_operations_do_what_arrays_do},
      {"tables of all sizes fill up", tables_of_all_sizes_fill_up},
  };
  return RUN_TESTS("region_table_test", tests);
}
