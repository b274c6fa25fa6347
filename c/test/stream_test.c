/* stream_test.c: calls with many replies: order, windows, deadlines, cancellation, limits, and how they end. */
#include "served.h"

#include "random.h"

#include <sched.h>

static void replies_come_in_order_and_end(void) {
  for (int wait = 0; wait <= ISTH_WAIT_SPIN; wait++) {
    struct echo_service served;
    isth_service_options service_options;
    isth_client_options options;
    isth_service_options_init(&service_options);
    isth_client_options_init(&options);
    service_options.wait = options.wait = (isth_wait)wait;
    service_options.threads = 2;
    options.reply_ring_bytes = 8192;
    options.stream_window_bytes = 3000;
    served_start(&served, &service_options, NULL, 0);
    isth_client *client = served_connect(&served, &options);
    struct came came[6];
    for (uint32_t i = 0; i < 6; i++) {
      struct count_request request = {.count = 50 * i, .bytes = 8 + 397 * i};
      (void)start_count(client, &request, 0, &came[i]);
    }
    for (uint32_t i = 0; i < 6; i++) {
      await_end(client, &came[i]);
      CHECK_EQUAL(came[i].status, 0);
      CHECK_EQUAL(came[i].replies, 50 * i);
      CHECK_EQUAL(came[i].bytes, 50 * i * (8 + 397 * i));
    }
    isth_client_stats stats;
    isth_client_get_stats(client, &stats);
    CHECK_EQUAL(stats.in_flight, 0);
    CHECK_EQUAL(stats.replies, 50 * 15 + 6);
    WAIT_UNTIL(served_stats(&served).streams == 0);
    CHECK_EQUAL(served_stats(&served).calls, 6);
    isth_client_close(client);
    echo_stop(&served);
  }
}

static void a_stream_ends_with_what_its_handler_returns(void) {
  struct echo_service served;
  served_start(&served, NULL, NULL, 0);
  isth_client *client = served_connect(&served, NULL);
  static const int32_t statuses[] = {0, 1, 99, ISTH_E_HANDLER_FAULT, INT32_MIN};
  for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
    struct came came;
    struct count_request request = {.count = i, .bytes = 8, .status = statuses[i]};
    (void)start_count(client, &request, PATIENT_NS, &came);
    await_end(client, &came);
    CHECK_EQUAL(came.status, statuses[i]);
    CHECK_EQUAL(came.replies, i);
    CHECK(strncmp(came.message, statuses[i] > 0 ? "counted to" : "", 10) == 0);
  }
  isth_client_close(client);
  echo_stop(&served);
}

static void replies_that_cannot_fit_are_refused(void) {
  struct echo_service served;
  isth_client_options options;
  isth_client_options_init(&options);
  options.reply_ring_bytes = 4096;
  served_start(&served, NULL, NULL, 0);
  isth_client *client = served_connect(&served, &options);
  struct came came;
  struct count_request fits = {.count = 3, .bytes = 1984}, larger = {.count = 3, .bytes = 1985};
  (void)start_count(client, &fits, 0, &came);
  await_end(client, &came);
  CHECK_EQUAL(came.replies, 3);
  (void)start_count(client, &larger, 0, &came);
  await_end(client, &came);
  CHECK_EQUAL(came.status, ISTH_E_REPLY_TOO_LARGE);
  CHECK_EQUAL(came.replies, 0);
  isth_client_close(client);
  echo_stop(&served);
}

static void kinds_that_do_not_match_are_refused(void) {
  struct echo_service served;
  served_start(&served, NULL, NULL, 0);
  isth_client *client = served_connect(&served, NULL);
  isth_failure failure;
  CHECK_EQUAL(isth_client_call_sync(client, COUNT, NULL, 0, NULL, 0, NULL, PATIENT_NS, &failure),
              ISTH_E_INVALID_ARGUMENT);
  CHECK(strcmp(failure.message, "method number 1 has many replies, the request wants one reply") == 0);
  CHECK_EQUAL(isth_client_call_sync(client, NOTE, NULL, 0, NULL, 0, NULL, PATIENT_NS, &failure),
              ISTH_E_INVALID_ARGUMENT);
  static const struct {
    uint32_t method;
    int status;
  } cases[] = {{PLAIN, ISTH_E_INVALID_ARGUMENT}, {UNSERVED, ISTH_E_UNKNOWN_METHOD}, {99, ISTH_E_UNKNOWN_METHOD}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct came came = {.ends = 0};
    isth_request request = {
        .method = cases[i].method, .callback = take_came, .user = &came, .replies = ISTH_REPLIES_MANY};
    CHECK_EQUAL(isth_client_call(client, &request, NULL), 0);
    await_end(client, &came);
    CHECK_EQUAL(came.status, cases[i].status);
    CHECK(came.message[0] != '\0');
  }
  isth_request strange = {.method = COUNT, .replies = (isth_replies)3};
  CHECK_EQUAL(isth_client_call(client, &strange, NULL), ISTH_E_INVALID_ARGUMENT);
  isth_client_close(client);
  echo_stop(&served);
}

