/* regions_test.c: a service's regions and its clients' access to them, all in one process. regions_processes_test.c has several. */
#include "regioned.h"

#include <stdatomic.h>

static void what_is_written_before_run_is_there(void) {
  struct echo_service served;
  isth_stamp stamp;
  regioned_open(&served, &regioned_schema);
  for (uint32_t id = 1; id <= REGIONS; id++) {
    isth_region *own = isth_service_region(served.service, id);
    CHECK(own != NULL && own == isth_service_region(served.service, id));
    CHECK(isth_region_writable(own));
    CHECK_EQUAL(isth_region_bytes(own), regioned_types[id - 1].bytes);
  }
  CHECK(isth_service_region(served.service, 0) == NULL);
  CHECK(isth_service_region(served.service, REGIONS + 1) == NULL);
  CHECK(isth_service_region(served.service, UINT32_MAX) == NULL);

  struct gauge written = gauge_at(7), gauge;
  CHECK_EQUAL(isth_region_write(isth_service_region(served.service, GAUGE), 0, &written, 0, NULL), 0);
  CHECK_EQUAL(pthread_create(&served.thread, NULL, echo_run, &served), 0);
  isth_client *client = regioned_connect(served.path, &regioned_schema);
  isth_region *region = region_of(client, GAUGE);
  CHECK(isth_region_epoch(region) != 0);
  CHECK(isth_region_epoch(region) == isth_region_epoch(isth_service_region(served.service, GAUGE)));
  CHECK_EQUAL(isth_region_read(region, 0, &gauge, &stamp), 0);
  CHECK(gauge.number == 7 && gauge_whole(&gauge) && stamp.version == 1);
  isth_region_close(region);
  isth_client_close(client);
  echo_stop(&served);
}

static void who_may_write_what(void) {
  struct echo_service served;
  regioned_start(&served, &regioned_schema);
  isth_client *client = regioned_connect(served.path, &regioned_schema);
  isth_region *gauge = region_of(client, GAUGE), *quotes = region_of(client, QUOTES),
              *limits = region_of(client, LIMITS), *orders = region_of(client, ORDERS);
  struct gauge some = gauge_at(1);
  struct quote quote = {"ACME", 1, 2};
  struct limits limit = {3, 0}, limit_read;
  struct order order = {5, 1, 100}, order_read;
  uint32_t row;

  CHECK(!isth_region_writable(gauge) && !isth_region_writable(quotes));
  CHECK_EQUAL(isth_region_write(gauge, 0, &some, ISTH_ANY_VERSION, NULL), ISTH_E_REGION_READ_ONLY);
  CHECK_EQUAL(isth_region_write_part(gauge, 0, 0, &some, 8, ISTH_ANY_VERSION, NULL), ISTH_E_REGION_READ_ONLY);
  CHECK_EQUAL(isth_region_put(quotes, &quote, ISTH_ANY_VERSION, NULL, NULL), ISTH_E_REGION_READ_ONLY);
  CHECK_EQUAL(isth_region_read(gauge, 0, &some, NULL), ISTH_E_REGION_EMPTY);
  CHECK_EQUAL(isth_region_rows(quotes), 0);

  CHECK(isth_region_writable(limits) && isth_region_writable(orders));
  CHECK_EQUAL(isth_region_write(limits, 0, &limit, 0, NULL), 0);
  CHECK_EQUAL(isth_region_read(isth_service_region(served.service, LIMITS), 0, &limit_read, NULL), 0);
  CHECK_EQUAL(limit_read.counter, 3);
  CHECK_EQUAL(isth_region_put(orders, &order, 0, &row, NULL), 0);
  CHECK_EQUAL(row, 0);
  order = (struct order){9, 2, 200};
  CHECK_EQUAL(isth_region_put(isth_service_region(served.service, ORDERS), &order, 0, &row, NULL), 0);
  CHECK_EQUAL(row, 1);
  CHECK_EQUAL(isth_region_find(orders, &order.id, &row), 0);
  CHECK_EQUAL(isth_region_read(orders, row, &order_read, NULL), 0);
  CHECK(memcmp(&order_read, &order, sizeof order) == 0);
  /* Nothing of one region shows in another. */
  CHECK_EQUAL(isth_region_changes(gauge), 0);
  CHECK_EQUAL(isth_region_changes(quotes), 0);
  CHECK_EQUAL(isth_region_changes(limits), 1);
  CHECK_EQUAL(isth_region_changes(orders), 2);

  isth_region_close(gauge);
  isth_region_close(quotes);
  isth_region_close(limits);
  isth_region_close(orders);
  isth_client_close(client);
  echo_stop(&served);
}

