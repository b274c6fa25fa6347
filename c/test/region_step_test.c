/*
 * region_step_test.c: every interleaving of a write and whole reads, and of a read and whole writes: one of the two is
 * stepped, and after each instruction the other does its work.
 */
#include "region_handle.h"

#include "region_stepped.h"

#include <errno.h>

static void read_within_a_write(isth_writers writers, void (*run)(isth_region *)) {
  struct region_fixture fixture;
  fixture_open(&fixture, value_type(writers));
  isth_region *writer = fixture_writer(&fixture), *reader = fixture_reader(&fixture);
  for (uint64_t seed = 1; seed <= 6; seed++) { /* so that each slot has its turn */
    write_value(writer, seed);
    uint64_t expected = run == write_given ? seed + 100 : seed;
    const struct work work = {.fixture = &fixture, .writes = true, .run = run, .seed = expected};
    isth_stamp before, after;
    CHECK_EQUAL(read_seed(reader, 0, &before), seed);
    pid_t child = start_stepped(&work);
    uint64_t version = before.version;
    while (step(child)) {
      uint64_t seen = read_seed(reader, 0, &after);
      CHECK(after.version == version || after.version == before.version + 1); /* never back again */
      version = after.version;
      CHECK_EQUAL(seen, version == before.version ? seed : expected);
    }
    finish(child);
    CHECK_EQUAL(read_seed(reader, 0, &after), expected);
    CHECK_EQUAL(after.version, before.version + 1);
  }
  isth_region_close(writer);
  isth_region_close(reader);
  fixture_close(&fixture);
}

static void a_read_between_any_instructions_of_a_write_is_whole(void) {
  read_within_a_write(ISTH_WRITERS_ONE, write_given);
  read_within_a_write(ISTH_WRITERS_MANY, write_given);
  read_within_a_write(ISTH_WRITERS_ONE, write_given_part);
}

static void look_up_within_a_put(void) {
  struct region_fixture fixture;
  fixture_open(&fixture, table_type(ISTH_WRITERS_ONE));
  isth_region *reader = fixture_reader(&fixture);
  for (uint64_t key = 0; key < 3; key++) {
    const struct work work = {.fixture = &fixture, .writes = true, .run = put_given, .seed = key};
    pid_t child = start_stepped(&work);
    bool there = false;
    while (step(child)) {
      bool found = has_key(reader, key);
      CHECK(found || !there);
      there = found;
      CHECK_EQUAL(isth_region_rows(reader), key + found);
      check_table(reader);
    }
    finish(child);
    CHECK(has_key(reader, key));
  }
  isth_region_close(reader);
  fixture_close(&fixture);
}

/* One who waits for the change after `known`, as isth_region_wait does, but never looks by itself. */
struct sleeper {
  pthread_t thread;
  const isth_region *region;
  uint64_t known;
  int error;
};

static void *sleep_on(void *argument) {
  struct sleeper *sleeper = argument;
  sleeper->error = isth__futex_wait(&sleeper->region->header->changes, (uint32_t)sleeper->known, 10000000000);
  return NULL;
}

static void start_sleeping(struct sleeper *sleeper) {
  const struct timespec pause = {0, 200000};
  CHECK_EQUAL(pthread_create(&sleeper->thread, NULL, sleep_on, sleeper), 0);
  nanosleep(&pause, NULL); /* mostly he sleeps by now; if not, he sees the change */
}

/*
 * After each instruction of a write, which finds that somebody else waits already, one begins to wait: he says so, and
 * goes to sleep at once, or only when the write is over. That write wakes him, or the next one does.
 */
static void begin_to_wait_within_a_write(bool late) {
  struct region_fixture fixture;
  fixture_open(&fixture, value_type(ISTH_WRITERS_ONE));
  isth_region *writer = fixture_writer(&fixture);
  isth__atomic_u32 *armed = fixture.watch;
  const struct work work = {.fixture = &fixture, .writes = true, .run = write_given};
  unsigned int this_one = 0, next_one = 0;
  bool goes_on = true;
  for (unsigned int steps = 0; goes_on; steps++) {
    isth__store_relaxed(armed, 1);
    pid_t child = start_stepped(&work);
    for (unsigned int i = 0; i < steps && goes_on; i++) goes_on = step(child);
    struct sleeper sleeper = {.region = writer, .known = isth_region_changes(writer)};
    isth__store_relaxed(armed, 1);
    if (!late) start_sleeping(&sleeper);
    finish(child);
    if (late) start_sleeping(&sleeper);
    bool changed = isth_region_changes(writer) != sleeper.known;
    if (!changed) write_value(writer, steps);
    CHECK_EQUAL(pthread_join(sleeper.thread, NULL), 0);
    CHECK(sleeper.error == 0 || sleeper.error == -EAGAIN);
    this_one += changed;
    next_one += !changed;
  }
  CHECK(this_one > 0 && next_one > 0);
  isth_region_close(writer);
  fixture_close(&fixture);
}

