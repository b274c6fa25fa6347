/* region_race_test.c: readers and writers at full speed, in threads and in processes, some of which are killed. */
#include "region_handle.h"

#include "region_fixture.h"

#include "random.h"

#include <sys/wait.h>

static uint64_t run_ns(void) { return is_slow() ? 50000000 : 200000000; }

static void start(pthread_t *thread, void *(*run)(void *), void *argument) {
  CHECK_EQUAL(pthread_create(thread, NULL, run, argument), 0);
}

static void join(pthread_t thread) { CHECK_EQUAL(pthread_join(thread, NULL), 0); }

static void wait_for(pid_t child) {
  int status;
  CHECK_EQUAL(waitpid(child, &status, 0), child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* ---- no value is torn ---- */

struct race {
  struct region_fixture fixture;
  isth_region *writer;
  isth__atomic_u32 stop;
  isth__atomic_u64 reads;
};

static void *write_on(void *argument) {
  struct race *race = argument;
  size_t bytes = isth_region_bytes(race->writer);
  unsigned char *value = malloc(bytes);
  CHECK(value != NULL);
  for (uint64_t seed = 1; isth__load_relaxed(&race->stop) == 0; seed++) {
    value_fill(value, bytes, seed);
    CHECK_EQUAL(isth_region_write(race->writer, 0, value, ISTH_ANY_VERSION, NULL), 0);
  }
  free(value);
  return NULL;
}

/* Whole values only, and never an older one. */
static uint64_t read_until(struct region_fixture *fixture, uint64_t until_ns) {
  isth_region *reader = fixture_reader(fixture);
  size_t bytes = isth_region_bytes(reader);
  unsigned char *value = malloc(bytes);
  CHECK(value != NULL);
  uint64_t reads = 0, version = 0;
  while (reads % 64 != 0 || version == 0 || isth__now_ns() < until_ns) {
    isth_stamp stamp;
    int error = isth_region_read(reader, 0, value, &stamp);
    reads++;
    if (error == ISTH_E_REGION_EMPTY || error == ISTH_E_REGION_BUSY) continue;
    CHECK_EQUAL(error, 0);
    CHECK_EQUAL(value_check(value, bytes), stamp.version);
    CHECK(stamp.version >= version);
    version = stamp.version;
  }
  free(value);
  isth_region_close(reader);
  return reads;
}

static void *read_on(void *argument) {
  struct race *race = argument;
  isth__add_relaxed(&race->reads, read_until(&race->fixture, isth__now_ns() + run_ns()));
  return NULL;
}

static void race_reads(uint32_t bytes, isth_writers writers) {
  struct race race = {.stop = 0};
  pthread_t writer, readers[3];
  fixture_open(&race.fixture, (isth_region_type){.bytes = bytes, .rows = 1, .writers = writers});
  pid_t child = fork_child();
  if (child == 0) {
    isth_region *reader = fixture_reader(&race.fixture);
    WAIT_UNTIL(isth_region_changes(reader) > 0);
    isth_region_close(reader);
    read_until(&race.fixture, isth__now_ns() + run_ns());
    exit(0);
  }
  race.writer = fixture_writer(&race.fixture);
  start(&writer, write_on, &race);
  WAIT_UNTIL(isth_region_changes(race.writer) > 0);
  for (int i = 0; i < 3; i++) start(&readers[i], read_on, &race);
  for (int i = 0; i < 3; i++) join(readers[i]);
  wait_for(child);
  isth__store_relaxed(&race.stop, 1);
  join(writer);
  CHECK(isth__load_relaxed(&race.reads) > 100);
  isth_region_close(race.writer);
  fixture_close(&race.fixture);
}

static void no_reader_gets_a_torn_value(void) {
  race_reads(64, ISTH_WRITERS_ONE);
  race_reads(8192, ISTH_WRITERS_ONE);
  race_reads(200, ISTH_WRITERS_MANY);
}

/* ---- no write is lost ---- */

/* Who holds the lock may be held up for longer than the others have patience by themselves. */
static isth_region *patient_writer(struct region_fixture *fixture) {
  isth_region *region = fixture_writer(fixture);
  isth_region_set_patience(region, UINT64_MAX);
  return region;
}

enum { WORKERS = 4, FIELDS = WORKERS + 1, COUNTED_BYTES = FIELDS * 8 };

/* Field 0 counts what all have done, by comparing versions; each worker has a field besides, which it replaces. */
static void count_up(isth_region *region, unsigned int worker, uint64_t rounds) {
  for (uint64_t round = 1; round <= rounds; round++) {
    uint64_t fields[FIELDS];
    isth_stamp stamp;
    int error;
    do {
      error = isth_region_read(region, 0, fields, &stamp);
      CHECK(error == 0 || error == ISTH_E_REGION_EMPTY);
      CHECK_EQUAL(fields[1 + worker], round - 1);
      fields[0]++;
      error = isth_region_write(region, 0, fields, stamp.version, NULL);
      CHECK(error == 0 || error == ISTH_E_REGION_CONFLICT);
    } while (error != 0);
    CHECK_EQUAL(isth_region_write_part(region, 0, 8 * (size_t)(1 + worker), &round, 8, ISTH_ANY_VERSION, &stamp), 0);
  }
}

struct worker {
  isth_region *region;
  unsigned int number;
  uint64_t rounds;
};

static void *work_on(void *argument) {
  const struct worker *worker = argument;
  count_up(worker->region, worker->number, worker->rounds);
  return NULL;
}

static void check_counts(const isth_region *region, uint64_t rounds) {
  uint64_t fields[FIELDS];
  isth_stamp stamp;
  CHECK_EQUAL(isth_region_read(region, 0, fields, &stamp), 0);
  CHECK_EQUAL(fields[0], WORKERS * rounds);
  for (int i = 1; i < FIELDS; i++) CHECK_EQUAL(fields[i], rounds);
  CHECK_EQUAL(stamp.version, 2 * WORKERS * rounds);
  CHECK_EQUAL(isth_region_changes(region), stamp.version);
  CHECK_EQUAL(isth_region_recovered(region), 0);
}

static void count_in_threads(isth_writers writers, bool own_handles) {
  uint64_t rounds = is_slow() ? 50 : 1000;
  struct region_fixture fixture;
  struct worker workers[WORKERS];
  pthread_t threads[WORKERS];
  fixture_open(&fixture, (isth_region_type){.bytes = COUNTED_BYTES, .rows = 1, .writers = writers});
  isth_region *region = patient_writer(&fixture);
  for (unsigned int i = 0; i < WORKERS; i++) {
    workers[i] = (struct worker){own_handles ? patient_writer(&fixture) : region, i, rounds};
    start(&threads[i], work_on, &workers[i]);
  }
  for (unsigned int i = 0; i < WORKERS; i++) {
    join(threads[i]);
    if (own_handles) isth_region_close(workers[i].region);
  }
  check_counts(region, rounds);
  isth_region_close(region);
  fixture_close(&fixture);
}

static void threads_lose_no_write(void) {
  count_in_threads(ISTH_WRITERS_ONE, false);
  count_in_threads(ISTH_WRITERS_MANY, false);
  count_in_threads(ISTH_WRITERS_MANY, true);
}

static void processes_lose_no_write(void) {
  uint64_t rounds = is_slow() ? 50 : 1000;
  struct region_fixture fixture;
  pid_t children[WORKERS];
  fixture_open(&fixture, (isth_region_type){.bytes = COUNTED_BYTES, .rows = 1, .writers = ISTH_WRITERS_MANY});
  for (unsigned int i = 0; i < WORKERS; i++) {
    children[i] = fork_child();
    if (children[i] != 0) continue;
    isth_region *region = patient_writer(&fixture);
    count_up(region, i, rounds);
    isth_region_close(region);
    exit(0);
  }
  for (unsigned int i = 0; i < WORKERS; i++) wait_for(children[i]);
  isth_region *reader = fixture_reader(&fixture);
  check_counts(reader, rounds);
  isth_region_close(reader);
  fixture_close(&fixture);
}

/* ---- killed at any moment ---- */

enum { KEYS = 200, ROW_BYTES = 128 };

/* Puts rows of random keys until it is killed. */
static pid_t start_putting(struct region_fixture *fixture, uint64_t seed) {
  pid_t child = fork_child();
  if (child != 0) return child;
  isth_region *region = fixture_writer(fixture);
  struct random random = random_start(seed);
  for (;;) {
    unsigned char value[ROW_BYTES];
    value_fill(value, sizeof value, random_below(&random, KEYS));
    int error = isth_region_put(region, value, ISTH_ANY_VERSION, NULL, NULL);
    CHECK(error == 0 || error == ISTH_E_LOCK_TIMEOUT);
  }
}

/* Each row whole, and under its own key. */
static void check_rows(const isth_region *reader) {
  uint32_t rows = isth_region_rows(reader);
  CHECK(rows <= KEYS);
  for (uint32_t row = 0; row < rows; row++) {
    unsigned char value[ROW_BYTES];
    int error = isth_region_read(reader, row, value, NULL);
    if (error == ISTH_E_REGION_BUSY) continue; /* one CPU too few for all of this */
    CHECK_EQUAL(error, 0);
    uint64_t key = value_check(value, sizeof value);
    uint32_t found;
    CHECK(key < KEYS);
    CHECK_EQUAL(isth_region_find(reader, &key, &found), 0);
    CHECK_EQUAL(found, row);
  }
}

static void killed_writers_leave_a_good_table(void) {
  enum { CHILDREN = 3 };
  struct region_fixture fixture;
  struct random random = random_start(17);
  pid_t children[CHILDREN];
  uint64_t kills = 0;
  /* Room for each key once: one that were there twice would not fit. */
  fixture_open(&fixture,
               (isth_region_type){.bytes = ROW_BYTES, .rows = KEYS, .key_bytes = 8, .writers = ISTH_WRITERS_MANY});
  isth_region *reader = fixture_reader(&fixture);
  for (uint64_t i = 0; i < CHILDREN; i++) children[i] = start_putting(&fixture, i + 1);
  for (int rounds = is_slow() ? 15 : 150; rounds > 0; rounds--) {
    const struct timespec pause = {0, (long)random_below(&random, 2000000)};
    nanosleep(&pause, NULL);
    size_t victim = random_below(&random, CHILDREN);
    kill_child(children[victim]);
    kills++;
    check_rows(reader);
    children[victim] = start_putting(&fixture, kills + 100);
  }
  for (int i = 0; i < CHILDREN; i++) kill_child(children[i]);
  kills += CHILDREN;
  isth_region *writer = fixture_writer(&fixture);
  for (uint64_t key = 0; key < KEYS; key++) {
    unsigned char value[ROW_BYTES];
    value_fill(value, sizeof value, key);
    CHECK_EQUAL(isth_region_put(writer, value, ISTH_ANY_VERSION, NULL, NULL), 0);
  }
  CHECK_EQUAL(isth_region_rows(reader), KEYS);
  CHECK(isth_region_recovered(reader) <= kills);
  check_rows(reader);
  isth_region_close(writer);
  isth_region_close(reader);
  fixture_close(&fixture);
}

/* ---- a lock that is not given back ---- */

/* A process that holds the lock for so long after we know it; 0: until it is killed. */
static pid_t start_holding(struct region_fixture *fixture, useconds_t time_us) {
  int known[2];
  char byte;
  CHECK_EQUAL(pipe(known), 0);
  pid_t child = fork_child();
  isth_region *region = fixture_writer(fixture);
  if (child == 0) {
    CHECK_EQUAL(isth__region_lock(region), 0);
    while (time_us == 0) pause();
    CHECK_EQUAL(read(known[0], &byte, 1), 1);
    usleep(time_us);
    isth__region_unlock(region);
    isth_region_close(region);
    exit(0);
  }
  WAIT_UNTIL(isth_region_holder(region) == (uint32_t)child);
  CHECK_EQUAL(write(known[1], "!", 1), 1);
  close(known[0]);
  close(known[1]);
  isth_region_close(region);
  return child;
}

static void who_holds_the_lock_is_named_and_given_up_on(void) {
  struct region_fixture fixture;
  uint64_t value = 1;
  fixture_open(&fixture, (isth_region_type){.bytes = 8, .rows = 1, .writers = ISTH_WRITERS_MANY});
  isth_region *region = fixture_writer(&fixture);
  CHECK_EQUAL(isth_region_write(region, 0, &value, ISTH_ANY_VERSION, NULL), 0);
  pid_t child = start_holding(&fixture, 0);
  uint64_t begin_ns = isth__now_ns();
  CHECK_EQUAL(isth_region_write(region, 0, &value, ISTH_ANY_VERSION, NULL), ISTH_E_LOCK_TIMEOUT);
  uint64_t waited_ns = isth__now_ns() - begin_ns;
  CHECK(waited_ns >= 100000000 && waited_ns < 20000000000);
  CHECK_EQUAL(isth_region_write_part(region, 0, 0, &value, 1, ISTH_ANY_VERSION, NULL), ISTH_E_LOCK_TIMEOUT);
  CHECK_EQUAL(isth_region_holder(region), child);
  /* Nothing of it was written, and reading goes on. */
  isth_stamp stamp;
  CHECK_EQUAL(isth_region_read(region, 0, &value, &stamp), 0);
  CHECK_EQUAL(stamp.version, 1);
  kill_child(child);
  CHECK_EQUAL(isth_region_write(region, 0, &value, ISTH_ANY_VERSION, &stamp), 0);
  CHECK_EQUAL(stamp.version, 2);
  CHECK_EQUAL(isth_region_recovered(region), 1);
  CHECK_EQUAL(isth_region_holder(region), 0);
  isth_region_close(region);
  fixture_close(&fixture);
}

/* How long a write takes that gets LOCK_TIMEOUT. The least of some: others may have the CPU. */
static uint64_t least_wait_ns(isth_region *region) {
  uint64_t least_ns = UINT64_MAX, value = 1;
  for (int i = 0; i < 5; i++) {
    uint64_t begin_ns = isth__now_ns();
    CHECK_EQUAL(isth_region_write(region, 0, &value, ISTH_ANY_VERSION, NULL), ISTH_E_LOCK_TIMEOUT);
    uint64_t waited_ns = isth__now_ns() - begin_ns;
    if (waited_ns < least_ns) least_ns = waited_ns;
  }
  return least_ns;
}

static void a_writer_has_the_patience_it_was_given(void) {
  struct region_fixture fixture;
  uint64_t value = 1;
  fixture_open(&fixture, (isth_region_type){.bytes = 8, .rows = 1, .writers = ISTH_WRITERS_MANY});
  isth_region *region = fixture_writer(&fixture);
  pid_t child = start_holding(&fixture, 0);
  isth_region_set_patience(region, 0);
  CHECK(least_wait_ns(region) < 10000000);
  isth_region_set_patience(region, 20000000);
  uint64_t wait_ns = least_wait_ns(region);
  CHECK(wait_ns >= 20000000 && wait_ns < 1000000000);
  kill_child(child);
  /* Longer than at first. */
  child = start_holding(&fixture, 300000);
  isth_region_set_patience(region, UINT64_MAX);
  CHECK_EQUAL(isth_region_write(region, 0, &value, ISTH_ANY_VERSION, NULL), 0);
  wait_for(child);
  /* A lock that is free needs none. */
  isth_region_set_patience(region, 0);
  CHECK_EQUAL(isth_region_write(region, 0, &value, ISTH_ANY_VERSION, NULL), 0);
  isth_region_close(region);
  fixture_close(&fixture);
}

/* Locks of two regions in one memory, as a service has them, have nothing to do with each other. */
static void each_region_has_a_lock_of_its_own(void) {
  struct region_fixture fixture;
  uint64_t value = 1;
  fixture_open(&fixture, (isth_region_type){.bytes = 8, .rows = 1, .writers = ISTH_WRITERS_MANY});
  isth_region *region = fixture_writer(&fixture);
  fixture.type.id = 2;
  isth_region *other = fixture_writer(&fixture);
  CHECK_EQUAL(isth__region_lock(other), 0);
  CHECK_EQUAL(isth_region_write(region, 0, &value, ISTH_ANY_VERSION, NULL), 0);
  isth__region_unlock(other);
  isth_region_close(other);
  isth_region_close(region);
  fixture_close(&fixture);
}

int main(void) {
  static const struct test_case tests[] = {
      {"no reader gets a torn value", no_reader_gets_a_torn_value},
      {"threads lose no write", threads_lose_no_write},
      {"processes lose no write", processes_lose_no_write},
      {"killed writers leave a good table", killed_writers_leave_a_good_table},
      {"who holds the lock is named, and given up on", who_holds_the_lock_is_named_and_given_up_on},
      {"a writer has the patience it was given", a_writer_has_the_patience_it_was_given},
      {"each region has a lock of its own", each_region_has_a_lock_of_its_own},
  };
  return RUN_TESTS("region_race_test", tests);
}