/* ---- the window ---- */

/* Takes replies by peek, as an event loop does: those worth `expected` bytes of the window, and then there is no
 * other. */
static void peek_just(isth_client *client, uint64_t expected, uint64_t *next_number) {
  uint64_t credit = 0, until_ns = isth_now_ns() + PATIENT_NS;
  for (bool quiet = false; isth_now_ns() < until_ns;) {
    isth_reply replies[5];
    size_t count = isth_client_peek(client, replies, 5);
    for (size_t i = 0; i < count; i++) {
      uint64_t number;
      CHECK(replies[i].more);
      memcpy(&number, replies[i].payload, sizeof number);
      CHECK_EQUAL(number, *next_number);
      ++*next_number;
      credit += replies[i].credit;
    }
    isth_client_release(client);
    if (credit >= expected && !quiet) {
      quiet = true;
      until_ns = isth_now_ns() + 50000000;
    }
  }
  CHECK_EQUAL(credit, expected);
}

static void no_more_is_sent_than_the_window_allows(void) {
  struct echo_service served;
  isth_client_options options;
  isth_client_options_init(&options);
  options.stream_window_bytes = 10000;
  served_start(&served, NULL, NULL, 0);
  isth_client *client = served_connect(&served, &options);
  struct came came;
  struct count_request request = {.count = UINT64_MAX, .bytes = 1000};
  uint64_t id = start_count(client, &request, 0, &came), number = 0;
  /* 10 records of 1,064 bytes: the tenth begins while 9,576 are under way. */
  peek_just(client, 10640, &number);
  CHECK_EQUAL(isth_client_credit(client, id, 10641), ISTH_E_INVALID_ARGUMENT);
  /* Credit is sent once half of the window has come together. */
  CHECK_EQUAL(isth_client_credit(client, id, 4999), 0);
  peek_just(client, 0, &number);
  CHECK_EQUAL(isth_client_credit(client, id, 1), 0);
  /* 5,640 are left under way: five more. */
  peek_just(client, 5 * 1064, &number);
  CHECK_EQUAL(isth_client_credit(client, id, 5640 + 5 * 1064), 0);
  peek_just(client, 10640, &number);
  CHECK_EQUAL(number, 25);
  CHECK_EQUAL(isth_client_credit(client, id + 65536, 5), 0);
  CHECK(isth_client_cancel(client, id));
  CHECK_EQUAL(isth_client_credit(client, id, 10640), 0);
  WAIT_UNTIL(served_stats(&served).streams == 0);
  isth_client_close(client);
  echo_stop(&served);
}

static void the_smallest_window_lets_one_through_at_a_time(void) {
  struct echo_service served;
  isth_client_options options;
  isth_client_options_init(&options);
  options.stream_window_bytes = 1;
  served_start(&served, NULL, NULL, 0);
  isth_client *client = served_connect(&served, &options);
  struct came came;
  struct count_request request = {.count = 300, .bytes = 100};
  (void)start_count(client, &request, 0, &came);
  await_end(client, &came);
  CHECK_EQUAL(came.replies, 300);
  uint64_t id = start_count(client, &request, 0, &came), number = 0;
  peek_just(client, 164, &number);
  CHECK_EQUAL(isth_client_credit(client, id, 164), 0);
  peek_just(client, 164, &number);
  isth_client_close(client);
  echo_stop(&served);
}