struct feed {
  isth_region *gauge;
  pthread_t thread;
  atomic_bool stopping;
};

static void *feed_gauge(void *argument) {
  struct feed *feed = argument;
  for (uint64_t number = 1; !feed->stopping; number++) {
    struct gauge gauge = gauge_at(number);
    CHECK_EQUAL(isth_region_write(feed->gauge, 0, &gauge, ISTH_ANY_VERSION, NULL), 0);
  }
  return NULL;
}

static void end_feed(void *user) {
  struct feed *feed = user;
  feed->stopping = true;
  pthread_join(feed->thread, NULL);
}

/* A region must not be written once its service is closed. */
static void a_thread_that_writes_ends_with_the_service(void) {
  struct echo_service served;
  struct gauge gauge;
  regioned_open(&served, &regioned_schema);
  struct feed feed = {.gauge = isth_service_region(served.service, GAUGE)};
  CHECK_EQUAL(isth_service_on_stop(served.service, end_feed, &feed), 0);
  CHECK_EQUAL(pthread_create(&feed.thread, NULL, feed_gauge, &feed), 0);
  CHECK_EQUAL(pthread_create(&served.thread, NULL, echo_run, &served), 0);
  isth_client *client = regioned_connect(served.path, &regioned_schema);
  isth_region *region = region_of(client, GAUGE);
  WAIT_UNTIL(isth_region_changes(region) > 1000);
  echo_stop(&served);
  uint64_t changes = isth_region_changes(region);
  CHECK_EQUAL(isth_region_read(region, 0, &gauge, NULL), 0);
  CHECK(gauge.number == changes && gauge_whole(&gauge));
  isth_region_close(region);
  isth_client_close(client);
}

static void unknown_regions_are_errors(void) {
  static const uint32_t unknown[] = {0, REGIONS + 1, 1000, UINT32_MAX};
  struct echo_service served, plain;
  isth_region *region;
  regioned_start(&served, &regioned_schema);
  echo_start(&plain, NULL);
  isth_client *client = regioned_connect(served.path, &regioned_schema);
  for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
    region = (isth_region *)(void *)client;
    CHECK_EQUAL(isth_client_region(client, unknown[i], &region), ISTH_E_UNKNOWN_REGION);
    CHECK(region == NULL);
  }
  isth_client_close(client);
  /* A service without any, and a client that knows none. */
  client = echo_connect(&plain, NULL);
  CHECK_EQUAL(isth_client_region(client, 1, &region), ISTH_E_UNKNOWN_REGION);
  CHECK(isth_service_region(plain.service, 1) == NULL);
  isth_client_close(client);
  echo_stop(&plain);
  size_t before = settled_descriptors(&served, 1);
  client = regioned_connect(served.path, NULL);
  CHECK_EQUAL(isth_client_region(client, GAUGE, &region), ISTH_E_UNKNOWN_REGION);
  isth_client_close(client);
  WAIT_UNTIL(count_descriptors() == before);
  echo_stop(&served);
}

