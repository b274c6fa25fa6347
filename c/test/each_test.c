/* A program that waits for all replies of a call: every one of them, how it ends, and that it always ends. */
#include "served.h"

struct counted {
  uint64_t replies;
  uint64_t stop_after; /* 0: never */
  isth_client *client;
  int nested; /* what another call from within gave */
};

static int take(const void *payload, size_t size, void *user) {
  struct counted *counted = user;
  uint64_t number;
  CHECK(size >= sizeof number);
  memcpy(&number, payload, sizeof number);
  CHECK_EQUAL(number, counted->replies);
  counted->replies++;
  if (counted->client != NULL)
    counted->nested = isth_client_call_each(counted->client, TICK, &number, sizeof number, take, counted, 0, NULL);
  return counted->replies == counted->stop_after ? 77 : 0;
}

static int count(isth_client *client, const struct count_request *request, struct counted *counted,
                 isth_failure *failure) {
  return isth_client_call_each(client, COUNT, request, sizeof *request, take, counted, 0, failure);
}

static void gets_every_reply_in_order(void) {
  struct echo_service served;
  served_start(&served, NULL, NULL, 0);
  isth_client *client = served_connect(&served, NULL);
  static const struct count_request requests[] = {{0, 8, 0}, {1, 8, 0}, {5000, 8, 0}, {300, 4096, 0}};
  for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
    struct counted counted = {0};
    CHECK_EQUAL(count(client, &requests[i], &counted, NULL), 0);
    CHECK_EQUAL(counted.replies, requests[i].count);
  }
  isth_client_close(client);
  echo_stop(&served);
}

static void tells_how_the_call_ended(void) {
  struct echo_service served;
  served_start(&served, NULL, NULL, 0);
  isth_client *client = served_connect(&served, NULL);
  struct counted counted = {0};
  isth_failure failure;
  CHECK_EQUAL(count(client, &(struct count_request){3, 8, 5}, &counted, &failure), 5);
  CHECK_EQUAL(counted.replies, 3);
  CHECK_EQUAL(failure.error, 5);
  CHECK(strcmp(failure.message, "counted to 3") == 0);
  CHECK_EQUAL(count(client, &(struct count_request){0, 8, ISTH_E_INVALID_INPUT}, &counted, &failure),
              ISTH_E_INVALID_INPUT);
  CHECK(strcmp(failure.message, isth_error_message(ISTH_E_INVALID_INPUT)) == 0);
  /* Nobody need ask why. */
  CHECK_EQUAL(count(client, &(struct count_request){0, 8, 5}, &counted, NULL), 5);
  CHECK_EQUAL(isth_client_call_each(client, UNSERVED, NULL, 0, take, &counted, 0, &failure), ISTH_E_UNKNOWN_METHOD);
  isth_client_close(client);
  echo_stop(&served);
}

/* The service is told: its handler, which would go on for ever, ends. */
static void ends_when_the_caller_has_enough(void) {
  struct echo_service served;
  served_start(&served, NULL, NULL, 0);
  isth_client *client = served_connect(&served, NULL);
  for (uint64_t stop_after = 1; stop_after <= 40; stop_after += 13) {
    struct counted counted = {.stop_after = stop_after};
    isth_failure failure = {1, "untouched"};
    uint64_t microseconds = 0;
    CHECK_EQUAL(isth_client_call_each(client, TICK, &microseconds, 8, take, &counted, 0, &failure), 77);
    CHECK_EQUAL(counted.replies, stop_after);
    CHECK(strcmp(failure.message, "untouched") == 0);
  }
  WAIT_UNTIL((isth_client_poll(client, 0), seen.ticking == 0));
  CHECK_EQUAL(seen.tick_ended, ISTH_E_CANCELLED);
  isth_client_close(client);
  echo_stop(&served);
}

/* The deadline is that of each next reply: ticks that keep it go on far longer. */
static void waits_no_longer_than_it_may(void) {
  struct echo_service served;
  served_start(&served, NULL, NULL, 0);
  isth_client *client = served_connect(&served, NULL);
  struct counted counted = {.stop_after = 12};
  uint64_t microseconds = 500000;
  isth_failure failure;
  CHECK_EQUAL(isth_client_call_each(client, TICK, &microseconds, 8, take, &counted, 5000000000, &failure), 77);
  microseconds = 4000000;
  uint64_t took_ns;
  int attempts = 0;
  /* Again where the machine holds it up for so long. */
  do {
    counted = (struct counted){0};
    uint64_t begun_ns = isth_now_ns();
    CHECK_EQUAL(isth_client_call_each(client, TICK, &microseconds, 8, take, &counted, 100000000, &failure),
                ISTH_E_DEADLINE_EXCEEDED);
    took_ns = isth_now_ns() - begun_ns;
    CHECK(++attempts < 5);
  } while (took_ns >= 3900000000);
  CHECK_EQUAL(counted.replies, 0);
  WAIT_UNTIL(seen.ticking == 0);
  isth_client_close(client);
  echo_stop(&served);
}

static void refuses_to_wait_inside_of_itself(void) {
  struct echo_service served;
  served_start(&served, NULL, NULL, 0);
  isth_client *client = served_connect(&served, NULL);
  struct counted counted = {.client = client, .stop_after = 2};
  CHECK_EQUAL(count(client, &(struct count_request){5, 8, 0}, &counted, NULL), 77);
  CHECK_EQUAL(counted.nested, ISTH_E_INVALID_ARGUMENT);
  isth_client_close(client);
  echo_stop(&served);
}

static void ends_with_the_instance(void) {
  struct echo_service served;
  served_start(&served, NULL, NULL, 0);
  isth_client *client = served_connect(&served, NULL);
  struct counted counted = {0};
  uint64_t request = 0;
  isth_failure failure;
  echo_stop(&served);
  CHECK_EQUAL(isth_client_call_each(client, TICK, &request, 8, take, &counted, 0, &failure), ISTH_E_INSTANCE_LOST);
  CHECK_EQUAL(failure.error, ISTH_E_INSTANCE_LOST);
  isth_client_close(client);
}

int main(void) {
  static const struct test_case tests[] = {
      {"gets every reply in order", gets_every_reply_in_order},
      {"tells how the call ended", tells_how_the_call_ended},
      {"ends when the caller has enough", ends_when_the_caller_has_enough},
      {"waits no longer than it may", waits_no_longer_than_it_may},
      {"refuses to wait inside of itself", refuses_to_wait_inside_of_itself},
      {"ends with the instance", ends_with_the_instance},
  };
  return RUN_TESTS("each_test", tests);
}