static void windows_beyond_the_limit_are_refused(void) {
  struct echo_service served;
  isth_client_options options;
  isth_failure failure;
  isth_client *client;
  isth_client_options_init(&options);
  CHECK_EQUAL(options.stream_window_bytes, 256 * 1024);
  served_start(&served, NULL, NULL, 0);
  options.stream_window_bytes = 4 << 20;
  client = served_connect(&served, &options);
  isth_client_close(client);
  options.stream_window_bytes++;
  CHECK_EQUAL(isth_client_open(&client, served.path, &served_schema, &options, &failure), ISTH_E_INVALID_ARGUMENT);
  CHECK(strstr(failure.message, "stream_window_bytes") != NULL);
  echo_stop(&served);
}

static void a_client_that_takes_nothing_holds_up_only_its_stream(void) {
  struct echo_service served;
  isth_service_options service_options;
  isth_client_options options;
  isth_service_options_init(&service_options);
  isth_client_options_init(&options);
  service_options.stall_timeout_ns = 100000000;
  options.reply_ring_bytes = 4096; /* the window is larger, so that replies wait in the service as well */
  served_start(&served, &service_options, NULL, 0);
  isth_client *lazy = served_connect(&served, &options), *other = served_connect(&served, NULL);
  struct came came;
  (void)start_tick(lazy, 0, 0, &came);
  WAIT_UNTIL(seen.ticks > 0);
  for (int i = 0; i < 200; i++)
    CHECK_EQUAL(isth_client_call_sync(other, PLAIN, NULL, 0, NULL, 0, NULL, PATIENT_NS, NULL), 0);
  /* Its handler is told after the stall timeout, and its thread is free again. */
  WAIT_UNTIL(seen.ticking == 0);
  CHECK_EQUAL(seen.tick_ended, ISTH_E_DEADLINE_EXCEEDED);
  WAIT_UNTIL(served_stats(&served).streams == 0);
  /* What was sent until then is there, and the end of it. */
  await_end(lazy, &came);
  CHECK_EQUAL(came.status, ISTH_E_DEADLINE_EXCEEDED);
  CHECK_EQUAL(came.replies, seen.ticks);
  CHECK(came.replies >= 256 * 1024 / 72);
  isth_client_close(lazy);
  isth_client_close(other);
  echo_stop(&served);
}

/* Replies that wait for a client which does not come back cost no time. */
static void what_nobody_takes_does_not_keep_a_service_awake(void) {
  struct echo_service served;
  isth_client_options options;
  isth_client_options_init(&options);
  options.reply_ring_bytes = 4096;
  served_start(&served, NULL, NULL, 0);
  isth_client *lazy = served_connect(&served, &options);
  struct came came;
  (void)start_tick(lazy, 0, 0, &came);
  WAIT_UNTIL(seen.ticks >= 256 * 1024 / 72);
  usleep(100000);
  uint64_t before = cpu_ns();
  usleep(500000);
  if (!is_slow()) CHECK(cpu_ns() - before < 250000000);
  /* When it does come back, all goes on. */
  await_replies(lazy, &came, 10000);
  isth_client_close(lazy);
  echo_stop(&served);
}

static void a_stream_without_end_does_not_hold_up_the_client(void) {
  struct echo_service served;
  served_start(&served, NULL, NULL, 0);
  isth_client *client = served_connect(&served, NULL);
  struct came came;
  uint64_t id = start_tick(client, 0, 0, &came);
  await_replies(client, &came, 1);
  for (int i = 0; i < 20; i++) {
    CHECK(isth_client_poll(client, 0) <= 1024);
    CHECK_EQUAL(isth_client_call_sync(client, PLAIN, NULL, 0, NULL, 0, NULL, PATIENT_NS, NULL), 0);
  }
  CHECK(isth_client_cancel(client, id));
  WAIT_UNTIL(seen.ticking == 0);
  isth_client_close(client);
  echo_stop(&served);
}

/* ---- deadlines ---- */

static void a_deadline_begins_anew_with_each_reply(void) {
  struct echo_service served;
  served_start(&served, NULL, NULL, 0);
  isth_client *client = served_connect(&served, NULL);
  struct came came;
  uint64_t begin_ns = isth_now_ns(), id = start_tick(client, 50000, 3000000000, &came);
  await_replies(client, &came, 70);
  CHECK(isth_now_ns() - begin_ns > 3000000000);
  CHECK_EQUAL(came.ends, 0);
  CHECK(isth_client_cancel(client, id));
  isth_client_close(client);
  echo_stop(&served);
}