static void a_region_outlives_its_client_and_its_service(void) {
  struct echo_service served;
  struct gauge gauge = gauge_at(3);
  struct limits limit = {4, 5};
  size_t before = count_descriptors();
  regioned_start(&served, &regioned_schema);
  isth_client *client = regioned_connect(served.path, &regioned_schema);
  isth_region *first = region_of(client, GAUGE), *second = region_of(client, GAUGE),
              *limits = region_of(client, LIMITS);
  CHECK_EQUAL(isth_region_write(isth_service_region(served.service, GAUGE), 0, &gauge, 0, NULL), 0);
  isth_client_close(client);
  CHECK_EQUAL(isth_region_write(limits, 0, &limit, 0, NULL), 0);
  echo_stop(&served);

  gauge.number = 0;
  isth_region_close(first);
  CHECK_EQUAL(isth_region_read(second, 0, &gauge, NULL), 0);
  CHECK(gauge.number == 3 && gauge_whole(&gauge));
  limit.counter++;
  CHECK_EQUAL(isth_region_write(limits, 0, &limit, 1, NULL), 0);
  CHECK_EQUAL(isth_region_wait(second, isth_region_changes(second), 1000000), ISTH_E_DEADLINE_EXCEEDED);
  CHECK(count_segments() > 0);
  isth_region_close(limits);
  isth_region_close(second);
  CHECK_EQUAL(count_segments(), 0);
  CHECK_EQUAL(count_descriptors(), before);
}

static void cycles_leave_nothing(void) {
  struct echo_service served;
  uint64_t cycles = is_slow() ? 50 : 2000;
  struct limits limit = {0, 0};
  long resident = 0;
  regioned_start(&served, &regioned_schema);
  isth_client_close(regioned_connect(served.path, &regioned_schema));
  size_t descriptors = settled_descriptors(&served, 1), segments = count_segments();
  for (uint64_t i = 0; i < cycles; i++) {
    if (i == cycles / 10) resident = resident_kib();
    isth_client *client = regioned_connect(served.path, &regioned_schema);
    isth_region *limits = region_of(client, LIMITS), *gauge = region_of(client, GAUGE);
    isth_region_close(gauge);
    isth_client_close(client);
    CHECK_EQUAL(isth_region_write(limits, 0, &limit, i, NULL), 0);
    isth_region_close(limits);
    /* Its serving thread, which nobody calls, has to let them go, before there are max_channels. */
    isth_service_stats stats;
    WAIT_UNTIL((isth_service_get_stats(served.service, &stats), stats.channels < 100));
  }
  CHECK_EQUAL(settled_descriptors(&served, cycles + 1), descriptors);
  CHECK_EQUAL(count_segments(), segments);
  if (!is_slow()) CHECK(resident_kib() - resident < 512);
  echo_stop(&served);
}

static void only_the_memories_that_are_needed_exist(void) {
  static const struct {
    size_t first, count, memories;
  } cases[] = {{0, 1, 2}, {0, 2, 2}, {2, 1, 2}, {2, 2, 2}, {1, 2, 3}, {0, 4, 3}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    isth_region_type types[REGIONS];
    isth_schema schema = regioned_schema;
    struct echo_service served;
    schema.regions = types;
    schema.region_count = cases[i].count;
    for (size_t j = 0; j < cases[i].count; j++) {
      types[j] = regioned_types[cases[i].first + j];
      types[j].id = (uint32_t)j + 1;
    }
    regioned_open(&served, &schema);
    CHECK_EQUAL(count_segments(), cases[i].memories);
    isth_service_close(served.service);
    CHECK_EQUAL(count_segments(), 0);
  }
}

static void two_hundred_and_fifty_six_regions(void) {
  static isth_region_type types[ISTH_MAX_REGIONS];
  static char names[ISTH_MAX_REGIONS][ISTH_NAME_BYTES];
  isth_region *regions[ISTH_MAX_REGIONS];
  unsigned char value[ISTH_MAX_REGIONS], read_back[ISTH_MAX_REGIONS];
  struct echo_service served;
  isth_schema schema = {"many", {9}, NULL, NULL, 0, types, ISTH_MAX_REGIONS};
  size_t before = count_descriptors();
  for (uint32_t i = 0; i < ISTH_MAX_REGIONS; i++) {
    snprintf(names[i], sizeof names[i], "region%u", (unsigned)i);
    /* Every size from 1 to 256, and one in eight with several writers. */
    types[i] =
        (isth_region_type){i + 1, names[i], i + 1, 1, 0, 0, false, i % 8 == 0 ? ISTH_WRITERS_MANY : ISTH_WRITERS_ONE};
  }
  regioned_start(&served, &schema);
  isth_client *client = regioned_connect(served.path, &schema);
  for (uint32_t i = 0; i < ISTH_MAX_REGIONS; i++) regions[i] = region_of(client, i + 1);
  isth_client_close(client);
  for (uint32_t i = 0; i < ISTH_MAX_REGIONS; i++) {
    memset(value, (int)i, sizeof value);
    isth_region *writer = i % 16 == 0 ? regions[i] : isth_service_region(served.service, i + 1);
    CHECK_EQUAL(isth_region_write(writer, 0, value, 0, NULL), 0);
  }
  for (uint32_t i = 0; i < ISTH_MAX_REGIONS; i++) {
    uint32_t at = i * 37 % ISTH_MAX_REGIONS; /* each once */
    memset(value, (int)at, sizeof value);
    CHECK_EQUAL(isth_region_bytes(regions[at]), at + 1);
    CHECK_EQUAL(isth_region_read(regions[at], 0, read_back, NULL), 0);
    CHECK(memcmp(read_back, value, at + 1) == 0);
    CHECK_EQUAL(isth_region_changes(regions[at]), 1);
    isth_region_close(regions[at]);
  }
  echo_stop(&served);
  CHECK_EQUAL(count_descriptors(), before);
  CHECK_EQUAL(count_segments(), 0);
}

