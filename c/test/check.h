/* check.h: the smallest test harness: a test is a function, a failed check ends the program. */
#ifndef ISTH_TEST_CHECK_H
#define ISTH_TEST_CHECK_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                                                                               \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      fprintf(stderr, "%s:%d: check failed: %s\n", __FILE__, __LINE__, #condition);                                    \
      exit(1);                                                                                                         \
    }                                                                                                                  \
  } while (0)

#define CHECK_EQUAL(actual, expected)                                                                                  \
  do {                                                                                                                 \
    long long actual_value = (long long)(actual), expected_value = (long long)(expected);                              \
    if (actual_value != expected_value) {                                                                              \
      fprintf(stderr, "%s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #actual, actual_value, expected_value);     \
      exit(1);                                                                                                         \
    }                                                                                                                  \
  } while (0)

/* True in the portable build, which says so: what the rest of a test expects is Linux's alone. */
static inline bool is_linux_only(const char *what) {
#ifdef ISTH_PLATFORM_POSIX
  static const char *said;
  if (said != what) printf("not in the portable build: %s\n", what);
  said = what;
  return true;
#else
  (void)what;
  return false;
#endif
}

struct test_case {
  const char *name;
  void (*run)(void);
};

static inline int run_tests(const char *program, const struct test_case *tests, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (getenv("ISTH_TEST_VERBOSE") != NULL) fprintf(stderr, "%s: %s\n", program, tests[i].name);
    tests[i].run();
  }
  printf("%s: %zu passed\n", program, count);
  return 0;
}

#define RUN_TESTS(program, tests) run_tests(program, tests, sizeof tests / sizeof tests[0])

#endif