static void a_silent_stream_ends_at_its_deadline(void) {
  static const struct served_handler added[] = {{STUBBORN, on_quiet, NULL}};
  struct echo_service served;
  quiet_end = 0;
  served_start(&served, NULL, added, 1);
  isth_client *client = served_connect(&served, NULL);
  uint64_t sent = 0;
  /* Again where the service comes to it too late. */
  do {
    struct came came = {.ends = 0};
    uint64_t begin_ns = isth_now_ns();
    isth_request request = {.method = STUBBORN,
                            .deadline_ns = begin_ns + 50000000,
                            .callback = take_came,
                            .user = &came,
                            .replies = ISTH_REPLIES_MANY};
    CHECK_EQUAL(isth_client_call(client, &request, NULL), 0);
    CHECK(++sent < 100);
    await_end(client, &came);
    CHECK_EQUAL(came.status, ISTH_E_DEADLINE_EXCEEDED);
    CHECK_EQUAL(came.replies, 0);
    CHECK(isth_now_ns() - begin_ns >= 50000000);
    WAIT_UNTIL(served_stats(&served).calls + served_stats(&served).expired == sent);
  } while (served_stats(&served).calls == 0);
  /* The service was told, so that its handler ends. */
  WAIT_UNTIL(quiet_end < 0);
  CHECK_EQUAL(quiet_end, ISTH_E_CANCELLED);
  isth_client_stats stats;
  isth_client_get_stats(client, &stats);
  CHECK_EQUAL(stats.in_flight, 0);
  isth_client_close(client);
  echo_stop(&served);
}

static void time_does_not_run_while_the_service_waits_for_us(void) {
  struct echo_service served;
  isth_client_options options;
  isth_client_options_init(&options);
  options.stream_window_bytes = 1000;
  served_start(&served, NULL, NULL, 0);
  isth_client *client = served_connect(&served, &options);
  struct came came;
  struct count_request request = {.count = 1000000, .bytes = 936};
  uint64_t id = start_count(client, &request, 3000000000, &came), number = 0;
  peek_just(client, 1000, &number);
  usleep(3200000);
  isth_client_check(client);
  peek_just(client, 0, &number);
  CHECK_EQUAL(isth_client_credit(client, id, 1000), 0);
  /* From now on it runs again. */
  peek_just(client, 1000, &number);
  CHECK_EQUAL(number, 2);
  isth_client_close(client);
  echo_stop(&served);
}

/* ---- cancellation ---- */

struct canceller {
  isth_client *client;
  uint64_t id, after, replies;
};

static void cancel_in_callback(const isth_reply *reply) {
  struct canceller *canceller = reply->user;
  CHECK(reply->more);
  CHECK(canceller->replies < canceller->after);
  if (++canceller->replies == canceller->after) {
    CHECK(isth_client_cancel(canceller->client, canceller->id));
    CHECK(!isth_client_cancel(canceller->client, canceller->id));
  }
}

static void a_callback_may_cancel(void) {
  struct echo_service served;
  served_start(&served, NULL, NULL, 0);
  isth_client *client = served_connect(&served, NULL);
  for (uint64_t after = 1; after < 40; after += 13) {
    /* As many replies as it takes, so that the end of the call is already there at times. */
    struct count_request count = {.count = after + after % 5, .bytes = 8};
    struct canceller canceller = {client, 0, after, 0};
    isth_request request = {.method = COUNT,
                            .payload = &count,
                            .size = sizeof count,
                            .callback = cancel_in_callback,
                            .user = &canceller,
                            .replies = ISTH_REPLIES_MANY};
    CHECK_EQUAL(isth_client_call(client, &request, &canceller.id), 0);
    WAIT_UNTIL(served_stats(&served).streams == 0 && (isth_client_poll(client, 0), canceller.replies == after));
    CHECK_EQUAL(isth_client_call_sync(client, PLAIN, NULL, 0, NULL, 0, NULL, PATIENT_NS, NULL), 0);
    CHECK_EQUAL(canceller.replies, after);
  }
  isth_client_stats stats;
  isth_client_get_stats(client, &stats);
  CHECK_EQUAL(stats.in_flight, 0);
  isth_client_close(client);
  echo_stop(&served);
}

