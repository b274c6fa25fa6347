/* call_test.c: calls between a client and a service: outcomes, deadlines, limits, wait modes, threads. */
#include "platform.h"

#include "served.h"

static void each_wait_mode_answers(void) {
  for (int service_wait = 0; service_wait <= ISTH_WAIT_SPIN; service_wait++) {
    for (int client_wait = 0; client_wait <= ISTH_WAIT_SPIN; client_wait++) {
      struct echo_service echo;
      isth_service_options service_options;
      isth_client_options client_options;
      isth_service_options_init(&service_options);
      isth_client_options_init(&client_options);
      service_options.wait = (isth_wait)service_wait;
      client_options.wait = (isth_wait)client_wait;
      echo_start(&echo, &service_options);
      isth_client *client = echo_connect(&echo, &client_options);
      for (uint64_t i = 0; i < 200; i++) {
        uint64_t answer = 0;
        size_t size = 0;
        CHECK_EQUAL(isth_client_call_sync(client, ECHO, &i, sizeof i, &answer, sizeof answer, &size, PATIENT_NS, NULL),
                    0);
        CHECK_EQUAL(size, sizeof i);
        CHECK_EQUAL(answer, i);
      }
      isth_client_close(client);
      echo_stop(&echo);
    }
  }
}

/* A deadline is never before its time, and a long one at most a 64th late. From a minute on that is more than any clock is behind. */
static void deadlines_leave_the_time_they_are_made_of(void) {
  static const uint64_t timeouts_ns[] = {
      0, 1, 999999999, UINT64_C(60000000000), UINT64_C(3600000000000), UINT64_MAX / 2};
  for (size_t i = 0; i < sizeof timeouts_ns / sizeof timeouts_ns[0]; i++) {
    uint64_t timeout_ns = timeouts_ns[i], before_ns = isth_now_ns();
    uint64_t deadline_ns = isth_deadline_ns(timeout_ns), after_ns = isth_now_ns();
    CHECK(deadline_ns >= before_ns + timeout_ns);
    CHECK(deadline_ns <= after_ns + timeout_ns + (timeout_ns < 1000000000 ? 0 : timeout_ns / 64));
  }
  CHECK(isth_deadline_ns(UINT64_MAX) == UINT64_MAX);
  CHECK(isth_deadline_ns(UINT64_MAX - 1) == UINT64_MAX);
  uint64_t deadline_ns = isth_deadline_ns(1000000000);
  CHECK(deadline_ns <= isth_now_ns() + 1000000000 + 1000000000 / 64);
}

struct tally {
  uint64_t count, sum;
  int last_status;
};

static void count_reply(const isth_reply *reply) {
  struct tally *tally = reply->user;
  tally->count++;
  tally->last_status = reply->status;
  if (reply->status == 0 && reply->size == 8) {
    uint64_t value;
    memcpy(&value, reply->payload, sizeof value);
    tally->sum += value;
  }
}

static void wait_for(isth_client *client, const struct tally *tally, uint64_t count) {
  uint64_t until = isth_now_ns() + PATIENT_NS;
  while (tally->count < count && isth_now_ns() < until) isth_client_wait(client, 100000000);
  CHECK_EQUAL(tally->count, count);
}

static void many_calls_over_four_threads(void) {
  struct echo_service echo;
  isth_service_options options;
  isth_service_options_init(&options);
  options.threads = 4;
  echo_start(&echo, &options);
  isth_client *client = echo_connect(&echo, NULL);
  struct tally tally = {0, 0, 0};
  uint64_t sent = 0, sum = 0;
  const uint64_t total = getenv("ISTH_TEST_SLOW") ? 5000 : 100000;
  while (sent < total) {
    isth_request request = {
        .method = ECHO, .payload = &sent, .size = sizeof sent, .callback = count_reply, .user = &tally};
    int error = isth_client_call(client, &request, NULL);
    if (error == ISTH_E_RING_FULL || error == ISTH_E_TOO_MANY_CALLS) {
      isth_client_wait(client, 100000000);
      continue;
    }
    CHECK_EQUAL(error, 0);
    sum += sent++;
  }
  wait_for(client, &tally, total);
  CHECK_EQUAL(tally.sum, sum);
  isth_client_stats stats;
  isth_client_get_stats(client, &stats);
  CHECK_EQUAL(stats.lanes, 4);
  CHECK_EQUAL(stats.in_flight, 0);
  CHECK_EQUAL(stats.replies, total);
  isth_client_close(client);
  echo_stop(&echo);
}

