/* cut_off_posix_test.c: peers that make the memory shorter that they share, which the portable build cannot prevent. */
#include "fake.h"
#include "hostile.h"
#include "resources.h"

static void one_call(isth_client *client, uint64_t value) {
  uint64_t answer = 0;
  CHECK_EQUAL(isth_client_call_sync(client, ECHO, &value, 8, &answer, 8, NULL, UINT64_C(60000000000), NULL), 0);
  CHECK_EQUAL(answer, value);
}

static void a_client_that_cuts_its_memory_off_costs_nobody_else(void) {
  struct echo_service echo;
  echo_start(&echo, NULL);
  isth_client *good = echo_connect(&echo, NULL);
  one_call(good, 1);
  size_t descriptors = count_descriptors();
  for (int round = 0; round < 20; round++) {
    struct hostile hostile;
    struct isth__header header = {.kind = ISTH__RECORD_REQUEST, .method = ECHO, .call_id = 1};
    hostile_connect(&hostile, echo.path);
    for (int i = 0; i < round % 3; i++) CHECK(hostile_write(&hostile, &header, "12345678", 8));
    CHECK_EQUAL(ftruncate(hostile.luggage.descriptors[0], round % 2 == 0 ? 0 : 4096), 0);
    for (uint64_t i = 0; i < 10; i++) {
      isth__wake_signal(hostile.luggage.lane_signals);
      one_call(good, i);
    }
    hostile_close(&hostile);
  }
  isth_service_stats stats;
  WAIT_UNTIL((isth_service_get_stats(echo.service, &stats), stats.channels == 1));
  WAIT_UNTIL(count_descriptors() == descriptors);
  isth_client_close(good);
  echo_stop(&echo);
  CHECK_EQUAL(count_segments(), 0);
}

static void cut_off(int control, const void *detail) {
  struct isth__attach attach;
  struct isth__welcome welcome = {.status = 0};
  int descriptors[3];
  take_luggage(control, &attach, descriptors);
  CHECK(raw_send(control, &welcome, sizeof welcome, NULL, 0));
  CHECK_EQUAL(ftruncate(descriptors[0], *(const int *)detail), 0);
  isth__wake_signal(descriptors[1]);
  CHECK(raw_closed(control, 60000));
  for (size_t i = 0; i < 3; i++) close(descriptors[i]);
}

static void a_service_that_cuts_the_memory_off_costs_its_calls(void) {
  static const int sizes[] = {0, 4096};
  for (size_t i = 0; i < 2; i++) {
    struct fake fake;
    isth_client *client;
    isth_client_options options = patient_client(NULL);
    fake_start(&fake, cut_off, &sizes[i]);
    CHECK_EQUAL(isth_client_open(&client, fake.path, NULL, &options, NULL), 0);
    /* Each has an outcome, whatever it is. */
    for (int calls = 0; calls < 5; calls++)
      CHECK(isth_client_call_sync(client, ECHO, NULL, 0, NULL, 0, NULL, 50000000, NULL) < 0);
    isth_client_close(client);
    fake_stop(&fake);
  }
  CHECK_EQUAL(count_segments(), 0);
}

int main(void) {
  static const struct test_case tests[] = {
      {"a client that cuts its memory off costs nobody else", a_client_that_cuts_its_memory_off_costs_nobody_else},
      {"a service that cuts the memory off costs its calls", a_service_that_cuts_the_memory_off_costs_its_calls},
  };
  return RUN_TESTS("cut_off_posix_test", tests);
}