static void a_cancelled_handler_is_told(void) {
  struct echo_service served;
  served_start(&served, NULL, NULL, 0);
  isth_client *client = served_connect(&served, NULL);
  struct came came;
  uint64_t id = start_tick(client, 1000, 0, &came);
  await_replies(client, &came, 2);
  uint64_t replies = came.replies;
  CHECK(isth_client_cancel(client, id));
  WAIT_UNTIL(seen.ticking == 0);
  CHECK_EQUAL(seen.tick_ended, ISTH_E_CANCELLED);
  /* One that waits for credit as well. */
  id = start_tick(client, 0, 0, &came);
  WAIT_UNTIL(seen.ticks >= 256 * 1024 / 72);
  CHECK(isth_client_cancel(client, id));
  WAIT_UNTIL(seen.ticking == 0);
  CHECK_EQUAL(seen.tick_ended, ISTH_E_CANCELLED);
  isth_client_poll(client, 0);
  CHECK_EQUAL(came.replies, 0);
  CHECK(replies >= 2);
  isth_client_close(client);
  echo_stop(&served);
}

static void ignore(const isth_reply *reply) { (void)reply; }

/* Fills the request ring with one-way calls, behind a handler that does not return until held is 2. */
static void fill_ring(isth_client *client) {
  isth_request holder = {.method = LATER, .callback = ignore};
  isth_request note = {.method = NOTE, .replies = ISTH_REPLIES_NONE};
  held = 0;
  CHECK_EQUAL(isth_client_call(client, &holder, NULL), 0);
  WAIT_UNTIL(held == 1);
  while (isth_client_call(client, &note, NULL) == 0) continue;
}

static void credit_and_cancellation_survive_a_full_ring(void) {
  static const struct served_handler added[] = {{LATER, on_held, NULL}};
  struct echo_service served;
  isth_client_options options;
  isth_client_options_init(&options);
  options.request_ring_bytes = 4096;
  options.stream_window_bytes = 1000;
  served_start(&served, NULL, added, 1);
  isth_client *client = served_connect(&served, &options);
  struct came given_up, kept;
  uint64_t number = 0;
  struct count_request request = {.count = 50, .bytes = 936};
  (void)start_count(client, &request, 0, &kept);
  peek_just(client, 1000, &number);
  kept.replies = number; /* the callback gets those after it */
  uint64_t id = start_tick(client, 1000, 0, &given_up);
  await_replies(client, &given_up, 1);
  fill_ring(client);
  uint64_t kept_id = id - 1;
  CHECK(isth_client_cancel(client, id));
  CHECK(!isth_client_cancel(client, id));
  CHECK_EQUAL(isth_client_credit(client, kept_id, 1000), 0);
  isth_client_stats stats;
  isth_client_get_stats(client, &stats);
  CHECK_EQUAL(stats.in_flight,
              2); /* the one that was given up is none any more, although the service does not know yet */
  uint64_t due_ns = isth_client_next_deadline_ns(client);
  CHECK(due_ns != 0 && due_ns <= isth_now_ns() + 2000000);
  CHECK_EQUAL(seen.ticking, 1);
  held = 2;
  await_end(client, &kept);
  CHECK_EQUAL(kept.replies, 50);
  WAIT_UNTIL(seen.ticking == 0);
  CHECK_EQUAL(seen.tick_ended, ISTH_E_CANCELLED);
  isth_client_get_stats(client, &stats);
  CHECK_EQUAL(stats.in_flight, 0);
  CHECK_EQUAL(isth_client_next_deadline_ns(client), 0);
  isth_client_close(client);
  echo_stop(&served);
}

/* ---- limits ---- */

static void more_streams_than_allowed_are_refused(void) {
  struct echo_service served;
  isth_service_options options;
  isth_service_options_init(&options);
  options.max_streams = 2;
  options.threads = 2;
  served_start(&served, &options, NULL, 0);
  isth_client *client = served_connect(&served, NULL);
  for (int round = 0; round < 3; round++) {
    struct came running[2], refused;
    uint64_t ids[2];
    for (int i = 0; i < 2; i++) ids[i] = start_tick(client, 1000, 0, &running[i]);
    WAIT_UNTIL(seen.ticking == 2);
    CHECK_EQUAL(served_stats(&served).streams, 2);
    (void)start_tick(client, 1000, 0, &refused);
    await_end(client, &refused);
    CHECK_EQUAL(refused.status, ISTH_E_TOO_MANY_CALLS);
    CHECK(strcmp(refused.message, "max_streams is 2") == 0);
    for (int i = 0; i < 2; i++) CHECK(isth_client_cancel(client, ids[i]));
    WAIT_UNTIL(served_stats(&served).streams == 0);
  }
  isth_client_close(client);
  echo_stop(&served);
  options.max_streams = 4097;
  isth_service *service;
  isth_failure failure;
  CHECK_EQUAL(isth_service_open(&service, &served_schema, &options, &failure), ISTH_E_INVALID_ARGUMENT);
  CHECK(strstr(failure.message, "max_streams") != NULL);
}