static void payloads_of_all_sizes_wrap_around(void) {
  struct echo_service echo;
  isth_client_options options;
  isth_client_options_init(&options);
  options.request_ring_bytes = options.reply_ring_bytes = 8192;
  echo_start(&echo, NULL);
  isth_client *client = echo_connect(&echo, &options);
  static unsigned char sent[4096], answer[4096];
  for (size_t size = 0; size <= 4096 - 64; size += 13) {
    for (size_t i = 0; i < size; i++) sent[i] = (unsigned char)(i * 31 + size);
    size_t got = 0;
    CHECK_EQUAL(isth_client_call_sync(client, ECHO, sent, size, answer, sizeof answer, &got, PATIENT_NS, NULL), 0);
    CHECK_EQUAL(got, size);
    CHECK(memcmp(sent, answer, size) == 0);
  }
  CHECK_EQUAL(isth_client_call_sync(client, ECHO, sent, 4096 - 63, answer, sizeof answer, NULL, PATIENT_NS, NULL),
              ISTH_E_RECORD_TOO_LARGE);
  uint64_t wanted = 4096 - 63;
  CHECK_EQUAL(isth_client_call_sync(client, BIG, &wanted, 8, answer, sizeof answer, NULL, PATIENT_NS, NULL),
              ISTH_E_REPLY_TOO_LARGE);
  wanted = 100;
  CHECK_EQUAL(isth_client_call_sync(client, BIG, &wanted, 8, answer, 99, NULL, PATIENT_NS, NULL),
              ISTH_E_REPLY_TOO_LARGE);
  isth_client_close(client);
  echo_stop(&echo);
}

static void refusals_and_unknown_methods_say_why(void) {
  struct echo_service echo;
  echo_start(&echo, NULL);
  isth_client *client = echo_connect(&echo, NULL);
  isth_failure failure;
  CHECK_EQUAL(isth_client_call_sync(client, REFUSE, NULL, 0, NULL, 0, NULL, PATIENT_NS, &failure), 7);
  CHECK(strcmp(failure.message, "refused with seven") == 0);
  CHECK_EQUAL(isth_client_call_sync(client, 99, NULL, 0, NULL, 0, NULL, PATIENT_NS, &failure), ISTH_E_UNKNOWN_METHOD);
  CHECK(strcmp(failure.message, "method number 99") == 0);
  CHECK_EQUAL(isth_client_call_sync(client, MISSING, NULL, 0, NULL, 0, NULL, PATIENT_NS, &failure),
              ISTH_E_UNKNOWN_METHOD);
  isth_client_close(client);
  echo_stop(&echo);
}

/* A service whose MISSING holds up its only serving thread. */
static void start_held(struct echo_service *echo) {
  isth_service_options options;
  isth_service_options_init(&options);
  snprintf(echo->path, sizeof echo->path, "/tmp/isth-test-%d-held.sock", (int)getpid());
  options.path = echo->path;
  echo_open(echo, &options);
  CHECK_EQUAL(isth_service_handle(echo->service, MISSING, 0, on_held, NULL), 0);
  held = 0;
  CHECK_EQUAL(pthread_create(&echo->thread, NULL, echo_run, echo), 0);
}

static void deadlines_are_kept_and_late_replies_dropped(void) {
  struct echo_service echo;
  start_held(&echo);
  isth_client_options options;
  isth_client_options_init(&options);
  options.wait = ISTH_WAIT_BLOCK;
  isth_client *client = echo_connect(&echo, &options);
  uint64_t expired = 0;
  /* Again where the service comes to it too late. */
  do {
    uint64_t begin = isth_now_ns();
    CHECK_EQUAL(isth_client_call_sync(client, MISSING, NULL, 0, NULL, 0, NULL, 20000000, NULL),
                ISTH_E_DEADLINE_EXCEEDED);
    CHECK(isth_now_ns() - begin >= 20000000);
    CHECK(++expired < 1000);
  } while (held == 0);
  /* Sent while the handler still runs, and expired before its turn: never handled. By the service's clock, which is behind. */
  CHECK_EQUAL(isth_client_call_sync(client, ECHO, NULL, 0, NULL, 0, NULL, 20000000, NULL), ISTH_E_DEADLINE_EXCEEDED);
  uint64_t now_ns = isth_now_ns();
  WAIT_UNTIL(isth__coarse_now_ns() > now_ns);
  held = 2;
  int64_t left = 0;
  CHECK_EQUAL(isth_client_call_sync(client, REMAINING, NULL, 0, &left, 8, NULL, PATIENT_NS, NULL), 0);
  CHECK(left > 0 && left < (int64_t)(PATIENT_NS + PATIENT_NS / 64));
  isth_client_stats stats;
  isth_client_get_stats(client, &stats);
  CHECK_EQUAL(stats.late_replies, 1);
  isth_service_stats service_stats;
  isth_service_get_stats(echo.service, &service_stats);
  CHECK_EQUAL(service_stats.expired, expired);
  isth_client_close(client);
  echo_stop(&echo);
}