/* Neither side takes such a schema, and nothing is left of the try. */
static void expect_invalid(const isth_schema *schema, const char *because) {
  isth_service *service;
  isth_service_options options;
  isth_client *client;
  isth_failure failure = {0, ""};
  isth_client_options client_options = patient_client(NULL);
  struct echo_service plain;
  size_t before = count_descriptors();
  char path[64];
  snprintf(path, sizeof path, "/tmp/isth-regions-%d-invalid.sock", (int)getpid());
  isth_service_options_init(&options);
  options.path = path;
  CHECK_EQUAL(isth_service_open(&service, schema, &options, &failure), ISTH_E_SCHEMA_INVALID);
  CHECK(service == NULL);
  if (strstr(failure.message, because) == NULL) fprintf(stderr, "the message is: %s\n", failure.message);
  CHECK(strstr(failure.message, because) != NULL);
  CHECK(access(options.path, F_OK) != 0);
  echo_start(&plain, NULL);
  CHECK_EQUAL(isth_client_open(&client, plain.path, schema, &client_options, &failure), ISTH_E_SCHEMA_INVALID);
  CHECK(strstr(failure.message, because) != NULL);
  echo_stop(&plain);
  CHECK_EQUAL(count_descriptors(), before);
  CHECK_EQUAL(count_segments(), 0);
}

static void schemas_that_are_not_valid_are_refused(void) {
  static char long_name[ISTH_NAME_BYTES + 1];
  memset(long_name, 'n', ISTH_NAME_BYTES);
  static const isth_region_type wrong[] = {
      {1, "bytes", 0, 1, 0, 0, false, ISTH_WRITERS_ONE},
      {1, "bytes", 65537, 1, 0, 0, false, ISTH_WRITERS_ONE},
      {1, "bytes", UINT32_MAX, 1, 0, 0, false, ISTH_WRITERS_ONE},
      {1, "rows", 8, 0, 0, 0, false, ISTH_WRITERS_ONE},
      {1, "rows", 8, 2, 0, 0, false, ISTH_WRITERS_ONE},
      {1, "rows", 8, 1048577, 0, 4, false, ISTH_WRITERS_ONE},
      {1, "key", 8, 4, 5, 4, false, ISTH_WRITERS_ONE},
      {1, "key", 8, 4, 0, 9, false, ISTH_WRITERS_ONE},
      {1, "key", 8, 4, UINT32_MAX, 8, false, ISTH_WRITERS_ONE},
      {1, "key", 8, 4, 8, UINT32_MAX, false, ISTH_WRITERS_ONE},
      {1, "writers", 8, 1, 0, 0, false, (isth_writers)2},
      {1, NULL, 8, 1, 0, 0, false, ISTH_WRITERS_ONE},
      {1, "", 8, 1, 0, 0, false, ISTH_WRITERS_ONE},
      {1, long_name, 8, 1, 0, 0, false, ISTH_WRITERS_ONE},
  };
  /* With the echo service's hash, so that a client gets as far as to look at its own regions. */
  isth_schema schema = {"wrong", {1, 2, 3}, NULL, NULL, 0, NULL, 1};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    schema.regions = &wrong[i];
    expect_invalid(&schema, "region 1");
  }
  static const uint32_t numbers[] = {0, 1, 3, UINT32_MAX};
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    isth_region_type two[2] = {regioned_types[0], regioned_types[0]};
    two[1].id = numbers[i];
    schema.regions = two;
    schema.region_count = 2;
    expect_invalid(&schema, "region 2 has the number");
  }
  static isth_region_type many[ISTH_MAX_REGIONS + 1];
  for (uint32_t i = 0; i <= ISTH_MAX_REGIONS; i++) many[i] = (isth_region_type){i + 1, "many", 8, 1, 0, 0, false, 0};
  schema.regions = many;
  schema.region_count = ISTH_MAX_REGIONS + 1;
  expect_invalid(&schema, "257 regions");
  schema.regions = NULL;
  schema.region_count = 1;
  expect_invalid(&schema, "1 regions");
  /* 64 KiB four times over and 2,048 rows of it are half a gibibyte: one is fine, and two of either kind are too many. */
  isth_region_type large[2] = {{1, "large", 65536, 2048, 0, 4, false, ISTH_WRITERS_ONE},
                               {2, "larger", 65536, 2048, 0, 4, false, ISTH_WRITERS_MANY}};
  schema.regions = large;
  schema.region_count = 2;
  expect_invalid(&schema, "larger");
  large[1].writers = ISTH_WRITERS_ONE;
  expect_invalid(&schema, "larger");
  schema.region_count = 1;
  struct echo_service served;
  regioned_start(&served, &schema);
  isth_client_close(regioned_connect(served.path, &schema));
  echo_stop(&served);
}