static void methods_without_a_kind_are_refused(void) {
  static const isth_method strange[] = {{1, "strange", 0, 0, (isth_replies)3}};
  static const isth_schema schema = {"strange", {1}, NULL, strange, 1, NULL, 0};
  isth_service *service;
  isth_failure failure;
  isth_service_options options;
  isth_service_options_init(&options);
  options.path = "/tmp/isth-test-strange.sock";
  CHECK_EQUAL(isth_service_open(&service, &schema, &options, &failure), ISTH_E_SCHEMA_INVALID);
  CHECK(strcmp(failure.message, "method number 1 has no such number of replies") == 0);
}

static const isth_trace given_trace = {{1, 2, 3}, {4, 5, 6}};

/* All that a handler can ask, each wrong answer being a refusal with its line. */
static int on_self(isth_call *call, void *user) {
  const unsigned int *threads = user;
  size_t size;
  const char *input = isth_call_input(call, &size);
  const isth_message *in = isth_call_in(call);
  if (size != 5 || memcmp(input, "hello", 5) != 0 || (uintptr_t)input % 64 != 0) return __LINE__;
  if (in->bytes != (const unsigned char *)input || in->size != 5) return __LINE__;
  if (isth_call_id(call) == 0 || memcmp(isth_call_trace(call), &given_trace, sizeof given_trace) != 0) return __LINE__;
  if (isth_call_thread(call) < threads[0] || isth_call_thread(call) >= threads[0] + threads[1]) return __LINE__;
  if (isth_call_cancelled(call) || isth_call_output(call, 8) != NULL || isth_call_defer(call) != NULL) return __LINE__;
  if (isth_call_reply(call, input, 5) != ISTH_E_INVALID_ARGUMENT) return __LINE__;
  int64_t before = isth_call_remaining_ns(call);
  if (before <= 0 || before > (int64_t)PATIENT_NS) return __LINE__;
  usleep(20000);
  if (isth_call_remaining_ns(call) > before - 20000000) return __LINE__;
  uint64_t number = 0, begin_ns = isth_now_ns();
  int error = isth_call_emit(call, &number, sizeof number);
  /* The time for the next reply has begun, all of it. */
  int64_t remaining = isth_call_remaining_ns(call);
  if (remaining + (int64_t)(isth_now_ns() - begin_ns) < before) return __LINE__;
  return error;
}

static void a_handler_knows_its_stream(void) {
  struct echo_service served;
  isth_service_options options;
  isth_service_options_init(&options);
  options.max_streams = 3;
  options.threads = 2;
  unsigned int threads[2] = {options.threads, options.max_streams};
  const struct served_handler added[] = {{SELF_STREAM, on_self, threads}};
  served_start(&served, &options, added, 1);
  isth_client *client = served_connect(&served, NULL);
  struct came came = {.ends = 0};
  isth_request request = {.method = SELF_STREAM,
                          .payload = "hello",
                          .size = 5,
                          .trace = &given_trace,
                          .deadline_ns = isth_now_ns() + PATIENT_NS,
                          .callback = take_came,
                          .user = &came,
                          .replies = ISTH_REPLIES_MANY};
  CHECK_EQUAL(isth_client_call(client, &request, NULL), 0);
  await_end(client, &came);
  CHECK_EQUAL(came.status, 0);
  CHECK_EQUAL(came.replies, 1);
  isth_client_close(client);
  echo_stop(&served);
}

static int on_cpus(isth_call *call, void *user) {
  cpu_set_t set;
  (void)call;
  (void)user;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : ISTH_E_SYSTEM;
}

