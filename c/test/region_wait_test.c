/* region_wait_test.c: waiting for changes, and being woken, in threads and in processes. */
#include "region_handle.h"

#include "region_fixture.h"

#include <errno.h>
#include <sched.h>

enum { SECOND_NS = 1000000000, MILLISECOND_NS = 1000000 };

static struct region_fixture fixture;
static isth_region *writer, *reader;

static void open_both(isth_writers writers) {
  fixture_open(&fixture, (isth_region_type){.bytes = 8, .rows = 1, .writers = writers});
  writer = fixture_writer(&fixture);
  reader = fixture_reader(&fixture);
}

static void close_both(void) {
  isth_region_close(writer);
  isth_region_close(reader);
  fixture_close(&fixture);
}

static void write_once(uint64_t value) { CHECK_EQUAL(isth_region_write(writer, 0, &value, ISTH_ANY_VERSION, NULL), 0); }

static void what_has_changed_already_is_not_waited_for(void) {
  open_both(ISTH_WRITERS_ONE);
  CHECK_EQUAL(isth_region_wait(reader, 1, UINT64_MAX), 0);
  CHECK_EQUAL(isth_region_wait(reader, 0, 0), ISTH_E_DEADLINE_EXCEEDED);
  write_once(1);
  CHECK_EQUAL(isth_region_wait(reader, 0, UINT64_MAX), 0);
  CHECK_EQUAL(isth_region_wait(reader, 1, 0), ISTH_E_DEADLINE_EXCEEDED);
  /* The kernel sees the low half only. */
  CHECK_EQUAL(isth_region_wait(reader, 1 + ((uint64_t)1 << 32), UINT64_MAX), 0);
  close_both();
}

static void waiting_ends_in_time_and_costs_nothing(void) {
  static const uint64_t timeouts_ns[] = {1, MILLISECOND_NS, 99 * MILLISECOND_NS, 250 * MILLISECOND_NS};
  open_both(ISTH_WRITERS_ONE);
  for (size_t i = 0; i < sizeof timeouts_ns / sizeof timeouts_ns[0]; i++) {
    uint64_t begin_ns = isth__now_ns(), used_ns = cpu_ns();
    CHECK_EQUAL(isth_region_wait(reader, 0, timeouts_ns[i]), ISTH_E_DEADLINE_EXCEEDED);
    CHECK(isth__now_ns() - begin_ns >= timeouts_ns[i]);
    CHECK(isth__now_ns() - begin_ns < timeouts_ns[i] + 20 * (uint64_t)SECOND_NS);
    CHECK(cpu_ns() - used_ns < 25 * MILLISECOND_NS + timeouts_ns[i] / 2);
  }
  close_both();
}

/* Says that it goes to wait; then each write ends one wait. */
struct watcher {
  pthread_t thread;
  isth__atomic_u64 seen, late;
  uint64_t last;
};

static void *watch_on(void *argument) {
  struct watcher *watcher = argument;
  for (uint64_t seen = 0; seen < watcher->last;) {
    uint64_t begin_ns = isth__now_ns();
    CHECK_EQUAL(isth_region_wait(reader, seen, 60 * (uint64_t)SECOND_NS), 0);
    uint64_t value, changes = isth_region_changes(reader);
    if (changes == seen) continue; /* woken for nothing */
    CHECK_EQUAL(isth_region_read(reader, 0, &value, NULL), 0);
    CHECK(value >= changes);
    /* Nobody waits for the 100 ms after which it would look by itself. */
    if (isth__now_ns() - begin_ns >= 100 * MILLISECOND_NS) isth__add_relaxed(&watcher->late, 1);
    seen = changes;
    isth__store_release(&watcher->seen, seen);
  }
  return NULL;
}

