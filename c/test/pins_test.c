/* pins_test.c: which CPU each serving thread runs on. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "pins.h"

#include "platform.h"

#include "echo.h"

#include <sched.h>
#include <stdint.h>

static cpu_set_t allowed(void) {
  cpu_set_t set;
  CHECK_EQUAL(sched_getaffinity(0, sizeof set, &set), 0);
  return set;
}

/* The CPUs that this thread may run on, at most so many of them. Returns how many. */
static size_t list_allowed(unsigned int *cpus, size_t most) {
  cpu_set_t set = allowed();
  size_t count = 0;
  for (unsigned int cpu = 0; cpu < CPU_SETSIZE && count < most; cpu++)
    if (CPU_ISSET(cpu, &set)) cpus[count++] = cpu;
  return count;
}

static isth_service_options options_with(const unsigned int *cpus, size_t count) {
  isth_service_options options;
  isth_service_options_init(&options);
  options.cpus = cpus;
  options.cpu_count = count;
  return options;
}

static void threads_take_the_cpus_in_turn(void) {
  if (is_linux_only("pinned threads")) return;
  unsigned int cpus[ISTH_MAX_LANES];
  size_t count = list_allowed(cpus, ISTH_MAX_LANES);
  isth_service_options options = options_with(cpus, count);
  struct isth__pins pins;
  cpu_set_t before = allowed();
  CHECK_EQUAL(isth__pins_take(&pins, &options, NULL), 0);
  cpu_set_t after = allowed();
  CHECK(CPU_EQUAL(&before, &after));
  for (unsigned int thread = 0; thread < 3 * count; thread++) {
    isth__pins_apply(&pins, thread);
    cpu_set_t set = allowed();
    CHECK_EQUAL(CPU_COUNT(&set), 1);
    CHECK(CPU_ISSET(cpus[thread % count], &set));
  }
  CHECK_EQUAL(sched_setaffinity(0, sizeof before, &before), 0);
}

static void without_cpus_nothing_is_pinned(void) {
  isth_service_options options = options_with(NULL, 0);
  struct isth__pins pins;
  cpu_set_t before = allowed();
  CHECK_EQUAL(isth__pins_take(&pins, &options, NULL), 0);
  isth__pins_apply(&pins, 0);
  cpu_set_t after = allowed();
  CHECK(CPU_EQUAL(&before, &after));
}

static void what_cannot_be_is_refused_before_anybody_connects(void) {
  if (is_linux_only("pinned threads")) return;
  unsigned int cpus[ISTH_MAX_LANES + 1] = {0};
  isth_service *service;
  isth_failure failure;
  cpu_set_t before = allowed();
  isth_service_options options = options_with(cpus, ISTH_MAX_LANES + 1);
  options.path = "/tmp/isth-test-pins.sock";
  CHECK_EQUAL(isth_service_open(&service, &echo_schema, &options, &failure), ISTH_E_INVALID_ARGUMENT);
  CHECK(strstr(failure.message, "at most 64") != NULL);
  /* The first is one that the thread may run on; the other is none, or beyond what there can be. */
  CHECK_EQUAL(list_allowed(cpus, 1), 1);
  options.cpu_count = 2;
  for (int i = 0; i < 2; i++) {
    cpus[1] = i == 0 ? CPU_SETSIZE - 1 : UINT32_MAX;
    CHECK_EQUAL(isth_service_open(&service, &echo_schema, &options, &failure), ISTH_E_INVALID_ARGUMENT);
    CHECK(service == NULL);
    char expected[32];
    snprintf(expected, sizeof expected, "CPU %u: ", cpus[1]);
    CHECK(strncmp(failure.message, expected, strlen(expected)) == 0);
  }
  cpu_set_t after = allowed();
  CHECK(CPU_EQUAL(&before, &after));
}

int main(void) {
  static const struct test_case tests[] = {
      {"threads take the CPUs in turn", threads_take_the_cpus_in_turn},
      {"without CPUs nothing is pinned", without_cpus_nothing_is_pinned},
      {"what cannot be is refused before anybody connects", what_cannot_be_is_refused_before_anybody_connects},
  };
  return RUN_TESTS("pins_test", tests);
}