static void handlers_are_not_pinned_with_serving_threads(void) {
  if (is_linux_only("pinned threads")) return;
  static const struct served_handler added[] = {{SELF_STREAM, on_cpus, NULL}, {LATER, on_cpus, NULL}};
  struct echo_service served;
  isth_service_options options;
  cpu_set_t set;
  CHECK_EQUAL(sched_getaffinity(0, sizeof set, &set), 0);
  isth_service_options_init(&options);
  unsigned int cpu = 0;
  while (!CPU_ISSET(cpu, &set)) cpu++;
  options.cpus = &cpu;
  options.cpu_count = 1;
  served_start(&served, &options, added, 2);
  isth_client *client = served_connect(&served, NULL);
  struct came came = {.ends = 0};
  isth_request request = {.method = SELF_STREAM, .callback = take_came, .user = &came, .replies = ISTH_REPLIES_MANY};
  CHECK_EQUAL(isth_client_call_sync(client, LATER, NULL, 0, NULL, 0, NULL, PATIENT_NS, NULL), 1);
  CHECK_EQUAL(isth_client_call(client, &request, NULL), 0);
  await_end(client, &came);
  CHECK_EQUAL(came.status, CPU_COUNT(&set));
  isth_client_close(client);
  echo_stop(&served);
}

/* ---- against a model: many streams at once, taken and given up at random ---- */

static void many_streams_at_once_keep_their_order(void) {
  enum { CLIENTS = 3, STREAMS = 8 };
  struct random random = random_start(21);
  struct echo_service served;
  isth_service_options options;
  isth_service_options_init(&options);
  options.threads = 2;
  served_start(&served, &options, NULL, 0);
  for (int round = is_slow() ? 3 : 30; round > 0; round--) {
    isth_client *clients[CLIENTS];
    struct came came[CLIENTS][STREAMS];
    uint64_t ids[CLIENTS][STREAMS];
    struct count_request requests[CLIENTS][STREAMS];
    bool given_up[CLIENTS][STREAMS] = {{false}};
    for (int c = 0; c < CLIENTS; c++) {
      isth_client_options client_options;
      isth_client_options_init(&client_options);
      client_options.reply_ring_bytes = 4096u << random_below(&random, 4);
      client_options.request_ring_bytes = 4096u << random_below(&random, 3);
      client_options.stream_window_bytes = 1 + (uint32_t)random_below(&random, 20000);
      clients[c] = served_connect(&served, &client_options);
      for (int s = 0; s < STREAMS; s++) {
        requests[c][s] =
            (struct count_request){random_below(&random, 200), 8 + (uint32_t)random_below(&random, 1900), 0};
        ids[c][s] = start_count(clients[c], &requests[c][s], 0, &came[c][s]);
      }
    }
    for (int step = 0; step < 60; step++) {
      uint64_t c = random_below(&random, CLIENTS), s = random_below(&random, STREAMS);
      if (random_below(&random, 12) == 0) given_up[c][s] |= isth_client_cancel(clients[c], ids[c][s]);
      (void)isth_client_poll(clients[c], random_below(&random, 40));
    }
    for (int c = 0; c < CLIENTS; c++) {
      for (int s = 0; s < STREAMS; s++) {
        if (given_up[c][s]) {
          CHECK_EQUAL(came[c][s].ends, 0);
          continue;
        }
        await_end(clients[c], &came[c][s]);
        CHECK_EQUAL(came[c][s].status, 0);
        CHECK_EQUAL(came[c][s].replies, requests[c][s].count);
      }
      isth_client_stats stats;
      WAIT_UNTIL((isth_client_poll(clients[c], 0), isth_client_get_stats(clients[c], &stats), stats.in_flight == 0));
      CHECK_EQUAL(isth_client_status(clients[c]), 0);
    }
    WAIT_UNTIL(served_stats(&served).streams == 0);
    for (int c = 0; c < CLIENTS; c++) isth_client_close(clients[c]);
  }
  CHECK_EQUAL(served_stats(&served).corrupt_channels, 0);
  echo_stop(&served);
}

static void hold(const isth_reply *reply) {
  struct came *came = reply->user;
  came->bytes += reply->credit;
  came->replies += reply->more;
  came->ends += !reply->more;
}

