/*
 * region_kill_test.c: a writer is killed after each instruction of a write. What there was, or what it wrote, is read
 * whole, and the next writer goes on.
 */
#include "region_handle.h"

#include "region_stepped.h"

/* Steps a new child `steps` instructions into its work, and kills it there. False: the work was done before. */
static bool kill_after(const struct work *work, unsigned int steps) {
  pid_t child = start_stepped(work);
  bool goes_on = true;
  while (steps > 0 && goes_on) {
    goes_on = step(child);
    steps--;
  }
  kill_child(child);
  return goes_on;
}

struct tally {
  unsigned int before, after, held;
};

static void check_tally(const struct tally *tally, bool many) {
  CHECK(tally->before > 0 && tally->after > 0);
  CHECK((tally->held > 0) == many);
}

/* The next writer finds that one died if that one said that it was writing, and goes on from the last whole value. */
static void write_after_a_death(struct region_fixture *fixture, const isth_region *reader, struct tally *tally) {
  bool held = isth_region_holder(reader) != 0;
  uint64_t recovered = isth_region_recovered(reader), changes = isth_region_changes(reader);
  isth_stamp before, after;
  isth_region *writer = fixture_writer(fixture);
  CHECK_EQUAL(isth_region_stamp(reader, 0, &before), 0);
  CHECK_EQUAL(isth_region_write_part(writer, 0, 8, NULL, 0, ISTH_ANY_VERSION, &after), 0);
  CHECK_EQUAL(after.version, before.version + 1);
  CHECK_EQUAL(isth_region_recovered(reader), recovered + held);
  CHECK_EQUAL(isth_region_changes(reader), changes + 1 + held);
  CHECK_EQUAL(isth_region_holder(reader), 0);
  isth_region_close(writer);
  tally->held += held;
}

/* `apart`: how many instructions lie between two kills. It is 1 where there are several writers: they do all that one
 * does, and more. */
static void kill_a_writer(isth_writers writers, void (*run)(isth_region *), unsigned int apart) {
  struct region_fixture fixture;
  struct tally tally = {0, 0, 0};
  fixture_open(&fixture, value_type(writers));
  isth_region *writer = fixture_writer(&fixture), *reader = fixture_reader(&fixture);
  write_value(writer, 1000000);
  isth_region_close(writer);
  uint64_t seed = 1000000;
  bool goes_on = true;
  for (unsigned int steps = 0; goes_on; steps += apart) {
    isth_stamp before, after;
    CHECK_EQUAL(read_seed(reader, 0, &before), seed);
    /* A part is of the same value: else it were torn. */
    const struct work work = {
        .fixture = &fixture, .writes = true, .run = run, .seed = run == write_given ? steps : seed};
    goes_on = kill_after(&work, steps);
    uint64_t seen = read_seed(reader, 0, &after);
    bool written = after.version != before.version;
    CHECK_EQUAL(after.version, before.version + written);
    CHECK(after.time_ns >= before.time_ns);
    CHECK_EQUAL(seen, written ? work.seed : seed);
    if (!written) CHECK(after.time_ns == before.time_ns);
    CHECK(goes_on || written);
    seed = seen;
    tally.before += !written;
    tally.after += written;
    write_after_a_death(&fixture, reader, &tally);
    CHECK_EQUAL(read_seed(reader, 0, NULL), seed);
  }
  check_tally(&tally, writers == ISTH_WRITERS_MANY);
  isth_region_close(reader);
  fixture_close(&fixture);
}

static void a_killed_writer_leaves_a_whole_value(void) {
  kill_a_writer(ISTH_WRITERS_ONE, write_given, 3);
  kill_a_writer(ISTH_WRITERS_MANY, write_given, 1);
}

static void a_killed_writer_of_a_part_leaves_a_whole_value(void) {
  kill_a_writer(ISTH_WRITERS_ONE, write_given_part, 5);
  kill_a_writer(ISTH_WRITERS_MANY, write_given_part, 2);
}