static void whoever_begins_to_wait_within_a_write_is_woken(void) {
  begin_to_wait_within_a_write(false);
  begin_to_wait_within_a_write(true);
}

/* Steps a reader; after `steps` instructions, once, there are `writes` whole writes. */
static void writes_between_any_instructions_of_a_read(void) {
  struct region_fixture fixture;
  fixture_open(&fixture, value_type(ISTH_WRITERS_ONE));
  isth_region *writer = fixture_writer(&fixture);
  const struct work work = {.fixture = &fixture, .run = read_value};
  write_value(writer, 1);
  uint64_t version = 1;
  unsigned int older = 0, newer = 0, longest = 0;
  for (unsigned int writes = 1; writes <= 5; writes++) {
    bool goes_on = true;
    for (unsigned int steps = 1; goes_on; steps++) {
      pid_t child = start_stepped(&work);
      for (unsigned int i = 0; i < steps && goes_on; i++) goes_on = step(child);
      uint64_t before = version;
      for (unsigned int i = 0; i < writes; i++) write_value(writer, ++version);
      finish(child);
      CHECK_EQUAL(report->error, 0);
      CHECK(report->stamp.version == before || report->stamp.version == version);
      CHECK_EQUAL(value_check(report->value, VALUE_BYTES), report->stamp.version);
      older += report->stamp.version == before;
      newer += report->stamp.version != before;
      if (steps > longest) longest = steps;
    }
  }
  CHECK(older > 0 && newer > 0 && longest > 20);
  isth_region_close(writer);
  fixture_close(&fixture);
}

/* Steps a reader, and then, after three whole writes, the fourth, which is the one that goes to the slot that is being
 * read. */
static void part_of_a_write_between_any_instructions_of_a_read(void) {
  struct region_fixture fixture;
  fixture_open(&fixture, value_type(ISTH_WRITERS_ONE));
  isth_region *writer = fixture_writer(&fixture);
  const struct work reading = {.fixture = &fixture, .run = read_value};
  write_value(writer, 1);
  uint64_t version = 1;
  unsigned int longest = 0;
  bool reads = true;
  for (unsigned int steps = 1; reads; steps += 7) {
    bool writes = true;
    for (unsigned int fourth = 1 + steps % 12; writes && reads; fourth += 12) {
      pid_t child = start_stepped(&reading);
      for (unsigned int i = 0; i < steps && reads; i++) reads = step(child);
      uint64_t before = version;
      for (int i = 0; i < 3; i++) write_value(writer, ++version);
      const struct work writing = {.fixture = &fixture, .writes = true, .run = write_given, .seed = version + 1};
      pid_t rival = start_stepped(&writing);
      for (unsigned int i = 0; i < fourth && writes; i++) writes = step(rival);
      finish(child);
      kill_child(rival);
      CHECK_EQUAL(report->error, 0);
      CHECK(report->stamp.version >= before && report->stamp.version <= version + 1);
      CHECK_EQUAL(value_check(report->value, VALUE_BYTES), report->stamp.version);
      isth_stamp stamp;
      CHECK_EQUAL(isth_region_stamp(writer, 0, &stamp), 0);
      version = stamp.version;
      if (fourth > longest) longest = fourth;
    }
  }
  CHECK(longest > 100);
  isth_region_close(writer);
  fixture_close(&fixture);
}

static void a_reader_that_is_always_overtaken_gives_up(void) {
  struct region_fixture fixture;
  fixture_open(&fixture, value_type(ISTH_WRITERS_ONE));
  isth_region *writer = fixture_writer(&fixture);
  const struct work work = {.fixture = &fixture, .run = read_value};
  write_value(writer, 1);
  uint64_t version = 1;
  pid_t child = start_stepped(&work);
  while (step(child)) write_value(writer, ++version);
  finish(child);
  CHECK_EQUAL(report->error, ISTH_E_REGION_BUSY);
  isth_region_close(writer);
  fixture_close(&fixture);
}

int main(void) {
  static const struct test_case tests[] = {
      {"a read between any instructions of a write is whole", a_read_between_any_instructions_of_a_write_is_whole},
      {"a look-up between any instructions of a put finds whole rows", look_up_within_a_put},
      {"whoever begins to wait within a write is woken", whoever_begins_to_wait_within_a_write_is_woken},
      {"writes between any instructions of a read", writes_between_any_instructions_of_a_read},
      {"part of a write between any instructions of a read", part_of_a_write_between_any_instructions_of_a_read},
      {"a reader that is always overtaken gives up", a_reader_that_is_always_overtaken_gives_up},
  };
  return RUN_STEPPED("region_step_test", tests);
}