/* What callbacks got is not credited by itself then, so that no more than a window comes while it is not. */
static void credit_can_be_given_by_hand(void) {
  struct echo_service served;
  isth_client_options options;
  isth_client_options_init(&options);
  options.stream_window_bytes = 1280;
  served_start(&served, NULL, NULL, 0);
  isth_client *client = served_connect(&served, &options);
  struct came came = {0};
  struct count_request count = {.count = 100, .bytes = 64};
  uint64_t id;
  isth_request request = {.method = COUNT,
                          .payload = &count,
                          .size = sizeof count,
                          .callback = hold,
                          .user = &came,
                          .replies = ISTH_REPLIES_MANY,
                          .manual_credit = true};
  CHECK_EQUAL(isth_client_call(client, &request, &id), 0);
  WAIT_UNTIL((isth_client_poll(client, 0), came.replies == 10));
  usleep(20000);
  CHECK_EQUAL(isth_client_poll(client, 0), 0);
  CHECK_EQUAL(came.bytes, 1280);
  CHECK_EQUAL(isth_client_credit(client, id, 1281), ISTH_E_INVALID_ARGUMENT);
  for (size_t credited = 0; came.ends == 0;) {
    CHECK_EQUAL(isth_client_credit(client, id, came.bytes - credited), 0);
    credited = came.bytes;
    isth_client_wait(client, 1000000);
  }
  CHECK_EQUAL(came.replies, 100);
  isth_client_close(client);
  echo_stop(&served);
}

/* A call of any kind can be waited for, whatever else comes meanwhile. */
static void a_call_can_be_waited_for(void) {
  struct echo_service served;
  served_start(&served, NULL, NULL, 0);
  isth_client *client = served_connect(&served, NULL);
  struct came other, came = {0};
  struct count_request count = {.count = 100, .bytes = 64};
  (void)start_count(client, &count, 0, &other);
  isth_request request = {.method = COUNT,
                          .payload = &count,
                          .size = sizeof count,
                          .callback = hold,
                          .user = &came,
                          .replies = ISTH_REPLIES_MANY};
  CHECK_EQUAL(isth_client_call_wait(client, &request), ISTH_E_INVALID_ARGUMENT); /* no deadline */
  request.deadline_ns = isth_now_ns() + PATIENT_NS;
  CHECK_EQUAL(isth_client_call_wait(client, &request), 0);
  CHECK_EQUAL(came.ends, 1);
  CHECK_EQUAL(came.replies, 100);
  request.replies = ISTH_REPLIES_NONE;
  CHECK_EQUAL(isth_client_call_wait(client, &request), ISTH_E_INVALID_ARGUMENT);
  await_end(client, &other);
  CHECK_EQUAL(other.replies, 100);
  isth_client_close(client);
  echo_stop(&served);
}

int main(void) {
  static const struct test_case tests[] = {
      {"replies come in order and end", replies_come_in_order_and_end},
      {"a stream ends with what its handler returns", a_stream_ends_with_what_its_handler_returns},
      {"replies that cannot fit are refused", replies_that_cannot_fit_are_refused},
      {"kinds that do not match are refused", kinds_that_do_not_match_are_refused},
      {"no more is sent than the window allows", no_more_is_sent_than_the_window_allows},
      {"the smallest window lets one through at a time", the_smallest_window_lets_one_through_at_a_time},
      {"windows beyond the limit are refused", windows_beyond_the_limit_are_refused},
      {"a client that takes nothing holds up only its stream", a_client_that_takes_nothing_holds_up_only_its_stream},
      {"what nobody takes does not keep a service awake", what_nobody_takes_does_not_keep_a_service_awake},
      {"a stream without end does not hold up the client", a_stream_without_end_does_not_hold_up_the_client},
      {"a deadline begins anew with each reply", a_deadline_begins_anew_with_each_reply},
      {"a silent stream ends at its deadline", a_silent_stream_ends_at_its_deadline},
      {"time does not run while the service waits for us", time_does_not_run_while_the_service_waits_for_us},
      {"a callback may cancel", a_callback_may_cancel},
      {"a cancelled handler is told", a_cancelled_handler_is_told},
      {"credit and cancellation survive a full ring", credit_and_cancellation_survive_a_full_ring},
      {"more streams than allowed are refused", more_streams_than_allowed_are_refused},
      {"methods without a kind are refused", methods_without_a_kind_are_refused},
      {"a handler knows its stream", a_handler_knows_its_stream},
      {"handlers are not pinned with serving threads", handlers_are_not_pinned_with_serving_threads},
      {"many streams at once keep their order", many_streams_at_once_keep_their_order},
      {"credit can be given by hand", credit_can_be_given_by_hand},
      {"a call can be waited for", a_call_can_be_waited_for},
  };
  return RUN_TESTS("stream_test", tests);
}