static void cancelled_calls_have_no_outcome(void) {
  struct echo_service echo;
  echo_start(&echo, NULL);
  isth_client *client = echo_connect(&echo, NULL);
  struct tally tally = {0, 0, 0};
  uint64_t microseconds = 10000, id;
  isth_request request = {
      .method = SLEEP, .payload = &microseconds, .size = 8, .callback = count_reply, .user = &tally};
  CHECK_EQUAL(isth_client_call(client, &request, &id), 0);
  CHECK(isth_client_cancel(client, id));
  CHECK(!isth_client_cancel(client, id));
  CHECK_EQUAL(isth_client_call(client, &request, &id), 0);
  wait_for(client, &tally, 1);
  isth_client_stats stats;
  isth_client_get_stats(client, &stats);
  CHECK_EQUAL(stats.late_replies, 1);
  isth_client_close(client);
  echo_stop(&echo);
}

static void a_full_ring_is_an_error_at_once(void) {
  struct echo_service echo;
  isth_client_options options;
  isth_client_options_init(&options);
  options.request_ring_bytes = 4096;
  options.max_in_flight = 100;
  start_held(&echo);
  isth_client *client = echo_connect(&echo, &options);
  struct tally tally = {0, 0, 0};
  uint64_t value = 0, sent = 1;
  isth_request request = {.method = MISSING, .payload = &value, .size = 8, .callback = count_reply, .user = &tally};
  int error = isth_client_call(client, &request, NULL);
  CHECK_EQUAL(error, 0);
  WAIT_UNTIL(held == 1);
  request.method = ECHO;
  while ((error = isth_client_call(client, &request, NULL)) == 0) sent++;
  CHECK_EQUAL(error, ISTH_E_RING_FULL);
  CHECK(sent >= 4096 / 128 - 1 && sent <= 4096 / 128);
  held = 2;
  wait_for(client, &tally, sent);
  CHECK_EQUAL(isth_client_call(client, &request, NULL), 0);
  wait_for(client, &tally, sent + 1);
  isth_client_close(client);
  echo_stop(&echo);
}

static void too_many_calls_is_an_error_at_once(void) {
  struct echo_service echo;
  isth_client_options options;
  isth_client_options_init(&options);
  options.max_in_flight = 3;
  echo_start(&echo, NULL);
  isth_client *client = echo_connect(&echo, &options);
  struct tally tally = {0, 0, 0};
  isth_request request = {.method = ECHO, .callback = count_reply, .user = &tally};
  for (int i = 0; i < 3; i++) CHECK_EQUAL(isth_client_call(client, &request, NULL), 0);
  CHECK_EQUAL(isth_client_call(client, &request, NULL), ISTH_E_TOO_MANY_CALLS);
  wait_for(client, &tally, 3);
  CHECK_EQUAL(isth_client_call(client, &request, NULL), 0);
  isth_client_close(client);
  echo_stop(&echo);
}

static void a_client_that_takes_no_replies_holds_up_only_itself(void) {
  struct echo_service echo;
  isth_client_options options;
  isth_client_options_init(&options);
  options.reply_ring_bytes = 4096;
  echo_start(&echo, NULL);
  isth_client *lazy = echo_connect(&echo, &options), *other = echo_connect(&echo, NULL);
  struct tally tally = {0, 0, 0};
  isth_request request = {.method = ECHO, .callback = count_reply, .user = &tally};
  for (int i = 0; i < 1000; i++) CHECK_EQUAL(isth_client_call(lazy, &request, NULL), 0);
  for (int i = 0; i < 100; i++)
    CHECK_EQUAL(isth_client_call_sync(other, ECHO, NULL, 0, NULL, 0, NULL, PATIENT_NS, NULL), 0);
  wait_for(lazy, &tally, 1000);
  isth_client_close(lazy);
  isth_client_close(other);
  echo_stop(&echo);
}

