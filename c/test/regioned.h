/* regioned.h: a service of regions for tests, one of each kind. It has the echo service's hash, so that raw.h and fake.h do for it. */
#ifndef ISTH_TEST_REGIONED_H
#define ISTH_TEST_REGIONED_H

#include "echo.h"

#include "resources.h"

enum { GAUGE = 1, QUOTES = 2, LIMITS = 3, ORDERS = 4, REGIONS = 4 };

/* A value whose parts belong together: see gauge_at. */
struct gauge {
  uint64_t number, twice, digits[14];
};

struct quote {
  char symbol[8];
  double bid, ask;
};

struct limits {
  uint64_t counter, writer;
};

struct order {
  uint32_t id, state;
  uint64_t amount;
};

static const isth_region_type regioned_types[] = {
    {GAUGE, "gauge", sizeof(struct gauge), 1, 0, 0, false, ISTH_WRITERS_ONE},
    {QUOTES, "quotes", sizeof(struct quote), 16, 0, 8, true, ISTH_WRITERS_ONE},
    {LIMITS, "limits", sizeof(struct limits), 1, 0, 0, false, ISTH_WRITERS_MANY},
    {ORDERS, "orders", sizeof(struct order), 8, 0, 4, false, ISTH_WRITERS_MANY}};
static const isth_schema regioned_schema = {"regioned", {1, 2, 3}, NULL, NULL, 0, regioned_types, REGIONS};

static inline struct gauge gauge_at(uint64_t number) {
  struct gauge gauge = {number, number * 2, {0}};
  for (size_t i = 0; i < 14; i++) gauge.digits[i] = number + i;
  return gauge;
}

/* Whether it is one of those, whole. */
static inline bool gauge_whole(const struct gauge *gauge) {
  struct gauge expected = gauge_at(gauge->number);
  return memcmp(gauge, &expected, sizeof expected) == 0;
}

static inline void regioned_open(struct echo_service *served, const isth_schema *schema) {
  static int number;
  isth_service_options options = patient_service(NULL);
  isth_failure failure = {0, ""};
  snprintf(served->path, sizeof served->path, "/tmp/isth-regions-%d-%d.sock", (int)getpid(), number++);
  options.path = served->path;
  int error = isth_service_open(&served->service, schema, &options, &failure);
  if (error != 0) fprintf(stderr, "open: %s\n", failure.message);
  CHECK_EQUAL(error, 0);
}

/* With a thread; echo_stop ends it. */
static inline void regioned_start(struct echo_service *served, const isth_schema *schema) {
  regioned_open(served, schema);
  CHECK_EQUAL(pthread_create(&served->thread, NULL, echo_run, served), 0);
}

static inline isth_client *regioned_connect(const char *path, const isth_schema *schema) {
  isth_client *client;
  isth_client_options options = patient_client(NULL);
  isth_failure failure = {0, ""};
  options.request_ring_bytes = options.reply_ring_bytes = 4096;
  int error = isth_client_open(&client, path, schema, &options, &failure);
  if (error != 0) fprintf(stderr, "connect: %s: %s\n", isth_error_name(error), failure.message);
  CHECK_EQUAL(error, 0);
  return client;
}

/* How many descriptors are open once so many clients have been connected, and none is any more. */
static inline size_t settled_descriptors(const struct echo_service *served, uint64_t clients) {
  isth_service_stats stats;
  WAIT_UNTIL((isth_service_get_stats(served->service, &stats), stats.channels_total == clients && stats.channels == 0));
  return count_descriptors();
}

static inline isth_region *region_of(isth_client *client, uint32_t id) {
  isth_region *region;
  CHECK_EQUAL(isth_client_region(client, id, &region), 0);
  CHECK(region != NULL);
  return region;
}

#endif