static void kill_who_adds_a_row(isth_writers writers, unsigned int apart) {
  struct region_fixture fixture;
  struct tally tally = {0, 0, 0};
  fixture_open(&fixture, table_type(writers));
  isth_region *reader = fixture_reader(&fixture);
  bool goes_on = true;
  for (unsigned int steps = 0; goes_on; steps += apart) {
    uint32_t rows = isth_region_rows(reader);
    uint64_t key = 2 * (uint64_t)steps;
    const struct work work = {.fixture = &fixture, .writes = true, .run = put_given, .seed = key};
    goes_on = kill_after(&work, steps);
    bool added = isth_region_rows(reader) == rows + 1;
    CHECK_EQUAL(isth_region_rows(reader), rows + added);
    CHECK_EQUAL(has_key(reader, key), added);
    CHECK(goes_on || added);
    check_table(reader);
    tally.before += !added;
    tally.after += added;
    if (writers == ISTH_WRITERS_MANY) {
      tally.held += isth_region_holder(reader) != 0;
      /* Another row, and then, or before, the same. */
      isth_region *writer = fixture_writer(&fixture);
      put_value(writer, steps % 2 == 0 ? key + 1 : key);
      check_table(reader);
      put_value(writer, steps % 2 == 0 ? key : key + 1);
      isth_region_close(writer);
      CHECK_EQUAL(isth_region_rows(reader), rows + 2);
      CHECK(has_key(reader, key));
      uint32_t row;
      isth_stamp stamp;
      key++; /* was put once, maybe where half a row lay */
      CHECK_EQUAL(isth_region_find(reader, &key, &row), 0);
      CHECK_EQUAL(isth_region_stamp(reader, row, &stamp), 0);
      CHECK_EQUAL(stamp.version, 1);
      check_table(reader);
    } else if (!added) {
      /* One writer died, so nobody goes on: another table. */
      isth_region_close(reader);
      fixture_close(&fixture);
      fixture_open(&fixture, table_type(writers));
      reader = fixture_reader(&fixture);
    }
  }
  check_tally(&tally, writers == ISTH_WRITERS_MANY);
  isth_region_close(reader);
  fixture_close(&fixture);
}

static void a_killed_writer_leaves_a_new_row_whole_or_not_there(void) {
  kill_who_adds_a_row(ISTH_WRITERS_ONE, 5);
  kill_who_adds_a_row(ISTH_WRITERS_MANY, 1);
}

/* What a writer leaves that dies after it has given a new row its bucket. */
static void leave_a_row_unfinished(struct region_fixture *fixture, uint64_t key) {
  isth_region *writer = fixture_writer(fixture);
  put_value(writer, key);
  struct isth__region_header *header = writer->header;
  isth__store_relaxed(&header->rows, isth__load_relaxed(&header->rows) - 1);
  isth__store_relaxed(&header->writer, 1);
  isth_region_close(writer);
}

static void who_repairs_can_be_killed_too(void) {
  struct region_fixture fixture;
  fixture_open(&fixture, table_type(ISTH_WRITERS_MANY));
  isth_region *reader = fixture_reader(&fixture);
  unsigned int twice = 0;
  bool goes_on = true;
  for (unsigned int steps = 0; goes_on; steps += 2) {
    uint32_t rows = isth_region_rows(reader);
    uint64_t key = 3 * (uint64_t)steps, recovered = isth_region_recovered(reader);
    leave_a_row_unfinished(&fixture, key);
    CHECK(!has_key(reader, key));
    check_table(reader);
    const struct work work = {.fixture = &fixture, .writes = true, .run = put_given, .seed = key + 1};
    goes_on = kill_after(&work, steps);
    check_table(reader);
    isth_region *writer = fixture_writer(&fixture);
    put_value(writer, key + 2);
    CHECK(has_key(reader, key));
    put_value(writer, key + 1);
    isth_region_close(writer);
    check_table(reader);
    CHECK_EQUAL(isth_region_rows(reader), rows + 3);
    uint64_t deaths = isth_region_recovered(reader) - recovered;
    CHECK(deaths == 1 || deaths == 2);
    twice += deaths == 2;
  }
  CHECK(twice > 0);
  isth_region_close(reader);
  fixture_close(&fixture);
}

int main(void) {
  static const struct test_case tests[] = {
      {"a killed writer leaves a whole value", a_killed_writer_leaves_a_whole_value},
      {"a killed writer of a part leaves a whole value", a_killed_writer_of_a_part_leaves_a_whole_value},
      {"a killed writer leaves a new row whole or not there", a_killed_writer_leaves_a_new_row_whole_or_not_there},
      {"who repairs can be killed too", who_repairs_can_be_killed_too},
  };
  return RUN_STEPPED("region_kill_test", tests);
}