static void a_client_with_other_regions_is_refused(void) {
  struct echo_service served;
  isth_region_type types[REGIONS];
  isth_client *client;
  isth_client_options options = patient_client(NULL);
  isth_failure failure;
  regioned_start(&served, &regioned_schema);
  isth_client_close(regioned_connect(served.path, &regioned_schema));
  size_t before = settled_descriptors(&served, 1);
  isth_schema schema = regioned_schema;
  memcpy(types, regioned_types, sizeof types);
  schema.regions = types;
  types[QUOTES - 1].rows = 17;
  CHECK_EQUAL(isth_client_open(&client, served.path, &schema, &options, &failure), ISTH_E_SEGMENT_REFUSED);
  CHECK(strstr(failure.message, "owned memory") != NULL);
  types[QUOTES - 1].rows = 16;
  types[LIMITS - 1].bytes = 4096;
  CHECK_EQUAL(isth_client_open(&client, served.path, &schema, &options, &failure), ISTH_E_SEGMENT_REFUSED);
  CHECK(strstr(failure.message, "shared memory") != NULL);
  /* Without the regions that the instance has; and with regions that it has not. */
  CHECK_EQUAL(isth_client_open(&client, served.path, &echo_schema, &options, &failure), ISTH_E_SEGMENT_REFUSED);
  WAIT_UNTIL(count_descriptors() == before);
  echo_stop(&served);
  echo_start(&served, NULL);
  CHECK_EQUAL(isth_client_open(&client, served.path, &regioned_schema, &options, &failure), ISTH_E_SEGMENT_REFUSED);
  echo_stop(&served);
  CHECK_EQUAL(count_segments(), 0);
}

int main(void) {
  static const struct test_case tests[] = {
      {"what is written before run is there", what_is_written_before_run_is_there},
      {"who may write what", who_may_write_what},
      {"a thread that writes ends with the service", a_thread_that_writes_ends_with_the_service},
      {"unknown regions are errors", unknown_regions_are_errors},
      {"a region outlives its client and its service", a_region_outlives_its_client_and_its_service},
      {"cycles leave nothing", cycles_leave_nothing},
      {"only the memories that are needed exist", only_the_memories_that_are_needed_exist},
      {"256 regions", two_hundred_and_fifty_six_regions},
      {"schemas that are not valid are refused", schemas_that_are_not_valid_are_refused},
      {"a client with other regions is refused", a_client_with_other_regions_is_refused},
  };
  return RUN_TESTS("regions_test", tests);
}