/* How often somebody was late in so many rounds. */
static uint64_t count_late(void) {
  enum { WATCHERS = 3 };
  uint64_t rounds = is_slow() ? 200 : 5000;
  struct watcher watchers[WATCHERS];
  open_both(ISTH_WRITERS_MANY);
  for (int i = 0; i < WATCHERS; i++) {
    watchers[i] = (struct watcher){.last = rounds};
    CHECK_EQUAL(pthread_create(&watchers[i].thread, NULL, watch_on, &watchers[i]), 0);
  }
  for (uint64_t round = 1; round <= rounds; round++) {
    write_once(round);
    /* As soon as one of them knows it: the others are anywhere on their way. */
    struct watcher *first = &watchers[round % WATCHERS];
    uint64_t give_up_ns = isth__now_ns() + 20 * (uint64_t)SECOND_NS;
    while (isth__load_acquire(&first->seen) < round) {
      CHECK(isth__now_ns() < give_up_ns);
      sched_yield();
    }
  }
  uint64_t late = 0;
  for (int i = 0; i < WATCHERS; i++) {
    CHECK_EQUAL(pthread_join(watchers[i].thread, NULL), 0);
    late += isth__load_relaxed(&watchers[i].late);
  }
  close_both();
  return late;
}

static void no_wake_up_is_lost(void) {
  uint64_t late = count_late();
  if (is_linux_only("waking who waits for a region")) return;
  /* A busy machine is late now and then by itself, and at times more often. */
  for (int attempts = 1; late > 5; attempts++) {
    CHECK(attempts < 10);
    late = count_late();
  }
}

