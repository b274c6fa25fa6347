/* regions_processes_test.c: a service's regions where the service and its clients are processes, and some are killed. */
#include "regioned.h"

static char path[64];

/* A killed service leaves it. */
static void remove_path(void) { unlink(path); }

/* Writes the gauge each millisecond, numbered by its version, until it is killed. */
static void *write_gauge(void *argument) {
  isth_region *gauge = argument;
  for (uint64_t number = 1;; number++) {
    struct gauge value = gauge_at(number);
    CHECK_EQUAL(isth_region_write(gauge, 0, &value, number - 1, NULL), 0);
    usleep(1000);
  }
  return NULL;
}

static pid_t fork_service(bool writing) {
  pid_t child = fork_child();
  if (child != 0) return child;
  isth_service *service;
  isth_service_options options;
  pthread_t writer;
  isth_service_options_init(&options);
  options.path = path;
  CHECK_EQUAL(isth_service_open(&service, &regioned_schema, &options, NULL), 0);
  if (writing) CHECK_EQUAL(pthread_create(&writer, NULL, write_gauge, isth_service_region(service, GAUGE)), 0);
  isth_service_run(service, NULL);
  _exit(1);
}

static isth_client *connect_when_up(void) {
  isth_client *client = NULL;
  WAIT_UNTIL(isth_client_open(&client, path, &regioned_schema, NULL, NULL) == 0);
  return client;
}

/* Sees `count` newer values, each whole, and waits in between. A value can be seen before it is counted as a change, so that the
 * wait for a change may end with what was read before it. */
static void follow_gauge(const isth_region *region, uint64_t count) {
  uint64_t last = 0;
  while (count > 0) {
    struct gauge gauge;
    isth_stamp stamp;
    uint64_t changes = isth_region_changes(region);
    int error = isth_region_read(region, 0, &gauge, &stamp);
    CHECK(error == 0 || (error == ISTH_E_REGION_EMPTY && last == 0));
    if (error == 0) {
      CHECK(gauge_whole(&gauge));
      CHECK_EQUAL(stamp.version, gauge.number);
      CHECK(stamp.version >= last && stamp.version >= changes);
      CHECK(stamp.time_ns > 0);
      if (stamp.version > last) count--;
      last = stamp.version;
    }
    /* It may also end for the change that we know. */
    CHECK_EQUAL(isth_region_wait(region, changes, 60000000000), 0);
    CHECK(isth_region_changes(region) >= changes);
  }
}

/* Follows the gauge through a connection of its own, and exits. */
static pid_t fork_follower(uint64_t count) {
  pid_t child = fork_child();
  if (child != 0) return child;
  isth_client *client = connect_when_up();
  isth_region *gauge = region_of(client, GAUGE);
  follow_gauge(gauge, count);
  isth_region_close(gauge);
  isth_client_close(client);
  _exit(0);
}

static void await_child(pid_t child) {
  int status;
  CHECK_EQUAL(waitpid(child, &status, 0), child);
  CHECK_EQUAL(status, 0);
}

static void the_last_value_of_a_killed_service_stays(void) {
  enum { FOLLOWERS = 3, COUNT = 50 };
  size_t before = count_descriptors();
  pid_t service = fork_service(true), followers[FOLLOWERS];
  for (int i = 0; i < FOLLOWERS; i++) followers[i] = fork_follower(COUNT);
  isth_client *client = connect_when_up();
  isth_region *region = region_of(client, GAUGE), *limits = region_of(client, LIMITS);
  follow_gauge(region, COUNT);
  for (int i = 0; i < FOLLOWERS; i++) await_child(followers[i]);
  kill_child(service);

  struct gauge gauge, again;
  isth_stamp stamp, stamp_again;
  CHECK_EQUAL(isth_region_read(region, 0, &gauge, &stamp), 0);
  CHECK(gauge_whole(&gauge) && stamp.version == gauge.number && stamp.version > 1);
  isth_client_check(client);
  CHECK_EQUAL(isth_client_status(client), ISTH_E_INSTANCE_LOST);
  CHECK_EQUAL(isth_region_wait(region, isth_region_changes(region), 20000000), ISTH_E_DEADLINE_EXCEEDED);
  /* Also a region that is only opened now; and writing goes on where clients may write. */
  isth_region *late = region_of(client, GAUGE);
  isth_client_close(client);
  CHECK_EQUAL(isth_region_read(late, 0, &again, &stamp_again), 0);
  CHECK(memcmp(&again, &gauge, sizeof gauge) == 0 && stamp_again.version == stamp.version);
  CHECK_EQUAL(isth_region_write(late, 0, &gauge, ISTH_ANY_VERSION, NULL), ISTH_E_REGION_READ_ONLY);
  struct limits limit = {1, 1};
  CHECK_EQUAL(isth_region_write(limits, 0, &limit, 0, NULL), 0);
  isth_region_close(late);
  isth_region_close(limits);
  isth_region_close(region);
  CHECK_EQUAL(count_segments(), 0);
  CHECK_EQUAL(count_descriptors(), before);
}

