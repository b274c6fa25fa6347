/*
 * region_stepped.h: a child that works on a region, one instruction at a time, by ptrace.
 */
#ifndef ISTH_TEST_REGION_STEPPED_H
#define ISTH_TEST_REGION_STEPPED_H

#include "region_fixture.h"

#include <sched.h>
#include <sys/ptrace.h>

enum { VALUE_BYTES = 64, TABLE_ROWS = 2048 };

static inline isth_region_type value_type(isth_writers writers) {
  return (isth_region_type){.bytes = VALUE_BYTES, .rows = 1, .writers = writers};
}

/* The key is the value's first word, which is its seed. */
static inline isth_region_type table_type(isth_writers writers) {
  return (isth_region_type){.bytes = VALUE_BYTES, .rows = TABLE_ROWS, .key_bytes = 8, .writers = writers};
}

/* ---- stepping ---- */

/* What a child tells, in memory that it shares with its parent. */
struct report {
  isth__atomic_u32 done;
  unsigned char given[VALUE_BYTES]; /* what it writes, ready before its first step */
  int error;
  isth_stamp stamp;
  unsigned char value[VALUE_BYTES];
};

static struct report *report;

/* What a child does, on a handle of its own. */
struct work {
  struct region_fixture *fixture;
  bool writes;
  void (*run)(isth_region *region);
  uint64_t seed; /* of what it writes */
};

static inline void write_given(isth_region *region) {
  CHECK_EQUAL(isth_region_write(region, 0, report->given, ISTH_ANY_VERSION, NULL), 0);
}

/* Most of the value, of which nothing begins or ends with a word; what is beside it is what it was. */
static inline void write_given_part(isth_region *region) {
  CHECK_EQUAL(isth_region_write_part(region, 0, 3, report->given + 3, 50, ISTH_ANY_VERSION, NULL), 0);
}

static inline void put_given(isth_region *region) {
  CHECK_EQUAL(isth_region_put(region, report->given, ISTH_ANY_VERSION, NULL, NULL), 0);
}

static inline void write_value(isth_region *region, uint64_t seed) {
  value_fill(report->given, VALUE_BYTES, seed);
  write_given(region);
}

static inline void put_value(isth_region *region, uint64_t seed) {
  value_fill(report->given, VALUE_BYTES, seed);
  put_given(region);
}

static inline void read_value(isth_region *region) {
  report->error = isth_region_read(region, 0, report->value, &report->stamp);
}

/* Starts a child and stops it right before its work. */
static inline pid_t start_stepped(const struct work *work) {
  isth__store_relaxed(&report->done, 0);
  value_fill(report->given, VALUE_BYTES, work->seed);
  pid_t child = fork_child();
  if (child == 0) {
    isth_region *region = work->writes ? fixture_writer(work->fixture) : fixture_reader(work->fixture);
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0) _exit(3);
    kill(getpid(), SIGSTOP);
    work->run(region);
    isth__store_release(&report->done, 1);
    _exit(0);
  }
  int status;
  CHECK_EQUAL(waitpid(child, &status, 0), child);
  CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
  return child;
}

/* One instruction. False: the work is done. */
static inline bool step(pid_t child) {
  int status;
  CHECK_EQUAL(ptrace(PTRACE_SINGLESTEP, child, NULL, NULL), 0);
  CHECK_EQUAL(waitpid(child, &status, 0), child);
  CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP);
  return isth__load_acquire(&report->done) == 0;
}

/* Lets it come to its end by itself. */
static inline void finish(pid_t child) {
  int status;
  CHECK_EQUAL(ptrace(PTRACE_DETACH, child, NULL, NULL), 0);
  CHECK_EQUAL(waitpid(child, &status, 0), child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static inline uint64_t read_seed(const isth_region *region, uint32_t row, isth_stamp *stamp) {
  unsigned char value[VALUE_BYTES];
  CHECK_EQUAL(isth_region_read(region, row, value, stamp), 0);
  return value_check(value, sizeof value);
}

/* Every row is whole, and is the one that its key leads to: so none is there twice. */
static inline void check_table(const isth_region *reader) {
  for (uint32_t row = 0; row < isth_region_rows(reader); row++) {
    uint32_t found;
    uint64_t key = read_seed(reader, row, NULL);
    CHECK_EQUAL(isth_region_find(reader, &key, &found), 0);
    CHECK_EQUAL(found, row);
  }
}

static inline bool has_key(const isth_region *reader, uint64_t key) {
  uint32_t row;
  return isth_region_find(reader, &key, &row) == 0;
}

/* Some containers forbid it. Under valgrind and the sanitizers most instructions are theirs. */
static inline const char *why_not_stepped(void) {
  if (is_slow()) return "it would step valgrind or a sanitizer";
  pid_t child = fork_child();
  if (child == 0) {
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0) _exit(1);
    kill(getpid(), SIGSTOP);
    _exit(0);
  }
  int status;
  CHECK_EQUAL(waitpid(child, &status, 0), child);
  bool allowed = WIFSTOPPED(status) && ptrace(PTRACE_SINGLESTEP, child, NULL, NULL) == 0 &&
                 waitpid(child, &status, 0) == child && WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP;
  if (WIFSTOPPED(status)) kill_child(child);
  return allowed ? NULL : "ptrace is not allowed here";
}

static inline int run_stepped(const char *program, const struct test_case *tests, size_t count) {
  const char *reason = why_not_stepped();
  if (reason != NULL) {
    printf("%s: 0 passed (skipped: %s)\n", program, reason);
    return 0;
  }
  report = mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK(report != MAP_FAILED);
  /* With its child on the same CPU a step costs less than half. */
  int cpu = sched_getcpu();
  if (cpu >= 0) isth__pin_thread((unsigned int)cpu);
  return run_tests(program, tests, count);
}

#define RUN_STEPPED(program, tests) run_stepped(program, tests, sizeof tests / sizeof tests[0])

#endif