static void other_processes_are_woken(void) {
  enum { CHILDREN = 3 };
  pid_t children[CHILDREN];
  open_both(ISTH_WRITERS_ONE);
  isth__atomic_u32 *armed = fixture.watch;
  for (int i = 0; i < CHILDREN; i++) {
    children[i] = fork_child();
    if (children[i] != 0) continue;
    isth_region *own = fixture_reader(&fixture); /* memory that can only be read can be slept on */
    uint64_t value;
    CHECK_EQUAL(isth_region_wait(own, 0, 20 * (uint64_t)SECOND_NS), 0);
    CHECK_EQUAL(isth_region_read(own, 0, &value, NULL), 0);
    CHECK_EQUAL(value, 7);
    isth_region_close(own);
    _exit(0);
  }
  WAIT_UNTIL(isth__load_relaxed(armed) == 1);
  write_once(7);
  for (int i = 0; i < CHILDREN; i++) {
    int status;
    CHECK_EQUAL(waitpid(children[i], &status, 0), children[i]);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  write_once(8);
  CHECK_EQUAL(isth__load_relaxed(armed), 0); /* so that further writes wake nobody */
  close_both();
}

struct waiting {
  pthread_t thread;
  isth__atomic_u32 begun, ended;
  int error;
};

static void *wait_once(void *argument) {
  struct waiting *waiting = argument;
  isth__store_release(&waiting->begun, 1);
  waiting->error = isth_region_wait(reader, isth_region_changes(reader), 60 * (uint64_t)SECOND_NS);
  isth__store_release(&waiting->ended, 1);
  return NULL;
}

static void start_waiting(struct waiting *waiting) {
  isth__atomic_u32 *armed = fixture.watch;
  *waiting = (struct waiting){.error = 99};
  isth__store_relaxed(armed, 0);
  CHECK_EQUAL(pthread_create(&waiting->thread, NULL, wait_once, waiting), 0);
  WAIT_UNTIL(isth__load_relaxed(armed) == 1);
}

static void end_waiting(struct waiting *waiting) {
  CHECK_EQUAL(pthread_join(waiting->thread, NULL), 0);
  CHECK_EQUAL(waiting->error, 0);
}

static void interrupt_reader(int signal) {
  (void)signal;
  isth_region_interrupt(reader);
}

static void a_wait_can_be_interrupted(void) {
  struct waiting waiting;
  open_both(ISTH_WRITERS_ONE);
  for (int i = 0; i < 20; i++) {
    uint64_t begin_ns = isth__now_ns();
    start_waiting(&waiting);
    isth_region_interrupt(reader);
    end_waiting(&waiting);
    CHECK(isth__now_ns() - begin_ns < 20 * (uint64_t)SECOND_NS);
  }
  CHECK_EQUAL(isth_region_changes(reader), 0);
  /* From a signal handler, of the waiting thread itself. */
  struct sigaction action = {.sa_handler = interrupt_reader}, before;
  CHECK_EQUAL(sigaction(SIGUSR1, &action, &before), 0);
  start_waiting(&waiting);
  CHECK_EQUAL(pthread_kill(waiting.thread, SIGUSR1), 0);
  end_waiting(&waiting);
  CHECK_EQUAL(sigaction(SIGUSR1, &before, NULL), 0);
  /* One before it counts for none after it. */
  isth_region_interrupt(reader);
  CHECK_EQUAL(isth_region_wait(reader, 0, MILLISECOND_NS), ISTH_E_DEADLINE_EXCEEDED);
  close_both();
}

static void ignore_signal(int signal) { (void)signal; }

static void a_signal_ends_no_wait(void) {
  struct waiting waiting;
  struct sigaction action = {.sa_handler = ignore_signal}, before;
  CHECK_EQUAL(sigaction(SIGUSR1, &action, &before), 0);
  open_both(ISTH_WRITERS_ONE);
  start_waiting(&waiting);
  for (int i = 0; i < 20; i++) {
    const struct timespec pause = {0, MILLISECOND_NS};
    CHECK_EQUAL(pthread_kill(waiting.thread, SIGUSR1), 0);
    nanosleep(&pause, NULL);
    CHECK_EQUAL(isth__load_acquire(&waiting.ended), 0);
  }
  write_once(1);
  end_waiting(&waiting);
  close_both();
  CHECK_EQUAL(sigaction(SIGUSR1, &before, NULL), 0);
}

static void whoever_clears_armed_makes_others_late_and_no_more(void) {
  struct waiting waiting;
  open_both(ISTH_WRITERS_ONE);
  start_waiting(&waiting);
  isth__store_relaxed((isth__atomic_u32 *)fixture.watch, 0);
  uint64_t begin_ns = isth__now_ns();
  write_once(1);
  end_waiting(&waiting);
  CHECK(isth__now_ns() - begin_ns < 20 * (uint64_t)SECOND_NS);
  close_both();
}

/* Sleeps as a watcher does, but does not look by itself after a while. */
static void *sleep_on(void *argument) {
  struct waiting *waiting = argument;
  isth__store_release(&waiting->begun, 1);
  waiting->error = isth__futex_wait(&reader->header->changes, 0, 20 * (uint64_t)SECOND_NS);
  return NULL;
}

/* As after a writer that died when it had cleared `armed` and woken nobody; and then comes a write that changes nothing. */
static void a_death_that_is_found_wakes_who_waits(void) {
  int error = -EAGAIN;
  while (error == -EAGAIN) { /* it slept too late */
    const struct timespec pause = {0, 20 * MILLISECOND_NS};
    struct waiting waiting = {.error = 99};
    open_both(ISTH_WRITERS_MANY);
    CHECK_EQUAL(pthread_create(&waiting.thread, NULL, sleep_on, &waiting), 0);
    WAIT_UNTIL(isth__load_acquire(&waiting.begun) == 1);
    nanosleep(&pause, NULL);
    isth__store_relaxed(&writer->header->writer, 1);
    uint64_t value = 1;
    CHECK_EQUAL(isth_region_write(writer, 0, &value, 55, NULL), ISTH_E_REGION_CONFLICT);
    CHECK_EQUAL(isth_region_changes(reader), 1);
    CHECK_EQUAL(isth_region_recovered(reader), 1);
    CHECK_EQUAL(pthread_join(waiting.thread, NULL), 0);
    error = waiting.error;
    close_both();
  }
  CHECK_EQUAL(error, 0);
}

int main(void) {
  static const struct test_case tests[] = {
      {"what has changed already is not waited for", what_has_changed_already_is_not_waited_for},
      {"waiting ends in time and costs nothing", waiting_ends_in_time_and_costs_nothing},
      {"no wake-up is lost", no_wake_up_is_lost},
      {"other processes are woken", other_processes_are_woken},
      {"a wait can be interrupted", a_wait_can_be_interrupted},
      {"a signal ends no wait", a_signal_ends_no_wait},
      {"whoever clears armed makes others late, and no more", whoever_clears_armed_makes_others_late_and_no_more},
      {"a death that is found wakes who waits", a_death_that_is_found_wakes_who_waits},
  };
  return RUN_TESTS("region_wait_test", tests);
}