/* Counts up `count` times: each step is one write that depends on the last value. */
static void count_up(isth_region *limits, uint64_t count) {
  while (count-- > 0) {
    int error;
    do {
      struct limits value = {0, 0};
      isth_stamp stamp;
      error = isth_region_read(limits, 0, &value, &stamp);
      CHECK(error == 0 || error == ISTH_E_REGION_EMPTY || error == ISTH_E_REGION_BUSY);
      if (error == ISTH_E_REGION_BUSY) continue;
      value.counter++;
      value.writer = (uint64_t)getpid();
      error = isth_region_write(limits, 0, &value, stamp.version, NULL);
      CHECK(error == 0 || error == ISTH_E_REGION_CONFLICT || error == ISTH_E_LOCK_TIMEOUT);
    } while (error != 0);
  }
}

static pid_t fork_counter(uint64_t count) {
  pid_t child = fork_child();
  if (child != 0) return child;
  isth_client *client = connect_when_up();
  isth_region *limits = region_of(client, LIMITS);
  isth_client_close(client);
  count_up(limits, count);
  isth_region_close(limits);
  _exit(0);
}

static void several_processes_write(void) {
  enum { WRITERS = 3 };
  uint64_t each = is_slow() ? 100 : 2000;
  pid_t service = fork_service(false), writers[WRITERS];
  for (int i = 0; i < WRITERS; i++) writers[i] = fork_counter(each);
  isth_client *client = connect_when_up();
  isth_region *limits = region_of(client, LIMITS);
  count_up(limits, each);
  for (int i = 0; i < WRITERS; i++) await_child(writers[i]);
  struct limits value;
  isth_stamp stamp;
  CHECK_EQUAL(isth_region_read(limits, 0, &value, &stamp), 0);
  CHECK_EQUAL(value.counter, (WRITERS + 1) * each);
  CHECK_EQUAL(stamp.version, (WRITERS + 1) * each);
  CHECK_EQUAL(isth_region_changes(limits), (WRITERS + 1) * each);
  isth_region_close(limits);
  isth_client_close(client);
  kill_child(service);
}

static void killed_writers_hold_up_nobody(void) {
  pid_t service = fork_service(false);
  isth_client *client = connect_when_up();
  isth_region *limits = region_of(client, LIMITS);
  for (int round = 0; round < (is_slow() ? 3 : 20); round++) {
    uint64_t changes = isth_region_changes(limits);
    pid_t writer = fork_counter(UINT64_MAX);
    WAIT_UNTIL(isth_region_changes(limits) > changes + 10);
    kill_child(writer);
    struct limits value;
    isth_stamp stamp;
    CHECK_EQUAL(isth_region_read(limits, 0, &value, &stamp), 0);
    CHECK_EQUAL(value.counter, stamp.version);
    count_up(limits, 1);
  }
  isth_region_close(limits);
  isth_client_close(client);
  kill_child(service);
}

int main(void) {
  snprintf(path, sizeof path, "/tmp/isth-regions-%d.sock", (int)getpid());
  static const struct test_case tests[] = {
      {"the last value of a killed service stays", the_last_value_of_a_killed_service_stays},
      {"several processes write", several_processes_write},
      {"killed writers hold up nobody", killed_writers_hold_up_nobody},
  };
  atexit(remove_path);
  return RUN_TESTS("regions_processes_test", tests);
}