static void claim_writes_in_place_and_abandon_gives_back(void) {
  struct echo_service echo;
  echo_start(&echo, NULL);
  isth_client *client = echo_connect(&echo, NULL);
  struct tally tally = {0, 0, 0};
  isth_trace trace = {{1, 2, 3}, {4, 5}};
  isth_request request = {.method = ECHO, .size = 8, .trace = &trace, .callback = count_reply, .user = &tally};
  void *payload, *again;
  uint64_t id, value = 42;
  CHECK_EQUAL(isth_client_claim(client, &request, &payload, &id), 0);
  CHECK_EQUAL(isth_client_claim(client, &request, &again, &id), ISTH_E_INVALID_ARGUMENT);
  isth_client_abandon(client);
  CHECK_EQUAL(isth_client_claim(client, &request, &payload, &id), 0);
  CHECK_EQUAL((uintptr_t)payload % 64, 0);
  memcpy(payload, &value, sizeof value);
  isth_client_commit(client);
  wait_for(client, &tally, 1);
  CHECK_EQUAL(tally.sum, 42);
  isth_client_close(client);
  echo_stop(&echo);
}

static void trace_reaches_the_handler(void) {
  struct echo_service echo;
  echo_start(&echo, NULL);
  isth_client *client = echo_connect(&echo, NULL);
  isth_trace trace = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, {17, 18, 19, 20, 21, 22, 23, 24}};
  isth_request request = {.method = TRACE, .trace = &trace};
  CHECK_EQUAL(isth_client_call(client, &request, NULL), 0);
  isth_reply replies[4];
  uint64_t until = isth_now_ns() + PATIENT_NS;
  size_t count = 0;
  while (count == 0 && isth_now_ns() < until) count = isth_client_peek(client, replies, 4);
  CHECK_EQUAL(count, 1);
  CHECK_EQUAL(replies[0].size, sizeof trace);
  CHECK(memcmp(replies[0].payload, &trace, sizeof trace) == 0);
  isth_client_release(client);
  isth_client_close(client);
  echo_stop(&echo);
}

static void calls_end_when_the_service_stops(void) {
  struct echo_service echo;
  echo_start(&echo, NULL);
  isth_client *client = echo_connect(&echo, NULL);
  struct tally tally = {0, 0, 0};
  uint64_t microseconds = 1000;
  isth_request request = {
      .method = SLEEP, .payload = &microseconds, .size = 8, .callback = count_reply, .user = &tally};
  for (int i = 0; i < 20; i++) CHECK_EQUAL(isth_client_call(client, &request, NULL), 0);
  echo_stop(&echo);
  wait_for(client, &tally, 20);
  isth_client_check(client);
  CHECK_EQUAL(isth_client_status(client), ISTH_E_INSTANCE_LOST);
  CHECK_EQUAL(isth_client_call(client, &request, NULL), ISTH_E_INSTANCE_LOST);
  isth_client_close(client);
}

int main(void) {
  static const struct test_case tests[] = {
      {"each wait mode answers", each_wait_mode_answers},
      {"deadlines leave the time they are made of", deadlines_leave_the_time_they_are_made_of},
      {"many calls over four threads", many_calls_over_four_threads},
      {"payloads of all sizes wrap around", payloads_of_all_sizes_wrap_around},
      {"refusals and unknown methods say why", refusals_and_unknown_methods_say_why},
      {"deadlines are kept and late replies dropped", deadlines_are_kept_and_late_replies_dropped},
      {"cancelled calls have no outcome", cancelled_calls_have_no_outcome},
      {"a full ring is an error at once", a_full_ring_is_an_error_at_once},
      {"too many calls is an error at once", too_many_calls_is_an_error_at_once},
      {"a client that takes no replies holds up only itself", a_client_that_takes_no_replies_holds_up_only_itself},
      {"claim writes in place and abandon gives back", claim_writes_in_place_and_abandon_gives_back},
      {"the trace reaches the handler", trace_reaches_the_handler},
      {"calls end when the service stops", calls_end_when_the_service_stops},
  };
  return RUN_TESTS("call_test", tests);
}
